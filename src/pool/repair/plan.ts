// What repair should do about one pack: a pure function of what the records say of it and of how its holders stand. The coordinator plans by
// it and a receiver checks orders by its twin in check.ts, so a simulator can play years of both in minutes.

import type { HostId, NamespaceId, PackId } from "../../codec/index.ts";
import type { PackFacts } from "../record/catalog.ts";
import type { OpenHost } from "../record/holders.ts";
import { countApart, lossesSurvived } from "../record/holders.ts";
import type { Holding } from "../port.ts";
import type { Standing } from "./standing.ts";

/** A pack of which pieces are to be made anew. */
export interface Need {
  readonly namespace: NamespaceId;
  readonly pack: PackId;
  readonly pieceBytes: number;
  /** Hosts, whichever, that may still be lost before the pack is; below 0: fewer pieces are in sight than it takes to read it. */
  readonly spare: number;
  /** Whether enough pieces are connected to make others of them. */
  readonly canBeMade: boolean;
  /** The pieces to make, each on a host of its own. Copies are all piece 0, so it may stand here several times. */
  readonly indexes: readonly number[];
}

/** Orders of the same urgency go by the pack's id, so that two coordinators begin with the same. */
export function byUrgency(a: Need, b: Need): number {
  return a.spare - b.spare || (a.pack < b.pack ? -1 : a.pack > b.pack ? 1 : 0);
}

/** What planning must know of a pack: everything but its blobs. */
export type PlannedFacts = Pick<PackFacts, "namespace" | "pack" | "k" | "copies" | "roots" | "pieceBytes">;

/**
 * What should be made anew, or undefined when nothing should.
 * @param standing of any host; a host that is no member is `lost`
 * @param takers how many hosts could hold a piece at all, reachable or not
 */
export function needOf(facts: PlannedFacts, holdings: readonly Holding[], standing: (host: HostId) => Standing, takers: number): Need | undefined {
  // A pack for all hosts is fetched by each of them itself.
  if (facts.copies === "all") return undefined;
  const isMissed = holdings.some(({ host }) => standing(host) === "missed");
  // Most packs of most networks are whole, and that is soon seen.
  if (!isMissed && missing(facts, holdings.filter(({ host }) => isCounted(standing(host))), takers).length === 0) return undefined;
  const spare = spareOf(facts.k, holdings, standing);
  // Only what one more loss would destroy is repaired before its missed holders are declared gone.
  const counted = holdings.filter(({ host }) => isCounted(standing(host)) || (spare > 0 && standing(host) === "missed"));
  const indexes = missing(facts, counted, takers);
  if (indexes.length === 0) return undefined;
  return { namespace: facts.namespace, pack: facts.pack, pieceBytes: facts.pieceBytes, spare, canBeMade: piecesAt(holdings, (host) => isConnected(standing(host))) >= facts.k, indexes };
}

/**
 * Whether anybody could be asked for a further piece, chosen as `Targets` does.
 * @param open the hosts that take pieces now
 */
export function hasTaker({ k, pieceBytes }: PlannedFacts, holdings: readonly Holding[], open: readonly OpenHost[]): boolean {
  const roomy = open.filter(({ freeBytes }) => freeBytes >= pieceBytes);
  const holders = new Set(holdings.map(({ host }) => host));
  return roomy.some(({ host }) => !holders.has(host)) || (k > 1 && roomy.length > 0 && countApart(open, holdings, pieceBytes) <= k);
}

function isCounted(standing: Standing): boolean {
  return standing === "here" || standing === "away";
}

function isConnected(standing: Standing): boolean {
  return standing === "here" || standing === "leaving";
}

/** How many hosts may still be lost, by the pieces of those that are there or not missed yet; −1 when these do not suffice. */
export function spareOf(k: number, holdings: readonly Holding[], standing: (host: HostId) => Standing): number {
  const inSight = holdings.filter(({ host }) => isCounted(standing(host)) || standing(host) === "leaving");
  return piecesAt(inSight, () => true) < k ? -1 : lossesSurvived(k, inSight);
}

function piecesAt(holdings: readonly Holding[], isThere: (host: HostId) => boolean): number {
  return new Set(holdings.filter(({ host }) => isThere(host)).map(({ index }) => index)).size;
}

function missing({ k, copies, roots }: PlannedFacts, counted: readonly Holding[], takers: number): number[] {
  return k === 1 ? missingCopies(copies === "all" ? takers : copies, counted, takers) : missingPieces(roots.length, counted);
}

function missingCopies(copies: number, counted: readonly Holding[], takers: number): number[] {
  const hosts = new Set(counted.map(({ host }) => host)).size;
  return Array.from({ length: Math.max(0, Math.min(copies, takers) - hosts) }, () => 0);
}

function missingPieces(pieces: number, counted: readonly Holding[]): number[] {
  const there = new Set(counted.map(({ index }) => index));
  return Array.from({ length: pieces }, (_, index) => index).filter((index) => !there.has(index));
}
