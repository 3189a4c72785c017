import { shardOf } from "../cluster/index.ts";
import type { Genesis } from "../cluster/index.ts";
import type { HostId, NamespaceId } from "../codec/index.ts";
import type { Env } from "../platform/index.ts";
import type { Proven, StoredRecord } from "./batch.ts";
import { RecordsError } from "./errors.ts";
import { merge } from "./merge.ts";
import { ASK_FETCH, ASK_PUSH } from "./messages.ts";
import { pack } from "./parcel.ts";
import type { Peers } from "./peers.ts";
import type { ClusterView, KeyState } from "./port.ts";
import type { Readiness } from "./readiness.ts";
import type { Replica } from "./replica.ts";
import { stateOf } from "./rows.ts";

// A read's way: a host that keeps the namespace and has caught up answers from its own disk. Else the nearest replica is asked, and the next
// one too when it takes long. A replica that has not caught up says so; its answer counts only together with others'. `fresh` asks all
// replicas in reach; what one of them lacks is brought to it afterwards, without the reader waiting for that.

const ASK_TIMEOUT_MS = 4000;
/** When the nearest has not answered, the next is asked too. */
const SPARE_MS = 500;
/** Hosts beyond the replicas that are asked when those do not do: who kept the shard before the layout changed. */
const OTHERS_MAX = 4;

export interface ReaderParts {
  readonly replica: Replica;
  readonly cluster: ClusterView;
  readonly peers: Peers;
  readonly readiness: Readiness;
}

interface Answer {
  readonly peer: HostId;
  readonly records: readonly Proven[];
  readonly isReady: boolean;
}

export class Reader {
  readonly #env: Env;
  readonly #parts: ReaderParts;

  constructor(env: Env, parts: ReaderParts) {
    this.#env = env;
    this.#parts = parts;
  }

  /** Whether this host's own copy of a key's group may be read. */
  isOwn(namespace: NamespaceId, genesis: Genesis, group: number): boolean {
    const { replica, readiness } = this.#parts;
    return replica.holdings.holds(namespace, genesis, group) && readiness.isReady(group);
  }

  /** @throws RecordsError NOT_HELD when nobody in reach has a copy */
  async read(namespace: NamespaceId, genesis: Genesis, key: string, fresh: boolean, signal: AbortSignal | undefined): Promise<KeyState | undefined> {
    const { replica } = this.#parts;
    const group = shardOf(namespace, genesis, key);
    const isOwn = this.isOwn(namespace, genesis, group);
    if (isOwn && !fresh) return stateOf(key, replica.rows.siblings(namespace, key));
    const hosts = this.candidates(genesis, group, fresh);
    const ask = (peer: HostId, stop: AbortSignal): Promise<Answer> => this.#ask(peer, namespace, key, stop);
    const answers = fresh ? await this.#all(hosts, ask, signal) : await firstReady(this.#env, hosts, ask, signal);
    const own = replica.rows.siblings(namespace, key);
    const isAnswered = isOwn || own.length > 0 || answers.length > 0 || replica.holdings.holds(namespace, genesis, group);
    if (!isAnswered) throw new RecordsError("NOT_HELD", `No host in reach keeps "${key}" of namespace ${namespace}. Try again when one of its replicas is up.`);
    const merged = answers.reduce<readonly StoredRecord[]>((known, { records }) => merge(known, records), own);
    if (fresh) void this.#repair(answers, merged).catch(() => {});
    return stateOf(key, merged);
  }

  /** Hosts to ask, nearest first: the replicas, and those behind them on the list. */
  candidates(genesis: Genesis, group: number, onlyReplicas: boolean): HostId[] {
    const { cluster, peers, replica } = this.#parts;
    const online = new Set(cluster.online());
    const replicas = replica.holdings.replicas(group, genesis).filter((host) => online.has(host));
    if (onlyReplicas && replicas.length > 0) return peers.nearest(replicas);
    const others = cluster.preferenceList(group).filter((host) => online.has(host) && !replicas.includes(host));
    return [...peers.nearest(replicas), ...others.slice(0, OTHERS_MAX)];
  }

  async #all(hosts: readonly HostId[], ask: (peer: HostId, stop: AbortSignal) => Promise<Answer>, signal: AbortSignal | undefined): Promise<Answer[]> {
    const stop = signal ?? new AbortController().signal;
    const settled = await Promise.allSettled(hosts.map((peer) => ask(peer, stop)));
    return settled.filter((each) => each.status === "fulfilled").map(({ value }) => value);
  }

  async #ask(peer: HostId, namespace: NamespaceId, key: string, signal: AbortSignal): Promise<Answer> {
    const { peers } = this.#parts;
    const records: Proven[] = [];
    for (let skip = 0; ; ) {
      const answer = await peers.ask(peer, ASK_FETCH, { keys: [{ namespace, key }], skip }, ASK_TIMEOUT_MS, signal);
      const page = peers.open(peer, answer.parcel).filter(({ body }) => body.namespace === namespace && body.key === key);
      records.push(...page.filter((record) => this.#isAllowed(record)));
      if (answer.keysDone > 0 || answer.skip <= skip) return { peer, records, isReady: answer.isReady };
      skip = answer.skip;
    }
  }

  /** A replica cannot pass off what the rules forbid: its reader judges too. */
  #isAllowed({ body, dot, batch }: Proven): boolean {
    const { cluster, replica } = this.#parts;
    const genesis = replica.geneses.get(body.namespace);
    const { namespace, key, value, author } = body;
    return genesis !== undefined && cluster.judge({ namespace, key, value, author, host: dot.actor.host, incarnation: dot.actor.incarnation, batch }, genesis).kind !== "refuse";
  }

  /** Brings what was learned to the replicas that lack it, this host among them. */
  async #repair(answers: readonly Answer[], merged: readonly StoredRecord[]): Promise<void> {
    const { replica, peers } = this.#parts;
    const proven = new Map(answers.flatMap(({ records }) => records).map((record) => [record.sealed.leaf, record]));
    const first = merged[0];
    const genesis = first && replica.geneses.get(first.body.namespace);
    if (first === undefined || genesis === undefined) return;
    const geneses = new Map([[first.body.namespace, genesis]]);
    const news = merged.map(({ sealed }) => proven.get(sealed.leaf)).filter((record) => record !== undefined);
    if (replica.holdings.holds(first.body.namespace, genesis, shardOf(first.body.namespace, genesis, first.body.key))) await replica.apply(news, geneses);
    for (const { peer, records } of answers) {
      const held = records.map(({ sealed }) => Buffer.from(sealed.leaf).toString("latin1"));
      const lacking = merged.filter(({ sealed }) => !held.includes(Buffer.from(sealed.leaf).toString("latin1")));
      if (lacking.length > 0) await peers.ask(peer, ASK_PUSH, pack(lacking, (namespace) => geneses.get(namespace)), ASK_TIMEOUT_MS).catch(() => {});
    }
  }
}

/**
 * Asks one host after the other, the next as soon as one fails or takes long, until one that is ready has answered.
 * Returns its answer alone, or else all that came.
 */
export async function firstReady<T extends { readonly isReady: boolean }>(env: Env, hosts: readonly HostId[], ask: (peer: HostId, stop: AbortSignal) => Promise<T>, signal: AbortSignal | undefined): Promise<T[]> {
  signal?.throwIfAborted();
  const stopping = new AbortController();
  const stop = signal === undefined ? stopping.signal : AbortSignal.any([signal, stopping.signal]);
  const unready: T[] = [];
  const found = Promise.withResolvers<T>();
  const asked: Promise<void>[] = [];
  try {
    for (const host of hosts) {
      const one = ask(host, stop).then((answer) => (answer.isReady ? found.resolve(answer) : void unready.push(answer)), () => {});
      asked.push(one);
      const ready = await Promise.race([found.promise, one.then(() => undefined), env.timers.sleep(SPARE_MS, stop).then(() => undefined, () => undefined)]);
      if (ready !== undefined) return [ready];
    }
    const ready = await Promise.race([found.promise, Promise.all(asked).then(() => undefined)]);
    return ready === undefined ? unready : [ready];
  } finally {
    stopping.abort(new Error("another host has answered"));
  }
}
