import type { HostId, PackId } from "../../codec/index.ts";
import { bytesOfId, concatBytes, utf8 } from "../../codec/index.ts";
import { sha256 } from "../../crypto/index.ts";
import type { Holding } from "../port.ts";

/** A host that could hold a piece. */
export interface Candidate {
  readonly host: HostId;
  readonly zone: string;
  /** Its free space, as far as it is known and trusted. Counts only in proportion to the others'. */
  readonly freeBytes: number;
}

/** What any host is trusted with before audits have proven anything of it: 10 GB. */
const TRUSTED_BYTES_MIN = 10e9;

/**
 * Free space as it counts in placement. Nobody draws more by declaring much than half of the hosts have, or twice what audits have proven that they
 * hold: so a newcomer's word counts for as much as is usual in this network.
 * @param usualBytes what half of the hosts have free
 */
export function weightOf(freeBytes: number, provenBytes: number, usualBytes: number): number {
  return Math.min(freeBytes, Math.max(TRUSTED_BYTES_MIN, 2 * provenBytes, usualBytes));
}

/**
 * How many of `count` pieces a pack should bring each host on average: in proportion to the weights, and one at most, since a host has one piece of a
 * pack. What a host is too large for goes to the others, again in proportion.
 */
export function shares(weights: readonly number[], count: number): number[] {
  const found = weights.map(() => 0);
  const open = new Set(weights.keys());
  let left = Math.min(count, weights.length);
  for (;;) {
    const total = [...open].reduce((sum, at) => sum + weights[at]!, 0);
    const full = [...open].filter((at) => left * weights[at]! >= total);
    for (const at of full) {
      found[at] = 1;
      open.delete(at);
    }
    left -= full.length;
    if (full.length > 0) continue;
    for (const at of open) found[at] = (left * weights[at]!) / total;
    return found;
  }
}

type Placed = Pick<Candidate, "host" | "zone">;

/**
 * The candidates in the order in which the pack asks them. First come `count` that are drawn so that each is among them as often as its share says, which an order
 * by weight alone does not give: of seven hosts it brings five of each pack to the small ones, too. All others follow in case one of these fails. Pure,
 * so a writer that tries again asks the same hosts again.
 * Sources: Madow, "On the theory of systematic sampling, II", 1949, for the draw; Schindelhauer and Schomaker, "Weighted distributed hash tables", SPAA 2005 (the logarithmic
 * method), for the order.
 * @param count pieces that are to be placed
 */
export function rank<C extends Candidate>(pack: PackId, candidates: readonly C[], count: number): C[] {
  const lots = candidates.map((candidate) => ({ candidate, ...lotsOf(pack, candidate.host), weight: Math.max(1, candidate.freeBytes) }));
  lots.sort((a, b) => a.place - b.place || (a.candidate.host < b.candidate.host ? -1 : 1));
  const share = shares(lots.map(({ weight }) => weight), count);
  let end = lotsOf(pack, pack).place;
  const drawn = lots.map((lot, at) => {
    const start = end;
    end += share[at]!;
    return { ...lot, isFirst: share[at] === 1 || Math.floor(start) < Math.floor(end), score: -Math.log(lot.fraction) / lot.weight };
  });
  drawn.sort((a, b) => Number(b.isFirst) - Number(a.isFirst) || a.score - b.score);
  return drawn.map(({ candidate }) => candidate);
}

/** Two numbers in (0, 1), the same on every host, independent of each other and for each pair. */
function lotsOf(pack: PackId, host: HostId | PackId): { readonly fraction: number; readonly place: number } {
  const digest = sha256(concatBytes(utf8("holdfast placement"), bytesOfId(pack), bytesOfId(host)));
  const view = new DataView(digest.buffer, digest.byteOffset);
  const at = (offset: number): number => (view.getUint32(offset) * 2 ** 16 + view.getUint16(offset + 4) + 0.5) / 2 ** 48;
  return { fraction: at(0), place: at(8) };
}

/**
 * How many different pieces lie on hosts of their own at the same time: the largest matching of pieces and hosts. That, and not the number of claims, says how
 * many hosts may fail. Source: Tahoe-LAFS, "servers of happiness"; augmenting paths as in Kuhn's algorithm.
 */
export function matched(holdings: readonly Holding[]): number {
  const pieces = Map.groupBy(holdings, ({ index }) => index);
  const pieceAt = new Map<HostId, number>();
  const place = (piece: number, seen: Set<HostId>): boolean => {
    for (const { host } of pieces.get(piece)!) {
      if (seen.has(host)) continue;
      seen.add(host);
      const other = pieceAt.get(host);
      if (other !== undefined && !place(other, seen)) continue;
      pieceAt.set(host, piece);
      return true;
    }
    return false;
  };
  for (const piece of pieces.keys()) place(piece, new Set());
  return pieceAt.size;
}

/**
 * The best host still free for a further piece: of a zone that has the fewest pieces so far, and among those the first in rank.
 * Never a host that is taken.
 */
export function nextHolder<C extends Candidate>(ranked: readonly C[], taken: readonly Placed[]): C | undefined {
  const inZone = new Map<string, number>();
  for (const { zone } of taken) inZone.set(zone, (inZone.get(zone) ?? 0) + 1);
  const hosts = new Set(taken.map(({ host }) => host));
  let best: C | undefined;
  for (const candidate of ranked) {
    if (hosts.has(candidate.host)) continue;
    if (best === undefined || (inZone.get(candidate.zone) ?? 0) < (inZone.get(best.zone) ?? 0)) best = candidate;
  }
  return best;
}
