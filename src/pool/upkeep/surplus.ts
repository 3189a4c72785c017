import type { NamespaceId } from "../../codec/index.ts";
import type { WorkerTurn } from "../../platform/index.ts";
import type { PackFacts } from "../record/catalog.ts";
import type { KeepParts } from "../hold/hold.ts";
import { ownPieces } from "../hold/own-pieces.ts";
import { unhurried } from "../patience.ts";
import { handOn, letGo } from "./let-go.ts";
import type { Spreading } from "./spreading.ts";

/** What a host keeps by its own choice beyond what it is asked to. */
export interface Mirrors {
  /** Whether all packs of a namespace are to be kept here. */
  isMirrored(namespace: NamespaceId): boolean;
  /** Namespaces that are no longer mirrored, and whose surplus is to go. */
  releasing(): readonly NamespaceId[];
  /** Nothing of the namespace is here in surplus any more. */
  released(namespace: NamespaceId): Promise<void>;
}

/** Pieces that nobody takes say something about all pieces: after so many in a row the rest waits for the next turn. */
const FRUITLESS_MAX = 8;

/** "surplus": deletes what was kept as a mirror once it is there often enough without it; makes room when more is used than this host offers now; and spreads what lies together. */
export async function surplusTurn(keep: KeepParts, spreading: Spreading, { signal, report }: WorkerTurn): Promise<void> {
  const { mirrors } = keep.parts;
  let released = 0;
  for (const namespace of mirrors.releasing()) {
    let left = 0;
    for await (const facts of unhurried(keep.env, keep.catalog.packs(namespace), signal)) {
      if (keep.parts.store.held(facts.pack, 0) === undefined || facts.copies === "all") continue;
      if (await letGo(keep, facts, 0, signal)) released += 1;
      else if (isSurplus(keep, facts)) left += 1;
    }
    if (left === 0) await mirrors.released(namespace);
  }
  const moved = await makeRoom(keep, signal);
  const spread = await spreading.turn(signal);
  report(`${released} pieces of former mirrors deleted, ${moved} moved to make room, ${spread} moved apart from others of their packs`);
}

/** More hosts claim the pack than are wanted; some of them did not answer. */
function isSurplus({ catalog }: Pick<KeepParts, "catalog">, { namespace, pack, copies }: PackFacts): boolean {
  return copies !== "all" && catalog.holdings(namespace, pack).length > copies;
}

/** Lets go of pieces, and hands them on before where that is needed, until no more is used than is offered. @returns how many are gone */
async function makeRoom(keep: KeepParts, signal: AbortSignal): Promise<number> {
  const { store } = keep.parts;
  let [moved, fruitless] = [0, 0];
  for await (const piece of unhurried(keep.env, ownPieces(store), signal)) {
    if (store.usedBytes <= store.capacityBytes || fruitless >= FRUITLESS_MAX) break;
    const facts = keep.catalog.find(piece.pack);
    if (facts === undefined) continue;
    const isGone = (await letGo(keep, facts, piece.index, signal)) || ((await handOn(keep, facts, piece.index, signal)) && (await letGo(keep, facts, piece.index, signal)));
    moved += isGone ? 1 : 0;
    fruitless = isGone ? 0 : fruitless + 1;
  }
  return moved;
}
