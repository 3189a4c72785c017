import { EVERYWHERE } from "../cluster/index.ts";
import type { HostId, StoreId } from "../codec/index.ts";
import type { WorkerTurn } from "../platform/index.ts";
import type { SeenRow } from "./jobs.ts";
import { ALL_GROUPS } from "./limits.ts";
import { ASK_NEWEST, TELL_NEWS } from "./messages.ts";
import type { Reached } from "./messages.ts";
import type { Peers } from "./peers.ts";
import type { ClusterView } from "./port.ts";
import type { Replica } from "./replica.ts";
import { decodeHead } from "./row.ts";
import { endOf, sequenceKey, sequenceOf, sequencePrefix } from "./tables.ts";

// Giving up a copy. A host that the layout wants no longer keeps what it has, and serves it, until every host that the layout wants instead
// has published that it is ready, and has answered that its disk has everything of this store's numbering and that it is going to keep it.
// Asked after this host had ceased to want the copy, that answer rules out that two hosts of different views give up in favour of each other:
// each would have had to answer before it ceased, and to have been asked after. Then the copy is withdrawn by one commit, and its rows are
// deleted in steps up to the number that was confirmed; what came later is handed over like the rest before.

const TIMEOUT_MS = 5000;
/** Rows deleted by one commit. */
const STEP = 200;
/** Of so many replicas are most namespaces: a copy is not given up before hosts are ready for those, whether one is known or not. */
export const USUAL_REPLICAS = 3;

export interface HandoverParts {
  readonly replica: Replica;
  readonly cluster: ClusterView;
  readonly peers: Peers;
}

/** A group of which this host keeps more than the layout wants. */
interface Surplus {
  readonly group: number;
  /** What the layout wants here: namespaces with more replicas than this. */
  readonly wanted: number;
  /** The last number of this store in the group. */
  readonly newest: number;
  /** Who must have it, each with the fewest replicas of a namespace that it must have. */
  readonly targets: ReadonlyMap<HostId, number>;
}

interface Answered {
  readonly store: StoreId;
  readonly reached: ReadonlyMap<number, Reached>;
}

/** Hands over what the layout wants elsewhere, and deletes it when that is done. */
export class Handover {
  readonly #parts: HandoverParts;

  constructor(parts: HandoverParts) {
    this.#parts = parts;
  }

  async turn({ signal, report }: WorkerTurn): Promise<void> {
    const surplus = this.#surplus(ALL_GROUPS);
    if (surplus.length === 0) return report("keeps what it should");
    report(`keeps ${surplus.length} shards until others are ready for them`);
    const waiting = surplus.filter((each) => this.#areReady(each));
    const answers = await this.#ask(new Set(waiting.flatMap(({ targets }) => [...targets.keys()])), signal);
    for (const each of waiting) {
      if (signal.aborted) return;
      if (this.#isConfirmed(each, answers)) await this.#giveUp(each, signal);
    }
    await this.#remind(waiting, answers, signal);
  }

  /** Who has been pushed everything has not counted it until it asks, and a peer that lacks nothing asks seldom. */
  async #remind(waiting: readonly Surplus[], answers: ReadonlyMap<HostId, Answered>, signal: AbortSignal): Promise<void> {
    const due = waiting.filter((each) => !this.#isConfirmed(each, answers));
    const hosts = new Set(due.flatMap(({ targets }) => [...targets.keys()]));
    const remind = async (host: HostId): Promise<void> => {
      const groups = due.filter(({ targets }) => targets.has(host)).map(({ group }) => group);
      await this.#parts.peers.ask(host, TELL_NEWS, { groups }, TIMEOUT_MS, signal);
    };
    await Promise.allSettled([...hosts].map(remind));
  }

  #surplus(groups: readonly number[]): Surplus[] {
    const { holdings, readiness, geneses, numbering } = this.#parts.replica;
    const asked = new Set([USUAL_REPLICAS, ...[...geneses.values()].map(({ replicas }) => replicas)]);
    return groups.flatMap((group) => {
      if (group === EVERYWHERE) return [];
      const [wanted, kept] = [holdings.wantedRank(group), readiness.keptRank(group)];
      if (kept >= wanted) return [];
      const targets = this.#targets(group, [...asked].filter((replicas) => replicas > kept && replicas <= wanted));
      return [{ group, wanted, newest: numbering.newest(group), targets }];
    });
  }

  #targets(group: number, replicas: readonly number[]): Map<HostId, number> {
    const { cluster } = this.#parts;
    const targets = new Map<HostId, number>();
    for (const count of replicas) {
      for (const host of cluster.replicas(group, count)) targets.set(host, Math.min(count, targets.get(host) ?? count));
    }
    return targets;
  }

  #areReady({ group, targets }: Surplus): boolean {
    const { cluster, replica } = this.#parts;
    const online = new Set(cluster.online());
    return [...targets].every(([host, replicas]) => online.has(host) && replica.readiness.hasPublished(host, group, replicas));
  }

  async #ask(hosts: ReadonlySet<HostId>, signal: AbortSignal): Promise<ReadonlyMap<HostId, Answered>> {
    const { peers, replica } = this.#parts;
    const answers = new Map<HostId, Answered>();
    const ask = async (host: HostId): Promise<void> => {
      const { store, reached } = await peers.ask(host, ASK_NEWEST, { standing: replica.floor.standing, store: replica.numbering.store, reached: [], followed: replica.holdings.followedGroups() }, TIMEOUT_MS, signal);
      answers.set(host, { store, reached: new Map(reached.map((each) => [each.group, each])) });
    };
    await Promise.allSettled([...hosts].map(ask));
    return answers;
  }

  #isConfirmed({ group, newest, targets }: Surplus, answers: ReadonlyMap<HostId, Answered>): boolean {
    const { numbering, readiness } = this.#parts.replica;
    return [...targets].every(([host, replicas]) => {
      const answer = answers.get(host);
      if (answer === undefined || readiness.storeOf(host) !== answer.store) return false;
      const reached = answer.reached.get(group);
      if (newest === 0) return true;
      return reached !== undefined && reached.rank < replicas && numbering.gave(reached.place) && numbering.resolve(reached.place) >= newest;
    });
  }

  async #giveUp({ group, wanted, newest, targets }: Surplus, signal: AbortSignal): Promise<void> {
    const { replica } = this.#parts;
    const { holdings, readiness, counters, numbering } = replica;
    const isSame = (): boolean => {
      const now = this.#surplus([group])[0];
      return now !== undefined && now.wanted === wanted && [...now.targets].every(([host, replicas]) => targets.get(host) === replicas);
    };
    if (!isSame()) return;
    await replica.keep(() => readiness.withdrawTo(group, wanted), [group]);
    const left = await this.#delete(group, newest, signal);
    if (left > 0 || signal.aborted) return;
    counters.count("copies given up");
    // Nothing may have come into the group meanwhile, or it would be forgotten here.
    await replica.keep(() => (numbering.newest(group) <= newest && holdings.scope(group).rank >= wanted ? readiness.narrowed(group, wanted) : []));
  }

  /** @returns how many rows came too late to be deleted now */
  async #delete(group: number, newest: number, signal: AbortSignal): Promise<number> {
    const { replica } = this.#parts;
    let left = 0;
    for (const entries of replica.stored.walk({ from: sequenceKey(group, 0), to: endOf(sequencePrefix(group)) }, STEP)) {
      if (signal.aborted) break;
      const rows = entries.map(({ key, value }) => ({ ...decodeHead(value), group, sequence: sequenceOf(key) })).filter((row) => !this.#isKept(row));
      const due = rows.filter(({ sequence }) => sequence <= newest);
      left += rows.length - due.length;
      if (due.length > 0) await replica.drop(due, [group]);
      replica.counters.count("records handed over", due.length);
    }
    return left;
  }

  #isKept({ namespace, group }: SeenRow): boolean {
    const { geneses, holdings } = this.#parts.replica;
    const genesis = geneses.get(namespace);
    return genesis === undefined || holdings.holds(namespace, genesis, group);
  }
}
