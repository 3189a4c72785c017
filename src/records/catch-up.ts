import { EVERYWHERE } from "../cluster/index.ts";
import type { HostId } from "../codec/index.ts";
import { bytesOfId, compareBytes, concatBytes } from "../codec/index.ts";
import { sha256 } from "../crypto/index.ts";
import type { WorkerTurn } from "../platform/index.ts";
import { messageOf } from "../platform/index.ts";
import type { LogOperation } from "../store/index.ts";
import { covers, markOf } from "./holdings.ts";
import { GROUPS } from "./limits.ts";
import type { ClusterView } from "./port.ts";
import type { Completed, Pulled, PullParts } from "./pull.ts";
import { Pull, mostReplicas } from "./pull.ts";
import { qualify } from "./qualifying.ts";

/** What is on all hosts is asked of so many neighbours at each turn, of a newcomer once, and of everybody now and then. */
const NEIGHBOURS = 3;
const EVERYBODY_MS = 30_000;
/** Hosts asked at each turn for what belongs to shards; in a larger network they take turns. */
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
  pauseMs: number;
  notBeforeMs: number;
  /** Groups of which it has told that there is news, while it was being asked. */
  readonly news: Set<number>;
  /** Groups that were brought to their end. */
  complete: ReadonlyMap<number, Completed>;
  /** When a pull began that brought everything in all groups. */
  completeMs: number | undefined;
}

/** Keeps this host's copies abreast of the others', whatever was missed. */
export class CatchUp {
  readonly #parts: CatchUpParts;
  readonly #peers = new Map<HostId, PeerState>();
  #turns = 0;

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

  /** When a catching up with the peer began that brought everything; undefined when none has since it came. */
  caughtUpMs(peer: HostId): number | undefined {
    return this.#peers.get(peer)?.completeMs;
  }

  async turn({ signal, report }: WorkerTurn): Promise<void> {
    const { env, cursors, inReach, replica, roster } = this.#parts;
    cursors.goBack(env.clock.monotonicMs(), roster());
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
    report(`asked ${asked.length} hosts`);
  }

  /** Who is asked this time: newcomers first, then the neighbours, then others in turn. */
  #choose(online: readonly HostId[]): HostId[] {
    const nowMs = this.#parts.env.clock.monotonicMs();
    for (const peer of this.#peers.keys()) if (!online.includes(peer)) this.#peers.delete(peer);
    const free = online.filter((peer) => {
      const state = this.#peers.get(peer);
      return state === undefined || (!state.isBusy && nowMs >= state.notBeforeMs);
    });
    const isNew = (peer: HostId): boolean => this.#peers.get(peer)?.wholeMs === undefined;
    const neighbours = this.#neighbours(online);
    const others = free.filter((peer) => !isNew(peer) && !neighbours.includes(peer));
    this.#turns += 1;
    const turned = others.map((_, at) => others[(at + this.#turns * ASKED) % others.length]!);
    return [...free.filter(isNew), ...free.filter((peer) => !isNew(peer) && neighbours.includes(peer)), ...turned].slice(0, ASKED);
  }

  /** The same few as long as they are there, and different ones for each host, so that news finds its way. */
  #neighbours(online: readonly HostId[]): HostId[] {
    const self = bytesOfId(this.#parts.cluster.self);
    const ranked = online.map((peer) => ({ peer, rank: sha256(concatBytes(self, bytesOfId(peer))) }));
    return ranked.sort((a, b) => compareBytes(a.rank, b.rank)).slice(0, NEIGHBOURS).map(({ peer }) => peer);
  }

  async #pull(peer: HostId, signal: AbortSignal): Promise<void> {
    const { env, inReach } = this.#parts;
    const nowMs = env.clock.monotonicMs();
    const state = this.#peers.get(peer) ?? { isBusy: false, wholeMs: undefined, pauseMs: 0, notBeforeMs: 0, news: new Set<number>(), complete: new Map<number, Completed>(), completeMs: undefined };
    this.#peers.set(peer, state);
    const isWhole = state.wholeMs === undefined || nowMs - state.wholeMs >= EVERYBODY_MS || this.#neighbours(inReach()).includes(peer);
    await this.#busy(peer, state, signal, async () => {
      const pulled = await new Pull(this.#parts, peer, signal).run(isWhole);
      this.#learned(state, pulled, isWhole ? nowMs : state.wholeMs);
      if (isWhole && this.#isComplete(pulled)) state.completeMs = nowMs;
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
      if (!signal.aborted) env.log.debug("catching up with a host failed", { peer, why: messageOf(error) });
    } finally {
      state.isBusy = false;
    }
  }

  #isComplete({ complete }: Pulled): boolean {
    const { cursors, replica } = this.#parts;
    const isCovered = ([group, { mark, epoch }]: [number, Completed]): boolean => epoch === cursors.epoch(group) && covers(mark, markOf(replica.holdings.scope(group)));
    return complete.size === GROUPS && [...complete].every(isCovered);
  }

  #learned(state: PeerState, { complete }: Pulled, wholeMs: number | undefined): void {
    state.pauseMs = 0;
    const everywhere = state.complete.get(EVERYWHERE);
    state.complete = complete.has(EVERYWHERE) || everywhere === undefined ? complete : new Map([...complete, [EVERYWHERE, everywhere]]);
    state.wholeMs = wholeMs;
  }

  #qualified(): LogOperation[] {
    const { cluster, cursors, replica } = this.#parts;
    const replicasMax = mostReplicas(replica);
    return qualify({
      replica,
      cluster,
      caughtUp: (peer, group) => {
        const completed = this.#peers.get(peer)?.complete.get(group);
        return completed === undefined || completed.epoch !== cursors.epoch(group) ? undefined : { store: cursors.storeOf(peer), mark: completed.mark };
      },
      wants: (group) => replica.holdings.wants(group, replica.holdings.scope(group), replicasMax),
    });
  }
}
