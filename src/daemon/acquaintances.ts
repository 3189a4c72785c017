import type { Cluster, Entrance } from "../cluster/index.ts";
import type { Env } from "../platform/index.ts";
import { Worker } from "../platform/index.ts";
import type { DataDirectory, HostIdentity } from "./directory.ts";

const EVERY_MS = 10 * 60_000;
const MAX_ENTRANCES = 256;
const MAX_ADDRESSES = 16;

/**
 * Writes down outside the record log who takes part, in place of those whom this host was told of when it joined. A host whose log was
 * lost finds the others by that, and knows whom to let in: the founder's first host would otherwise take itself for the whole network.
 */
export function acquaintancesWorker(env: Env, parts: { readonly directory: DataDirectory; readonly identity: HostIdentity; readonly cluster: Cluster; readonly isRosterWhole: () => boolean }): Worker {
  const { directory, identity, cluster, isRosterWhole } = parts;
  let written = nameOf(identity.entrances);
  return new Worker(env, {
    name: "acquaintances",
    everyMs: EVERY_MS,
    work: async ({ report }) => {
      const entrances = isRosterWhole() ? entrancesOf(cluster) : [];
      report(`hosts known: ${entrances.length}`);
      // Whoever knows nobody has not heard from the network yet, or is alone again: then the last ones known are better than none.
      if (entrances.length === 0 || nameOf(entrances) === written) return;
      await directory.writeEntrances(identity.certificate, entrances);
      written = nameOf(entrances);
    },
  });
}

function entrancesOf(cluster: Cluster): Entrance[] {
  const { members } = cluster.register;
  if (!members.has(cluster.self)) return [];
  const others = [...members.values()].filter(({ host }) => host !== cluster.self);
  return others.slice(0, MAX_ENTRANCES).map(({ host, addresses }) => ({ host, addresses: addresses.slice(0, MAX_ADDRESSES) }));
}

function nameOf(entrances: readonly Entrance[]): string {
  return JSON.stringify(entrances);
}
