import type { WherePack } from "../src/door/index.ts";

// Which pieces lie where, as a picture has it: a column for each pack, a row for each host.

/** here: it can be read now; away: its host is not here; doubtful: it does not count. */
export type Lie = "here" | "away" | "doubtful";

export interface PieceRow {
  readonly host: string;
  readonly name: string;
  /** How many packs it has a piece of, those that are not drawn included. */
  readonly pieces: number;
  /** Of each pack that is drawn; undefined where the host has no piece of it. */
  readonly cells: readonly (Lie | undefined)[];
}

export interface PieceGrid {
  readonly columns: number;
  /** Packs that are not drawn, as far as this answer has them. */
  readonly undrawn: number;
  readonly rows: readonly PieceRow[];
}

/** More columns than these are no picture any more. */
const COLUMNS_MAX = 60;

/** @param hosts that have a row also when they hold nothing of it */
export function gridOf(packs: readonly WherePack[], hosts: readonly { readonly id: string; readonly name: string }[]): PieceGrid {
  // Those that one more loss would destroy are looked at first.
  const drawn = packs.toSorted((a, b) => a.survives - b.survives).slice(0, COLUMNS_MAX);
  const names = new Map([...packs.flatMap(({ places }) => places.map(({ host, name }) => [host, name] as const)), ...hosts.map(({ id, name }) => [id, name] as const)]);
  const rows = [...names].map(([host, name]) => ({ host, name, pieces: packs.filter(({ places }) => places.some((place) => place.host === host)).length, cells: drawn.map(({ places }) => lieOf(places.find((place) => place.host === host))) }));
  return { columns: drawn.length, undrawn: packs.length - drawn.length, rows: rows.sort((a, b) => a.name.localeCompare(b.name)) };
}

function lieOf(place: WherePack["places"][number] | undefined): Lie | undefined {
  if (place === undefined) return undefined;
  if (place.standing === "suspect" || place.standing === "lost" || place.standing === "maybe") return "doubtful";
  return place.presence === "online" ? "here" : "away";
}
