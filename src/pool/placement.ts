import type { HostId, PackId } from "../codec/index.ts";
import { bytesOfId, concatBytes, utf8 } from "../codec/index.ts";
import { sha256 } from "../crypto/index.ts";

/** A host that could hold a piece. */
export interface Candidate {
  readonly host: HostId;
  readonly zone: string;
  /** Its free space, as far as it is known. Counts only in proportion to the others'. */
  readonly freeBytes: number;
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
