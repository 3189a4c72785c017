import type { Cluster } from "../cluster/index.ts";
import { weightOf } from "../cluster/index.ts";
import type { Layout } from "../door/index.ts";
import type { LayoutStanding } from "../records/index.ts";

/** Who holds what and who should, as people ask for it. */
export function layoutOf(cluster: Cluster, { replicas, shards }: LayoutStanding): Layout {
  const counted = (isCounted: (shard: LayoutStanding["shards"][number]) => boolean): number => shards.filter(isCounted).length;
  const hosts = cluster.shares(replicas).map(({ host, shards: assigned, fairShards }) => {
    const member = cluster.member(host);
    const ready = counted((shard) => shard.targets.includes(host) && shard.ready.includes(host));
    const givingUp = counted((shard) => !shard.targets.includes(host) && shard.ready.includes(host));
    return { id: host, name: member?.name ?? host, weight: weightOf(member?.capacityBytes ?? 0), shards: assigned, fairShards, ready, gaining: assigned - ready, givingUp };
  });
  const ratios = hosts.map((host) => (host.fairShards === 0 ? 1 : host.shards / host.fairShards));
  const isAtRest = ({ targets, ready }: LayoutStanding["shards"][number]): boolean => targets.length === ready.length && targets.every((host) => ready.includes(host));
  return {
    replicas,
    moving: counted((shard) => !isAtRest(shard)),
    evenness: { least: Math.min(1, ...ratios), most: Math.max(1, ...ratios) },
    hosts: hosts.sort((a, b) => a.name.localeCompare(b.name)),
    shards: shards.map(({ shard, targets, ready }) => ({ shard, targets: [...targets], ready: [...ready] })),
  };
}
