import { shardOf } from "../cluster/index.ts";
import type { Genesis } from "../cluster/index.ts";
import type { HostId, NamespaceId } from "../codec/index.ts";
import type { Env } from "../platform/index.ts";
import { codeOf } from "../platform/index.ts";
import type { Proven, StoredRecord, UnsealedRecord } from "./batch.ts";
import { RecordsError } from "./errors.ts";
import type { Standing } from "./floor.ts";
import { lesser } from "./floor.ts";
import { MAX_KEY_PAGES } from "./limits.ts";
import { contextOf, merge } from "./merge.ts";
import { ASK_FETCH, ASK_PUSH } from "./messages.ts";
import { pack } from "./parcel.ts";
import type { Peers } from "./peers.ts";
import type { ClusterView, Context, KeyState, ReadOptions } from "./port.ts";
import type { Replica } from "./replica.ts";
import { wholeState } from "./rows.ts";
import { dotsOf, hasAll } from "./seen.ts";

// A read's way: a host whose copy is complete answers from its own disk. Else the nearest of those that have said to be ready is asked, and
// the next one too when it takes long. When none of them answers, what others have is put together, and the reader is told that there may
// be more. `fresh` asks all who should have it and are in reach; what one of them lacks is brought to it afterwards, without the reader waiting for that.
// A reader who knows of a write is answered with a state that has it, or told that nobody in reach has it yet.

const ASK_TIMEOUT_MS = 4000;
/** When the nearest has not answered, the next is asked too. */
const SPARE_MS = 500;
/** Hosts beyond those that should have it that are asked when these do not do: what they have may be all that is left. */
const OTHERS_MAX = 4;
/** How long a write that the reader knows of is looked for. */
const SEEN_WAIT_MS = 2000;
const SEEN_PAUSE_MS = 25;

export interface ReaderParts {
  readonly replica: Replica;
  readonly cluster: ClusterView;
  readonly peers: Peers;
}

/** What is known of a key, deletions among it. */
interface Found {
  readonly siblings: readonly UnsealedRecord[];
  /** A host with a complete copy has answered, or this one has it. */
  readonly isWhole: boolean;
  /** Hosts with a complete copy that have answered, this one among them; undefined where one was enough. */
  readonly answered?: number;
}

const NOTHING_FOUND: Found = { siblings: [], isWhole: false };

interface Answer {
  readonly peer: HostId;
  readonly records: readonly Proven[];
  readonly standing: Standing;
  readonly isReady: boolean;
}

export class Reader {
  readonly #env: Env;
  readonly #parts: ReaderParts;

  constructor(env: Env, parts: ReaderParts) {
    this.#env = env;
    this.#parts = parts;
  }

  /** @throws RecordsError NOT_HELD when nobody in reach has a copy, NOT_YET */
  async read(namespace: NamespaceId, genesis: Genesis, key: string, { fresh = false, seen = [], deleted = false, signal }: ReadOptions): Promise<KeyState | undefined> {
    const dots = dotsOf(seen, namespace, key);
    const endMs = this.#env.clock.monotonicMs() + SEEN_WAIT_MS;
    for (let [isFresh, pauseMs] = [fresh, 0]; ; [isFresh, pauseMs] = [true, Math.max(SEEN_PAUSE_MS, pauseMs * 2)]) {
      const found = await this.#find(namespace, genesis, key, isFresh, signal).catch((error: unknown) => {
        if (dots.length === 0 || codeOf(error) !== "NOT_HELD") throw error;
        return NOTHING_FOUND;
      });
      if (hasAll(found.siblings, dots)) {
        const state = toldOf(key, found);
        return deleted || state.isPartial === true || state.siblings.length > 0 ? state : undefined;
      }
      if (this.#env.clock.monotonicMs() + pauseMs > endMs) throw new RecordsError("NOT_YET", `No host in reach has the write to "${key}" that you know of yet. Try again when the host that took it, or one it told, is in reach.`);
      await this.#env.timers.sleep(pauseMs, signal);
    }
  }

  /** What is known of a key where this host's own copy is not complete; undefined when it is, or nobody says so in time. */
  async heard(namespace: NamespaceId, genesis: Genesis, key: string, signal: AbortSignal): Promise<Context | undefined> {
    const group = shardOf(namespace, genesis, key);
    if (this.#parts.replica.holdings.isReady(namespace, genesis, group)) return undefined;
    return this.#find(namespace, genesis, key, false, signal).then(({ siblings }) => contextOf(siblings), () => undefined);
  }

  async #find(namespace: NamespaceId, genesis: Genesis, key: string, fresh: boolean, signal: AbortSignal | undefined): Promise<Found> {
    const { replica } = this.#parts;
    const group = shardOf(namespace, genesis, key);
    // Read before it is asked whether the copy is complete: it is not any more when a damaged row was met.
    const stored = fresh ? [] : replica.rows.unsealed(namespace, key);
    const isOwn = replica.holdings.isReady(namespace, genesis, group);
    if (isOwn && !fresh) return { siblings: stored, isWhole: true };
    // Before anybody is asked: what leaves the outbox meanwhile has just been delivered, perhaps after the one who answers looked.
    const own = replica.rows.siblings(namespace, key);
    const hosts = this.candidates(genesis, group, fresh);
    const isCounted = this.counted(genesis, group);
    const ask = async (peer: HostId, stop: AbortSignal): Promise<Answer> => {
      const answer = await this.#ask(peer, namespace, key, stop);
      return { ...answer, isReady: answer.isReady && isCounted(peer) };
    };
    const answers = fresh ? await this.#all(hosts, ask, signal) : await firstReady(this.#env, hosts, ask, signal);
    const isAnswered = isOwn || own.length > 0 || answers.length > 0 || replica.holdings.holds(namespace, genesis, group);
    if (!isAnswered) throw new RecordsError("NOT_HELD", `No host in reach keeps "${key}" of namespace ${namespace}. Try again when one of its replicas is up.`);
    const merged = answers.reduce<readonly StoredRecord[]>((known, { records }) => merge(known, records), own);
    if (fresh) void this.#repair(answers, merged).catch(() => {});
    const answered = (isOwn ? 1 : 0) + answers.filter(({ isReady }) => isReady).length;
    return { siblings: merged, isWhole: answered > 0, ...(fresh ? { answered } : {}) };
  }

  /** Hosts to ask: those that are ready, nearest first, then who else should have it, then those behind them on the list. */
  candidates(genesis: Genesis, group: number, onlyRecipients: boolean): HostId[] {
    const { cluster, peers, replica } = this.#parts;
    const { holdings, readiness } = replica;
    const online = new Set(cluster.online());
    const recipients = peers.nearest(holdings.recipients(group, genesis).filter((host) => online.has(host)));
    if (onlyRecipients && recipients.length > 0) return recipients;
    const isReady = (host: HostId): boolean => readiness.hasPublished(host, group, genesis.replicas);
    const others = cluster.preferenceList(group).filter((host) => online.has(host) && !recipients.includes(host));
    return [...recipients.filter(isReady), ...recipients.filter((host) => !isReady(host)), ...others.slice(0, OTHERS_MAX)];
  }

  /** Whose word that its copy is complete counts: who this host sends its writes to. A copy that is ready unheard of may lack them. */
  counted(genesis: Genesis, group: number): (peer: HostId) => boolean {
    const recipients = new Set(this.#parts.replica.holdings.recipients(group, genesis));
    return (peer) => recipients.has(peer);
  }

  async #all(hosts: readonly HostId[], ask: (peer: HostId, stop: AbortSignal) => Promise<Answer>, signal: AbortSignal | undefined): Promise<Answer[]> {
    const stop = signal ?? new AbortController().signal;
    const settled = await Promise.allSettled(hosts.map((peer) => ask(peer, stop)));
    return settled.filter((each) => each.status === "fulfilled").map(({ value }) => value);
  }

  async #ask(peer: HostId, namespace: NamespaceId, key: string, signal: AbortSignal): Promise<Answer> {
    const { peers, replica } = this.#parts;
    const records: Proven[] = [];
    let { standing } = replica.floor;
    for (let skip = 0, pages = 1; ; pages += 1) {
      if (pages > MAX_KEY_PAGES) throw new RecordsError("BAD_RECORD", "The other host answers a question for one key without end.");
      const answer = await peers.ask(peer, ASK_FETCH, { keys: [{ namespace, key }], skip }, ASK_TIMEOUT_MS, signal);
      if (!replica.floor.admits(answer.standing)) throw new RecordsError("BELOW_FLOOR", "The other host may have what was deleted, and has not compared it with others yet.");
      standing = lesser(standing, answer.standing);
      const page = peers.open(peer, answer.parcel).filter(({ body }) => body.namespace === namespace && body.key === key);
      records.push(...page.filter((record) => this.isAllowed(record)));
      if (answer.keysDone > 0 || answer.skip <= skip) return { peer, records, standing, isReady: answer.isReady };
      skip = answer.skip;
    }
  }

  /** A replica cannot pass off what the rules forbid: its reader judges too. */
  isAllowed({ body, dot, batch }: Proven): boolean {
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
    // What was put together is as good as the least of its parts.
    const standing = answers.reduce((least, answer) => lesser(least, answer.standing), replica.floor.standing);
    const geneses = new Map([[first.body.namespace, genesis]]);
    const news = merged.map(({ sealed }) => proven.get(sealed.leaf)).filter((record) => record !== undefined);
    if (replica.holdings.holds(first.body.namespace, genesis, shardOf(first.body.namespace, genesis, first.body.key))) await replica.apply({ kind: "asked", from: answers[0]!.peer, standing }, news, geneses);
    const recipients = replica.holdings.recipients(shardOf(first.body.namespace, genesis, first.body.key), genesis);
    for (const { peer, records } of answers) {
      if (!recipients.includes(peer)) continue;
      const held = records.map(({ sealed }) => Buffer.from(sealed.leaf).toString("latin1"));
      const lacking = merged.filter(({ sealed }) => !held.includes(Buffer.from(sealed.leaf).toString("latin1")));
      if (lacking.length > 0) await peers.ask(peer, ASK_PUSH, { standing, parcel: pack(lacking, (namespace) => geneses.get(namespace)) }, ASK_TIMEOUT_MS).catch(() => {});
    }
  }
}

function toldOf(key: string, { siblings, isWhole, answered }: Found): KeyState {
  const asked = answered === undefined ? {} : { answered, isDeleted: siblings.some(({ body }) => body.value === null) };
  return { ...wholeState(key, siblings), ...asked, ...(isWhole ? {} : { isPartial: true }) };
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
