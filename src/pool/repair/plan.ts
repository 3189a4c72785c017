// What repair should do about one pack: a pure function of what the records say of it and of how its holders stand. The coordinator plans by
// it and a receiver checks orders by its twin in check.ts, so a simulator can play years of both in minutes.

import type { HostId, NamespaceId, PackId } from "../../codec/index.ts";
import type { PackFacts } from "../catalog.ts";
import { lossesSurvived } from "../holders.ts";
import type { Holding } from "../port.ts";
import type { Standing } from "./standing.ts";

/** A pack of which pieces are to be made anew. */
export interface Need {
  readonly namespace: NamespaceId;
  readonly pack: PackId;
  readonly pieceBytes: number;
  /** Hosts, whichever, that may still be lost before the pack is; below 0: fewer pieces are in sight than it takes to read it. */
  readonly spare: number;
  /** The pieces to make, each on a host of its own. Copies are all piece 0, so it may stand here several times. */
  readonly indexes: readonly number[];
}

/** Orders of the same urgency go by the pack's id, so that two coordinators begin with the same. */
export function byUrgency(a: Need, b: Need): number {
  return a.spare - b.spare || (a.pack < b.pack ? -1 : a.pack > b.pack ? 1 : 0);
}

/** What planning must know of a pack: everything but its blobs. */
export type PlannedFacts = Pick<PackFacts, "namespace" | "pack" | "k" | "copies" | "roots" | "pieceBytes">;

const IN_SIGHT: ReadonlySet<Standing> = new Set(["here", "away", "leaving"]);

/**
 * What should be made anew, or undefined when nothing should.
 * @param standing of any host; a host that is no member is `lost`
 * @param takers how many hosts could hold a piece at all, reachable or not
 */
export function needOf(facts: PlannedFacts, holdings: readonly Holding[], standing: (host: HostId) => Standing, takers: number): Need | undefined {
  // A pack for all hosts is fetched by each of them itself.
  if (facts.copies === "all") return undefined;
  const spare = spareOf(facts.k, holdings, standing);
  const counts = (host: HostId): boolean => {
    const how = standing(host);
    // Only what one more loss would destroy is repaired before its missed holders are declared gone.
    return how === "here" || how === "away" || (how === "missed" && spare > 0);
  };
  const counted = holdings.filter(({ host }) => counts(host));
  const indexes = facts.k === 1 ? missingCopies(facts.copies, counted, takers) : missingPieces(facts.roots.length, counted);
  return indexes.length === 0 ? undefined : { namespace: facts.namespace, pack: facts.pack, pieceBytes: facts.pieceBytes, spare, indexes };
}

/** How many hosts may still be lost, by the pieces of those that are there or not missed yet; −1 when these do not suffice. */
export function spareOf(k: number, holdings: readonly Holding[], standing: (host: HostId) => Standing): number {
  const inSight = holdings.filter(({ host }) => IN_SIGHT.has(standing(host)));
  const pieces = new Set(inSight.map(({ index }) => index)).size;
  return pieces < k ? -1 : lossesSurvived(k, inSight);
}

function missingCopies(copies: number, counted: readonly Holding[], takers: number): number[] {
  const hosts = new Set(counted.map(({ host }) => host)).size;
  return Array.from({ length: Math.max(0, Math.min(copies, takers) - hosts) }, () => 0);
}

function missingPieces(pieces: number, counted: readonly Holding[]): number[] {
  const there = new Set(counted.map(({ index }) => index));
  return Array.from({ length: pieces }, (_, index) => index).filter((index) => !there.has(index));
}
