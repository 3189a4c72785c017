import type { HostId } from "../../codec/index.ts";
import type { Holding } from "../port.ts";
import type { PlannedFacts } from "./plan.ts";
import type { Standing } from "./standing.ts";

/** Why a host does not make the piece that it was asked to make. */
export type Refusal = "unknown" | "not-short" | "holds-another" | "not-taking" | "full" | "busy";

export interface OrderedPiece {
  readonly facts: PlannedFacts;
  readonly index: number;
}

export interface CheckView {
  readonly self: HostId;
  readonly standing: (host: HostId) => Standing;
  /** Hosts that are connected and have a piece of the pack, or room for one, this one included. */
  readonly reachable: number;
  /** Hosts that could hold a piece at all. */
  readonly takers: number;
}

/**
 * Whether this host should make the piece, by its own records and by whom it hears. Whoever orders may be mistaken, or a second coordinator:
 * an order that the records do not bear out is refused, so the worst that two of them do is one piece too many.
 */
export function refusalOf({ facts, index }: OrderedPiece, holdings: readonly Holding[], view: CheckView): Refusal | undefined {
  if (facts.copies === "all" || index >= facts.roots.length) return "unknown";
  if (view.standing(view.self) !== "here") return "not-taking";
  const own = holdings.filter(({ host }) => host === view.self);
  if (own.some((holding) => holding.index === index)) return undefined;
  // A second piece of a coded pack on one host is allowed only where too few hosts are there to keep them apart.
  if (facts.k > 1 && own.length > 0 && view.reachable > facts.k) return "holds-another";
  const counted = holdings.filter((holding) => holding.index === index && counts(view.standing(holding.host)));
  const wanted = facts.k === 1 ? Math.min(facts.copies, view.takers) : 1;
  return new Set(counted.map(({ host }) => host)).size >= wanted ? "not-short" : undefined;
}

function counts(how: Standing): boolean {
  return how === "here" || how === "away";
}
