import type { Cluster } from "../cluster/index.ts";
import { EVERYWHERE, weightOf } from "../cluster/index.ts";
import type { HostId } from "../codec/index.ts";
import type { Layout } from "../door/index.ts";
import type { LayoutStanding, GroupStock } from "../records/index.ts";

type Shard = LayoutStanding["shards"][number];
type Stock = ReadonlyMap<HostId, readonly GroupStock[]>;
interface Amount {
  readonly records: number;
  readonly bytes: number;
}

const NOTHING: Amount = { records: 0, bytes: 0 };

/** Who holds what and who should, as people ask for it. @param stock of the hosts that answered */
export function layoutOf(cluster: Pick<Cluster, "shares" | "member">, { replicas, shards, everywhere }: LayoutStanding, stock: Stock): Layout {
  const counted = (isCounted: (shard: Shard) => boolean): number => shards.filter(isCounted).length;
  const moving = new Moving([...shards, { shard: EVERYWHERE, ...everywhere }], stock);
  const hosts = cluster.shares(replicas).map(({ host, shards: assigned, fairShards }) => {
    const member = cluster.member(host);
    const ready = counted((shard) => shard.targets.includes(host) && shard.ready.includes(host));
    const givingUp = counted((shard) => !shard.targets.includes(host) && shard.ready.includes(host));
    const share = { id: host, name: member?.name ?? host, weight: weightOf(member?.capacityBytes ?? 0), shards: assigned, fairShards, ready, gaining: assigned - ready, givingUp };
    const [held, left] = [moving.heldBy(host), moving.leftOf(host)];
    return { ...share, records: held?.records ?? null, bytes: held?.bytes ?? null, leftRecords: left?.records ?? null, leftBytes: left?.bytes ?? null };
  });
  const ratios = hosts.map((host) => (host.fairShards === 0 ? 1 : host.shards / host.fairShards));
  const isAtRest = ({ targets, ready }: Shard): boolean => targets.length === ready.length && targets.every((host) => ready.includes(host));
  return {
    replicas,
    moving: counted((shard) => !isAtRest(shard)),
    left: { records: total(hosts.map(({ leftRecords }) => leftRecords)), bytes: total(hosts.map(({ leftBytes }) => leftBytes)), unknown: moving.unknown },
    evenness: { least: Math.min(1, ...ratios), most: Math.max(1, ...ratios) },
    hosts: hosts.sort((a, b) => a.name.localeCompare(b.name)),
    shards: shards.map(({ shard, targets, ready }) => ({ shard, targets: [...targets], ready: [...ready] })),
  };
}

/** What is still on its way: what the fullest complete copy of a shard has more than a host that is to have one. */
class Moving {
  /** And what belongs on all hosts, as one more. */
  readonly #shards: readonly Shard[];
  readonly #stock: ReadonlyMap<HostId, ReadonlyMap<number, Amount>>;

  constructor(shards: readonly Shard[], stock: Stock) {
    this.#shards = shards;
    this.#stock = new Map([...stock].map(([host, held]) => [host, new Map(held.map(({ group, records, bytes }) => [group, { records, bytes }]))]));
  }

  heldBy(host: HostId): Amount | undefined {
    const held = this.#stock.get(host);
    return held && sum([...held.values()]);
  }

  /** @returns undefined when the host does not answer */
  leftOf(host: HostId): Amount | undefined {
    const held = this.#stock.get(host);
    return held && sum(this.#gainedBy(host).map((shard) => difference(this.#whole(shard) ?? NOTHING, held.get(shard.shard) ?? NOTHING)));
  }

  /** Copies of which it cannot be said how much is left. */
  get unknown(): number {
    const isUnknown = (shard: Shard, host: HostId): boolean => !this.#stock.has(host) || this.#whole(shard) === undefined;
    return this.#shards.reduce((count, shard) => count + shard.targets.filter((host) => !shard.ready.includes(host) && isUnknown(shard, host)).length, 0);
  }

  #gainedBy(host: HostId): readonly Shard[] {
    return this.#shards.filter(({ targets, ready }) => targets.includes(host) && !ready.includes(host));
  }

  /** Undefined when nobody answers whose copy is complete. */
  #whole({ shard, ready }: Shard): Amount | undefined {
    const copies = ready.map((host) => this.#stock.get(host)).filter((held) => held !== undefined).map((held) => held.get(shard) ?? NOTHING);
    return copies.sort((a, b) => b.records - a.records || b.bytes - a.bytes)[0];
  }
}

function sum(amounts: readonly Amount[]): Amount {
  return amounts.reduce((all, { records, bytes }) => ({ records: all.records + records, bytes: all.bytes + bytes }), NOTHING);
}

function difference(whole: Amount, part: Amount): Amount {
  return { records: Math.max(0, whole.records - part.records), bytes: Math.max(0, whole.bytes - part.bytes) };
}

function total(numbers: readonly (number | null)[]): number {
  return numbers.reduce<number>((all, each) => all + (each ?? 0), 0);
}
