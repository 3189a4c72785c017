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

/** Free space as it counts in placement: nobody draws more by declaring much than twice what audits have proven that they hold. */
export function weightOf(freeBytes: number, provenBytes: number): number {
  return Math.min(freeBytes, Math.max(TRUSTED_BYTES_MIN, 2 * provenBytes));
}

type Placed = Pick<Candidate, "host" | "zone">;

/**
 * The candidates in the order in which the pack asks them: weighted rendezvous hashing, by which each comes first as often as its share
 * of the free space. Pure, so a writer that tries again asks the same hosts again.
 * Source: Schindelhauer and Schomaker, "Weighted distributed hash tables", SPAA 2005 (the logarithmic method).
 */
export function rank<C extends Candidate>(pack: PackId, candidates: readonly C[]): C[] {
  const scored = candidates.map((candidate) => ({ candidate, score: -Math.log(fraction(pack, candidate.host)) / Math.max(1, candidate.freeBytes) }));
  scored.sort((a, b) => a.score - b.score || (a.candidate.host < b.candidate.host ? -1 : 1));
  return scored.map(({ candidate }) => candidate);
}

/** A number in (0, 1), the same on every host, independent for each pair. */
function fraction(pack: PackId, host: HostId): number {
  const digest = sha256(concatBytes(utf8("holdfast placement"), bytesOfId(pack), bytesOfId(host)));
  const view = new DataView(digest.buffer, digest.byteOffset);
  return (view.getUint32(0) * 2 ** 16 + view.getUint16(4) + 0.5) / 2 ** 48;
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
