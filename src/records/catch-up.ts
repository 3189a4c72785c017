import { EVERYWHERE } from "../cluster/index.ts";
import type { HostId } from "../codec/index.ts";
import { bytesOfId, compareBytes, concatBytes } from "../codec/index.ts";
import { sha256 } from "../crypto/index.ts";
import type { WorkerTurn } from "../platform/index.ts";
import { messageOf } from "../platform/index.ts";
import type { LogOperation } from "../store/index.ts";
import { covers, markOf } from "./holdings.ts";
import type { ScopeMark } from "./holdings.ts";
import { GROUPS } from "./limits.ts";
import type { ClusterView } from "./port.ts";
import type { Completed, Pulled, PullParts } from "./pull.ts";
import { Pull, mostReplicas } from "./pull.ts";
import { qualify } from "./qualifying.ts";
import { Visits } from "./visits.ts";

// Records are pushed to those who should have them, and followers are told of news, so asking is for what went wrong. Whoever comes is asked at
// once. A peer of which something was missing is asked again soon, and ever later while nothing is: a neighbour at most every NEIGHBOUR_MS,
// everybody else so seldom that a host asks no more in a large network than in a small one. What was missed by everybody's mistake is
// thus found within about NEIGHBOUR_MS by whoever has a neighbour that has it.

/** So many others are asked often; what is on all hosts finds its way from one to the next. */
const NEIGHBOURS = 3;
const NEIGHBOUR_MS = 20_000;
/** Who keeps what is followed here: it forgets followers that do not answer. */
const FOLLOWED_MS = 8_000;
/** While copies here are not complete, and while something that a peer has had to be left for later. */
const UNSETTLED_MS = 10_000;
/** All others: at most one of them in so many milliseconds, and each of them not more often than that. */
const OTHERS_MS = 3_000;
const OTHER_MS = 30_000;
const SOON_MS = 2_000;
/** Hosts asked at each turn. */
const ASKED = 8;
/** The others begin when the first is done, or after this: what the first brings need not be fetched again. */
const HEAD_START_MS = 400;
/** A turn ends after this; whoever is slower goes on by itself and holds up nobody. */
const TURN_MS = 5000;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;

export interface CatchUpParts extends PullParts {
  readonly cluster: ClusterView;
  /** Whoever may be asked: the other members that are there, or, on a host that has no roster yet, all who are connected. */
  readonly inReach: () => readonly HostId[];
}

interface PeerState {
  isBusy: boolean;
  /** When everything was last asked of it, the group on all hosts included. */
  wholeMs: number | undefined;
  /** After a failure. */
  pauseMs: number;
  notBeforeMs: number;
  /** How long it is left alone when nothing was missing, and until when. */
  calmMs: number;
  dueMs: number;
  /** Whether something was left for later, and the roster at that time, on which it may have depended. */
  isUnsettled: boolean;
  roster: number;
  /** Groups of which it has told that there is news, while it was being asked. */
  readonly news: Set<number>;
  /** Groups that were brought to their end. */
  complete: ReadonlyMap<number, Completed>;
  /** When a pull began that brought everything in the group on all hosts. */
  everywhereMs: number | undefined;
  /** When a pull began that brought everything in all groups. */
  completeMs: number | undefined;
}

/** Keeps this host's copies abreast of the others', whatever was missed. */
export class CatchUp {
  readonly #parts: CatchUpParts;
  readonly #peers = new Map<HostId, PeerState>();
  #asked: { readonly marks: ReadonlyMap<number, ScopeMark>; readonly version: number; readonly groups: ReadonlyMap<number, Completed> } | undefined;
  /** For which of them, and for how many replicas, it was last looked what is lacking. */
  #looked: { readonly asked: ReadonlyMap<number, Completed>; readonly replicasMax: number } | undefined;
  #near: { readonly online: readonly HostId[]; readonly hosts: readonly HostId[] } = { online: [], hosts: [] };
  readonly #visits = new Visits();
  /** Groups whose copies here are not complete, and what would make them so. */
  #lacking = "";

  constructor(parts: CatchUpParts) {
    this.#parts = parts;
  }

  /** A peer has come, or come back: everything is asked of it, and at once. */
  greet(peer: HostId): void {
    this.#peers.delete(peer);
  }

  /** Whether everything that the peer has and this host should have is here, as of some moment since it came. */
  hasAllOf(peer: HostId): boolean {
    return this.#peers.get(peer)?.complete.size === GROUPS;
  }

  /** Whether a catching up with the peer that began since then has brought everything. Whoever wants to know has it asked soon. */
  hasCaughtUpSince(peer: HostId, sinceMs: number): boolean {
    return (this.#askedSince(peer, sinceMs)?.completeMs ?? -Infinity) >= sinceMs;
  }

  /** The same of the group on all hosts alone, where the roster is. */
  hasLearntSince(peer: HostId, sinceMs: number): boolean {
    return (this.#askedSince(peer, sinceMs)?.everywhereMs ?? -Infinity) >= sinceMs;
  }

  #askedSince(peer: HostId, sinceMs: number): PeerState | undefined {
    const state = this.#peers.get(peer);
    if (state?.wholeMs === undefined || state.wholeMs >= sinceMs) return state;
    state.wholeMs = undefined;
    hurry(state);
    return state;
  }

  async turn({ signal, report }: WorkerTurn): Promise<void> {
    const { env, cursors, inReach, replica, roster } = this.#parts;
    cursors.goBack(env.clock.monotonicMs(), roster());
    this.#look();
    const asked = this.#choose(inReach());
    const pulls = asked.map((peer, at) => async (): Promise<void> => {
      if (at > 0) await Promise.race([first, env.timers.sleep(HEAD_START_MS)]);
      if (!signal.aborted) await this.#pull(peer, signal);
    });
    const first = pulls[0]?.() ?? Promise.resolve();
    const all = Promise.all([first, ...pulls.slice(1).map((pull) => pull())]);
    await Promise.race([all, env.timers.sleep(TURN_MS, signal).catch(() => {})]);
    // When no commit is under way: one that deletes rows says only afterwards that catching up has begun anew.
    if (!signal.aborted) await replica.keep(() => [...replica.readiness.alone(), ...this.#qualified()]);
    report(`hosts asked: ${asked.length}`);
  }

  /** When other copies have come to be needed here, everybody is asked at once. */
  #look(): void {
    const { cursors, replica } = this.#parts;
    const [asked, replicasMax] = [this.#wanted(), mostReplicas(replica)];
    if (this.#looked?.asked === asked && this.#looked.replicasMax === replicasMax) return;
    this.#looked = { asked, replicasMax };
    const lacking = Array.from({ length: GROUPS }, (_, group) => ({ group, scope: replica.holdings.scope(group) })).filter(({ group, scope }) => replica.holdings.wants(group, scope, replicasMax) && !replica.readiness.covers(group, markOf(scope)));
    const named = lacking.map(({ group, scope }) => `${group}/${cursors.epoch(group)}/${scope.rank}/${scope.followed.join()}`).join(" ");
    if (named !== "" && named !== this.#lacking) for (const state of this.#peers.values()) hurry(state);
    this.#lacking = named;
  }

  /** Who is asked this time: newcomers first, then the neighbours, then those who are due for the longest time. */
  #choose(online: readonly HostId[]): HostId[] {
    const nowMs = this.#parts.env.clock.monotonicMs();
    const isThere = new Set(online);
    for (const peer of this.#peers.keys()) if (!isThere.has(peer)) this.#peers.delete(peer);
    const isDue = (peer: HostId): boolean => {
      const state = this.#peers.get(peer);
      if (state === undefined) return true;
      return !state.isBusy && nowMs >= state.notBeforeMs && (nowMs >= state.dueMs || (state.isUnsettled && state.roster !== this.#parts.roster()));
    };
    const neighbours = this.#neighbours(online);
    const urgency = (peer: HostId): number => {
      const state = this.#peers.get(peer);
      if (state?.wholeMs === undefined) return -Infinity;
      return neighbours.includes(peer) ? -1 : state.dueMs;
    };
    return online.filter(isDue).map((peer) => ({ peer, urgency: urgency(peer) })).sort((a, b) => (a.urgency < b.urgency ? -1 : a.urgency > b.urgency ? 1 : 0)).slice(0, ASKED).map(({ peer }) => peer);
  }

  /** How long a peer may be left alone. */
  #calmMost(peer: HostId, isUnsettled: boolean): number {
    const { inReach, cluster, replica } = this.#parts;
    const online = inReach();
    const usualMs = this.#neighbours(online).includes(peer) ? NEIGHBOUR_MS : Math.max(OTHER_MS, OTHERS_MS * online.length);
    const replicas = mostReplicas(replica);
    const isFollowed = replica.holdings.followedGroups().some((group) => cluster.replicas(group, replicas).includes(peer));
    return Math.min(usualMs, isFollowed ? FOLLOWED_MS : Infinity, isUnsettled || this.#lacking !== "" ? UNSETTLED_MS : Infinity);
  }

  /** The same few as long as they are there, and different ones for each host, so that news finds its way. */
  #neighbours(online: readonly HostId[]): readonly HostId[] {
    if (online !== this.#near.online) this.#near = { online, hosts: this.#nearest(online) };
    return this.#near.hosts;
  }

  #nearest(online: readonly HostId[]): HostId[] {
    const self = bytesOfId(this.#parts.cluster.self);
    const ranked = online.map((peer) => ({ peer, rank: sha256(concatBytes(self, bytesOfId(peer))) }));
    return ranked.sort((a, b) => compareBytes(a.rank, b.rank)).slice(0, NEIGHBOURS).map(({ peer }) => peer);
  }

  async #pull(peer: HostId, signal: AbortSignal): Promise<void> {
    const { env, inReach } = this.#parts;
    const nowMs = env.clock.monotonicMs();
    const state = this.#peers.get(peer) ?? newState();
    this.#peers.set(peer, state);
    const isWhole = state.wholeMs === undefined || state.isUnsettled || nowMs - state.wholeMs >= OTHER_MS / 2 || this.#neighbours(inReach()).includes(peer);
    await this.#busy(peer, state, signal, async () => {
      const pulled = await new Pull(this.#parts, peer, signal).run(isWhole, this.#wanted());
      this.#learned(state, pulled, isWhole ? nowMs : state.wholeMs);
      this.#visits.note(peer, pulled.complete, nowMs);
      if (isWhole && pulled.complete.has(EVERYWHERE)) state.everywhereMs = nowMs;
      if (isWhole && this.#isComplete(pulled)) state.completeMs = nowMs;
      this.#calm(peer, state, pulled.records > 0);
    });
    await this.#catchNews(peer, state, signal);
  }

  /** A peer has told of news; they are asked for at once, or when it has been asked for what it is being asked for now. */
  async news(peer: HostId, groups: readonly number[], signal: AbortSignal): Promise<void> {
    const state = this.#peers.get(peer);
    if (state === undefined || this.#parts.env.clock.monotonicMs() < state.notBeforeMs) return;
    for (const group of groups) state.news.add(group);
    if (!state.isBusy) await this.#catchNews(peer, state, signal);
  }

  async #catchNews(peer: HostId, state: PeerState, signal: AbortSignal): Promise<void> {
    while (state.news.size > 0 && !state.isBusy && !signal.aborted) {
      const groups = [...state.news];
      state.news.clear();
      await this.#busy(peer, state, signal, () => new Pull(this.#parts, peer, signal).news(groups));
    }
  }

  /** One question at a time for each peer; after one that failed it is left alone for a while. */
  async #busy(peer: HostId, state: PeerState, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    const { env } = this.#parts;
    state.isBusy = true;
    try {
      await work();
    } catch (error) {
      state.pauseMs = Math.min(Math.max(FIRST_PAUSE_MS, state.pauseMs * 2), LONGEST_PAUSE_MS);
      state.notBeforeMs = env.clock.monotonicMs() + state.pauseMs;
      state.complete = new Map();
      state.news.clear();
      hurry(state);
      if (!signal.aborted) env.log.debug("catching up with a host failed", { peer, why: messageOf(error) });
    } finally {
      state.isBusy = false;
    }
  }

  /** What is asked for in all groups: the same map as long as that is the same. */
  #wanted(): ReadonlyMap<number, Completed> {
    const { cursors, replica } = this.#parts;
    const [marks, version] = [replica.holdings.marks(), replica.positions.version];
    if (this.#asked?.marks === marks && this.#asked.version === version) return this.#asked.groups;
    const groups = new Map([...marks].map(([group, mark]) => [group, { mark, epoch: cursors.epoch(group) }]));
    this.#asked = { marks, version, groups };
    return groups;
  }

  #isComplete({ complete }: Pulled): boolean {
    if (complete === this.#wanted()) return true;
    const { cursors, replica } = this.#parts;
    const isCovered = ([group, { mark, epoch }]: [number, Completed]): boolean => epoch === cursors.epoch(group) && covers(mark, markOf(replica.holdings.scope(group)));
    return complete.size === GROUPS && [...complete].every(isCovered);
  }

  #learned(state: PeerState, { complete }: Pulled, wholeMs: number | undefined): void {
    state.pauseMs = 0;
    state.isUnsettled = complete.size < GROUPS - (complete.has(EVERYWHERE) ? 0 : 1);
    const everywhere = state.complete.get(EVERYWHERE);
    state.complete = complete.has(EVERYWHERE) || everywhere === undefined ? complete : new Map([...complete, [EVERYWHERE, everywhere]]);
    state.wholeMs = wholeMs;
  }

  #calm(peer: HostId, state: PeerState, wasMissing: boolean): void {
    const { env, roster } = this.#parts;
    state.calmMs = wasMissing ? SOON_MS : Math.min(state.calmMs * 2, this.#calmMost(peer, state.isUnsettled));
    // A random part keeps the hosts of a network from asking in step.
    state.dueMs = env.clock.monotonicMs() + state.calmMs * (0.75 + env.random.fraction() / 2);
    state.roster = roster();
  }

  #qualified(): LogOperation[] {
    const { env, cluster, cursors, replica } = this.#parts;
    const replicasMax = mostReplicas(replica);
    return qualify({
      replica,
      cluster,
      visits: this.#visits,
      nowMs: env.clock.monotonicMs(),
      epochOf: (group) => cursors.epoch(group),
      caughtUp: (peer, group) => {
        const completed = this.#peers.get(peer)?.complete.get(group);
        return completed === undefined || completed.epoch !== cursors.epoch(group) ? undefined : { store: cursors.storeOf(peer), mark: completed.mark };
      },
      wants: (group) => replica.holdings.wants(group, replica.holdings.scope(group), replicasMax),
    });
  }
}

function newState(): PeerState {
  return { isBusy: false, wholeMs: undefined, pauseMs: 0, notBeforeMs: 0, calmMs: SOON_MS, dueMs: 0, isUnsettled: true, roster: 0, news: new Set(), complete: new Map(), everywhereMs: undefined, completeMs: undefined };
}

function hurry(state: PeerState): void {
  state.calmMs = SOON_MS;
  state.dueMs = 0;
}
