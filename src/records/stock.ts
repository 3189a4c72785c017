import { EVERYWHERE, SHARDS } from "../cluster/index.ts";
import type { HostId, NamespaceId } from "../codec/index.ts";
import { codec, list, struct, uint } from "../codec/index.ts";
import type { Shape } from "../codec/index.ts";
import type { Transport } from "../net/index.ts";
import type { Env } from "../platform/index.ts";
import { Breathing, Budgets } from "../platform/index.ts";
import { RecordsError } from "./errors.ts";
import { GROUPS } from "./limits.ts";
import { USUAL_REPLICAS } from "./handing-over.ts";
import type { Kind, Peers } from "./peers.ts";
import type { ClusterView, LayoutStanding, GroupStock } from "./port.ts";
import { mostReplicas } from "./pull.ts";
import type { Replica } from "./replica.ts";
import { serve } from "./serving.ts";
import { SumTable } from "./sums.ts";

// What each host has of each group, in records and bytes, for people who ask what is moving. It follows from the sums that are kept with the
// rows, so nobody reads rows for it; and it says nothing of whether two hosts have the same, which is what comparing is for.

const ASK_TIMEOUT_MS = 3000;
const PAGE = 256;
/** Sums of namespaces that are added up for one peer. */
const LOOKS = { burst: 500_000, perSecond: 5_000 };

/** "records/stock": how much do you have of each group? Those of which there is nothing are missing. */
export const ASK_STOCK: Kind<object, { readonly groups: readonly GroupStock[] }> = {
  kind: "records/stock",
  question: codec<object>("A question after a host's stock", 1, 16, struct({})),
  answer: codec("A host's stock", 1, 16 * 1024, struct({ groups: list(struct({ group: uint(GROUPS - 1), records: uint(), bytes: uint() }), GROUPS) as Shape<readonly GroupStock[]> })),
};

export interface StockParts {
  readonly replica: Replica;
  readonly cluster: ClusterView;
  readonly peers: Peers;
}

export class Stock {
  readonly #env: Env;
  readonly #parts: StockParts;
  readonly #budgets: Budgets;
  readonly #sums: SumTable;

  constructor(env: Env, parts: StockParts) {
    this.#env = env;
    this.#parts = parts;
    this.#budgets = new Budgets(env.clock);
    this.#sums = new SumTable(parts.replica.stored);
  }

  register(transport: Transport): void {
    serve(transport, this.#parts.replica.counters, ASK_STOCK, async (_question, { from, signal }) => {
      const bucket = this.#budgets.of(from, LOOKS);
      if (bucket.level <= 0) throw new RecordsError("BUSY", `This host has told ${from} often enough what it has. Ask again in ${Math.ceil(bucket.waitMs / 1000)} seconds.`);
      const { groups, looked } = await this.#own(signal);
      bucket.take(GROUPS + looked);
      return { groups };
    });
  }

  /** What all hosts have that are there and answer, this one included. */
  async all(signal: AbortSignal): Promise<ReadonlyMap<HostId, readonly GroupStock[]>> {
    const { cluster, peers } = this.#parts;
    const found = new Map<HostId, readonly GroupStock[]>();
    const asked = cluster.online().map(async (host) => found.set(host, (await peers.ask(host, ASK_STOCK, {}, ASK_TIMEOUT_MS, signal)).groups));
    const own = this.#own(signal).then(({ groups }) => found.set(cluster.self, groups));
    await Promise.allSettled([own, ...asked]);
    return found;
  }

  async #own(signal: AbortSignal): Promise<{ readonly groups: readonly GroupStock[]; readonly looked: number }> {
    const { replica } = this.#parts;
    if (!replica.isCounted) throw new RecordsError("BUSY", "This host is still counting what it has. Ask again in a minute.");
    const breathing = new Breathing(this.#env, signal);
    const groups: GroupStock[] = [];
    let looked = 0;
    for (let group = 0; group < GROUPS; group += 1) {
      const total = { records: 0, bytes: 0 };
      for (let beyond: NamespaceId | null | undefined = null; beyond !== undefined; ) {
        const page = this.#sums.page(group, beyond, PAGE);
        for (const { sum } of page) {
          total.records += sum.count;
          total.bytes += sum.bytes;
        }
        looked += page.length;
        beyond = page.length < PAGE ? undefined : page.at(-1)!.namespace;
        await breathing.breathe();
      }
      if (total.records > 0) groups.push({ group, ...total });
    }
    return { groups, looked };
  }
}

/** Which hosts should keep each shard, and whose copies of it are complete, for namespaces of as many replicas as most have, or as any has. */
export function standingOf(replica: Replica, cluster: ClusterView): LayoutStanding {
  const replicas = Math.max(USUAL_REPLICAS, mostReplicas(replica));
  const shards = Array.from({ length: SHARDS }, (_, shard) => ({ shard, targets: cluster.replicas(shard, replicas), ready: replica.readiness.ready(shard, replicas) }));
  return { replicas, shards, everywhere: { targets: cluster.replicas(EVERYWHERE, replicas), ready: replica.readiness.ready(EVERYWHERE, replicas) } };
}
