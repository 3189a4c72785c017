import type { HostId } from "../../codec/index.ts";
import type { Env } from "../../platform/index.ts";
import type { Catalog } from "../record/catalog.ts";
import { leafCountOf } from "../layout/leaves.ts";
import { unhurried } from "../patience.ts";
import type { Challenged } from "./challenge.ts";

export interface Sample {
  /** All that the host claims. */
  claimedBytes: number;
  claimedPieces: number;
  /** Random ones of them, each with a random leaf. */
  readonly pieces: Challenged[];
}

/**
 * Random pieces of those that hosts claim, the same chance for each: one pass over the records, keeping `count` a host.
 * Source: Vitter, "Random sampling with a reservoir", 1985 (algorithm R).
 */
export async function samplesOf(env: Env, catalog: Pick<Catalog, "all" | "holdings">, hosts: ReadonlySet<HostId>, count: number, signal: AbortSignal): Promise<ReadonlyMap<HostId, Sample>> {
  const samples = new Map<HostId, Sample>();
  for await (const { namespace, pack, pieceBytes, roots } of unhurried(env, catalog.all(), signal)) {
    const leaves = leafCountOf(pieceBytes);
    for (const { host, index } of catalog.holdings(namespace, pack)) {
      const root = roots[index];
      if (!hosts.has(host) || root === undefined || leaves === 0) continue;
      const sample = samples.get(host) ?? { claimedBytes: 0, claimedPieces: 0, pieces: [] };
      samples.set(host, sample);
      sample.claimedBytes += pieceBytes;
      sample.claimedPieces += 1;
      const place = sample.claimedPieces <= count ? sample.claimedPieces - 1 : below(env, sample.claimedPieces);
      if (place < count) sample.pieces[place] = { namespace, pack, index, leaf: below(env, leaves), pieceBytes, root };
    }
  }
  return samples;
}

function below(env: Env, end: number): number {
  return Math.min(end - 1, Math.floor(env.random.fraction() * end));
}
