import type { Genesis } from "../cluster/index.ts";
import { EVERYWHERE, shardOf } from "../cluster/index.ts";
import type { HostId, NamespaceId, NetworkId, StoreId } from "../codec/index.ts";
import type { Env, TokenBucket } from "../platform/index.ts";
import type { Abreast } from "./abreast.ts";
import type { Proven } from "./batch.ts";
import { RecordsError } from "./errors.ts";
import type { Cursors } from "./cursors.ts";
import { PAGE_TIMEOUT_MS, fetchPages } from "./fetching.ts";
import { RANK_MAX, markOf } from "./holdings.ts";
import type { Scope, ScopeMark } from "./holdings.ts";
import { OWN } from "./jobs.ts";
import type { ItemVerdict, PositionUpdate, Source } from "./jobs.ts";
import { MAX_PAGE_HEADS } from "./limits.ts";
import { ASK_HEADS, ASK_NEWEST } from "./messages.ts";
import type { HeadsAnswer, NewestAnswer, Reached } from "./messages.ts";
import type { Peers } from "./peers.ts";
import type { Replica } from "./replica.ts";
import { rowHasTag } from "./row.ts";

// Catch-up with one peer. It is asked for the number of its newest change in each group; where that is beyond what was applied of it here,
// it is asked which keys have changed since, with a hash over their siblings; what is not the same here is fetched and applied, and the
// new position becomes durable with the last records of the page. So the cost follows the changes, and what came from elsewhere
// meanwhile costs no more than its hash.

const QUESTION_TIMEOUT_MS = 5000;
/** Answers about changed keys in one run; a peer that never comes to an end is left and taken up again at the next turn. */
const PAGES_MAX = 256;

export interface PullParts {
  readonly env: Env;
  readonly replica: Replica;
  readonly peers: Peers;
  readonly abreast: Abreast;
  readonly pace: TokenBucket;
  readonly cursors: Cursors;
  readonly network: NetworkId;
  /** Counts the changes of the network's own records. */
  readonly roster: () => number;
}

export interface Pulled {
  /** Records that were fetched. */
  readonly records: number;
  /** Groups in which nothing is missing here and nothing had to be left for later. */
  readonly complete: ReadonlyMap<number, Completed>;
}

/** A group was brought to its end with a peer. */
export interface Completed {
  /** The scope that was asked for. */
  readonly mark: ScopeMark;
  /** Of the group's positions: when they begin anew, this says nothing any more. */
  readonly epoch: number;
}

/** Followed namespaces that are named in one question, over all groups. */
const NAMED_MAX = 16_384;

interface Wanted {
  readonly group: number;
  readonly scope: Scope;
}

export class Pull {
  readonly #parts: PullParts;
  readonly #peer: HostId;
  readonly #signal: AbortSignal;
  #records = 0;

  constructor(parts: PullParts, peer: HostId, signal: AbortSignal) {
    this.#parts = parts;
    this.#peer = peer;
    this.#signal = signal;
  }

  /**
   * Applies all that the peer has and this host should have.
   * @param withEverywhere whether the group that is on all hosts is asked for too
   * @param asked what is asked for, by group
   * @throws NetError, PlatformError DEADLINE, RecordsError BAD_SEAL; what was applied before stays
   */
  async run(withEverywhere: boolean, asked: ReadonlyMap<number, Completed>): Promise<Pulled> {
    const { peers, cursors, replica } = this.#parts;
    const question = { standing: replica.floor.standing, store: replica.numbering.store, reached: this.#reached(), followed: replica.holdings.followedGroups() };
    const answer = await peers.ask(this.#peer, ASK_NEWEST, question, QUESTION_TIMEOUT_MS, this.#signal);
    const former = cursors.met(this.#peer, answer.store);
    // A member may name another each time that it is asked.
    if (former !== undefined && !replica.readiness.isPublished(former)) await replica.forget(former);
    replica.floor.hear(this.#peer, answer.standing);
    if (!replica.floor.admits(answer.standing)) throw new RecordsError("BELOW_FLOOR", "The other host may have what was deleted, and has not compared it with others yet.");
    const left = await this.#bring(answer.store, this.#behind(answer, withEverywhere));
    if (left.size === 0 && withEverywhere && !cursors.holdsAny) return { records: this.#records, complete: asked };
    const complete = [...asked].filter(([group]) => !left.has(group) && !cursors.isWaiting(answer.store, group) && (withEverywhere || group !== EVERYWHERE));
    return { records: this.#records, complete: new Map(complete) };
  }

  /** Applies what the peer has in groups of which it has told that there is news. @throws as `run` does */
  async news(groups: readonly number[]): Promise<void> {
    const { cursors, replica } = this.#parts;
    const store = cursors.storeOf(this.#peer);
    // Who has never been asked is going to be.
    if (store === undefined) return;
    const replicasMax = mostReplicas(replica);
    const wanted = groups.map((group) => ({ group, scope: replica.holdings.scope(group) })).filter(({ group, scope }) => replica.holdings.wants(group, scope, replicasMax));
    await this.#bring(store, wanted);
  }

  /** Brings groups to their end, as far as the peer lets it. @returns those in which it did not */
  async #bring(store: StoreId, wanted: readonly Wanted[]): Promise<ReadonlySet<number>> {
    const { peers, cursors } = this.#parts;
    let behind = wanted;
    for (let pages = 0; behind.length > 0 && pages < PAGES_MAX; pages += 1) {
      const epochs = new Map(behind.map(({ group }) => [group, cursors.epoch(group)]));
      const places = askable(behind).map(({ group, scope }) => ({ group, scope, place: cursors.place(store, group, markOf(scope)) }));
      const heads = await peers.ask(this.#peer, ASK_HEADS, { groups: places }, PAGE_TIMEOUT_MS, this.#signal);
      await this.#page(heads, behind, epochs);
      const done = new Set(heads.groups.filter(({ isMore }) => !isMore).map(({ group }) => group));
      if (heads.groups.length === 0) break;
      behind = behind.filter(({ group }) => !done.has(group));
    }
    return new Set(behind.map(({ group }) => group));
  }

  /** What this host has of the peer on its disk; the peer then knows what it need not send any more. */
  #reached(): readonly Reached[] {
    const { cursors, replica, abreast } = this.#parts;
    const store = cursors.storeOf(this.#peer);
    return store === undefined ? [] : reachedOf(replica, store, abreast.has(this.#peer));
  }

  /** Groups in which the peer has something beyond what was applied here, the one on all hosts first: other judgements stand on it. */
  #behind({ store, life, newest, replicasMax }: NewestAnswer, withEverywhere: boolean): Wanted[] {
    const { cursors, replica } = this.#parts;
    const known = Math.max(mostReplicas(replica), replicasMax);
    return newest
      .filter(({ group }) => group !== EVERYWHERE || withEverywhere)
      .map(({ group, sequence }) => ({ group, sequence, scope: replica.holdings.scope(group) }))
      .filter(({ group, scope }) => replica.holdings.wants(group, scope, known))
      .filter(({ group, sequence, scope }) => {
        const place = cursors.place(store, group, markOf(scope));
        return place.life !== life || place.sequence < sequence;
      })
      .sort((a, b) => b.group - a.group);
  }

  /** Fetches and applies what one answer names and this host has not, and then moves the positions. */
  async #page(heads: HeadsAnswer, behind: readonly Wanted[], epochs: ReadonlyMap<number, number>): Promise<void> {
    const scopes = new Map(behind.map(({ group, scope }) => [group, scope]));
    const updates = heads.groups.flatMap(({ group, next }): PositionUpdate[] => {
      const scope = scopes.get(group);
      return scope === undefined ? [] : [{ store: heads.store, group, place: next, mark: markOf(scope), epoch: epochs.get(group)! }];
    });
    const held = new Set<number>();
    const keys = this.#missing(heads);
    this.#parts.replica.counters.count("heads compared", heads.groups.reduce((sum, { heads: some }) => sum + some.length, 0));
    if (keys.length === 0) await this.#move(updates, held, (positions) => this.#parts.replica.apply(OWN, [], new Map(), positions));
    for (let at = 0; at < keys.length; at += MAX_PAGE_HEADS) {
      const isLast = at + MAX_PAGE_HEADS >= keys.length;
      await this.#fetch(keys.slice(at, at + MAX_PAGE_HEADS), held, isLast ? updates : []);
    }
  }

  #missing({ namespaces, groups }: HeadsAnswer): { readonly namespace: NamespaceId; readonly key: string }[] {
    const { replica, network } = this.#parts;
    const isHere = (group: number, namespace: NamespaceId, key: string, tag: Uint8Array): boolean => {
      if (replica.recent.has(group, namespace, key, tag)) return true;
      const row = replica.rows.raw(namespace, key);
      return row !== undefined && rowHasTag(row, tag);
    };
    const keys = groups.flatMap(({ group, heads }) =>
      heads.flatMap(({ namespace: place, key, tag }) => {
        const namespace = namespaces[place];
        return namespace === undefined || isHere(group, namespace, key, tag) ? [] : [{ namespace, key }];
      }),
    );
    const isRoster = (namespace: NamespaceId): number => ((namespace as string) === network ? 0 : 1);
    return keys.sort((a, b) => isRoster(a.namespace) - isRoster(b.namespace));
  }

  /**
   * @param held takes the groups of records that had to be left for later
   * @param updates positions that become durable in the same commit as the last of these records
   */
  async #fetch(keys: readonly { readonly namespace: NamespaceId; readonly key: string }[], held: Set<number>, updates: readonly PositionUpdate[]): Promise<void> {
    for await (const { records, geneses, standing, isLast } of fetchPages(this.#parts, this.#peer, keys, this.#signal)) {
      this.#records += records.length;
      this.#parts.replica.counters.count("records fetched", records.length);
      const apply = (positions: readonly PositionUpdate[]): Promise<readonly ItemVerdict[]> => this.#apply({ kind: "asked", from: this.#peer, standing }, records, geneses, positions, held);
      if (isLast) await this.#move(updates, held, apply);
      else await apply([]);
    }
  }

  async #apply(source: Source, records: readonly Proven[], geneses: ReadonlyMap<NamespaceId, Genesis>, positions: readonly PositionUpdate[], held: Set<number>): Promise<readonly ItemVerdict[]> {
    const { replica } = this.#parts;
    const verdicts = await replica.apply(source, records, geneses, positions);
    records.forEach(({ body: { namespace, key } }, at) => {
      const genesis = replica.geneses.get(namespace) ?? geneses.get(namespace);
      if (verdicts[at]!.kind === "later" && genesis !== undefined) held.add(shardOf(namespace, genesis, key));
    });
    return verdicts;
  }

  /** Makes the positions durable of groups in which nothing is left for later; for the others a cursor in memory goes on. */
  async #move(updates: readonly PositionUpdate[], held: ReadonlySet<number>, apply: (positions: readonly PositionUpdate[]) => Promise<unknown>): Promise<void> {
    const { cursors, env, roster } = this.#parts;
    const isFree = ({ store, group }: PositionUpdate): boolean => !held.has(group) && !cursors.isHeld(store, group);
    await apply(updates.filter(isFree));
    // What has just been applied may have had to be left for later too; the commit has then left its position out.
    for (const update of updates) {
      if (isFree(update)) cursors.release(update);
      else cursors.hold(update, env.clock.monotonicMs(), roster());
    }
  }
}

/** As many groups as may be asked about at once, the first in any case. */
function askable(behind: readonly Wanted[]): readonly Wanted[] {
  let named = 0;
  const end = behind.findIndex(({ scope }) => (named += scope.followed.length) > NAMED_MAX);
  return end < 0 ? behind : behind.slice(0, Math.max(1, end));
}

/** The highest number of replicas that a namespace known here asks for. */
export function mostReplicas({ geneses }: Replica): number {
  let most = 0;
  for (const { replicas } of geneses.values()) most = Math.max(most, replicas);
  return most;
}

/**
 * How far a store's numbering has been applied here, of what the layout wants here. Nobody waits for followers, nor counts on who gives up.
 * @param isAbreast whether the host with that store knows who else should have what it writes; else it is told its places and nothing that would let it forget a write
 */
export function reachedOf({ positions, holdings }: Replica, store: StoreId, isAbreast = true): readonly Reached[] {
  return [...positions.in(store)].flatMap(([group, position]) => {
    if (group === EVERYWHERE) return [{ group, place: position.place, rank: 0 }];
    const rank = Math.max(position.mark.rank, holdings.wantedRank(group));
    return rank < RANK_MAX ? [{ group, place: position.place, rank: isAbreast ? rank : RANK_MAX }] : [];
  });
}
