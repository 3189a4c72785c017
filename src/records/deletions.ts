import { shortId } from "../codec/index.ts";
import type { HostId } from "../codec/index.ts";
import type { Env, TokenBucket, WorkerTurn } from "../platform/index.ts";
import { Collecting } from "./collecting.ts";
import type { Floor, FloorState, RoundSet } from "./floor.ts";
import { reaches, setName } from "./floor.ts";
import { ALL_GROUPS } from "./limits.ts";
import type { FloorRecord } from "./marks.ts";
import { SETS_MAX } from "./marks.ts";
import { Newcomer } from "./newcomer.ts";
import type { Peers } from "./peers.ts";
import type { Context } from "./port.ts";
import { RoundWatch } from "./round-watch.ts";
import type { RoundWatchParts } from "./round-watch.ts";

// Deletions must outlive every copy of what they superseded, and should not live for ever. They go by rounds. Each host that takes part has
// published a record and is counted. When deletions have become old, somebody begins the next round; whoever sees that begins it too, and
// notes the last number of its store, the mark. When all who are counted have begun, each waits until, since then, it has caught up
// completely with each of the others and its outbox has been emptied of what was in it; then it has done the round, and says among
// whom. When all have done it among the same hosts, that is the new floor, which never falls.
//
// Why nothing deleted returns. Let a deletion stand in a host's rows before its mark. Each of the others has caught up with that host since,
// so it has the deletion too, and nothing that it supersedes in its rows. A version that it supersedes was written, and so lay in outboxes,
// before the deletion; all of those have been emptied since all had begun. So among the hosts that have done the round there is none of
// these versions left, and records are taken only from those who have done it: everything that is said carries how far its sender is, and is
// judged by that when it is applied. A host that is below the floor compares what it has with the others before it is believed again.
//
// Why nothing acknowledged is lost. What a host has written and not delivered stays in its outbox while it is away, and is taken when it
// comes back: deletions that name a host that was not counted are kept. What such a host has in its rows goes only if none of a majority
// of complete copies has it, and its writer has done a round since that this host has missed (newcomer.ts). Clocks only suggest when a round
// begins, and keep deletions longer.

/** A round is suggested so many times within the horizon; by others than the coordinator half as often. */
const ROUNDS_PER_HORIZON = 8;

export interface DeletionsParts extends RoundWatchParts {
  readonly peers: Peers;
  readonly pace: TokenBucket;
  /** @param context what is superseded by it */
  readonly publish: (record: FloorRecord, context: Context) => Promise<void>;
}

export class Deletions {
  readonly #env: Env;
  readonly #parts: DeletionsParts;
  readonly #floor: Floor;
  readonly #collecting: Collecting;
  readonly #newcomer: Newcomer;
  readonly #watch: RoundWatch;
  /** The floor up to which deletions have been collected since the start. */
  #collected = 0;
  #comparedMs: number | undefined;
  #lookMs = 0;

  constructor(env: Env, parts: DeletionsParts) {
    this.#env = env;
    this.#parts = parts;
    this.#floor = parts.replica.floor;
    this.#collecting = new Collecting(env, parts);
    this.#newcomer = new Newcomer(env, parts);
    this.#watch = new RoundWatch(env, parts);
  }

  async turn(turn: WorkerTurn): Promise<void> {
    const { cluster, following } = this.#parts;
    await following.settle();
    if (!cluster.members().includes(cluster.self)) return turn.report("waits for this host to be known");
    await this.#noticeOwnPast();
    await this.#noticeFloor();
    if (this.#floor.state.isNewcomer && !(await this.#comeBack(turn))) return;
    await this.#resume();
    if (!(await this.#isCounted(turn))) return;
    await this.#takePart(turn);
    if (this.#floor.state.mark > 0 && this.#collected < this.#floor.state.floor) await this.#collect(turn);
    if (!turn.signal.aborted) await this.#suggest(turn);
  }

  /** What this host has published and its disk does not know was lost with a disk, or its disk was set back. */
  async #noticeOwnPast(): Promise<void> {
    const { state, published } = this.#floor;
    if (published === undefined || state.isNewcomer || published.done <= state.done) return;
    this.#env.log.warn("this host's disk is older than what the host has said of it", { done: published.done, known: state.done });
    // What lay in the outbox then had been delivered, or refused by all, before this host said that it had done that round.
    this.#parts.replica.outbox.drop(({ dot }, isFromDisk) => isFromDisk && dot.actor.host === this.#parts.cluster.self);
    await this.#becomeNewcomer();
  }

  async #noticeFloor(): Promise<void> {
    const { heard, state } = this.#floor;
    const reached = heard.find(({ floor, set }) => this.#floor.hasReached(floor, set));
    if (reached !== undefined) return this.#raise(reached.floor, reached.set);
    // One host of several cannot make newcomers of the others by its word: two must have published that they have done the round.
    const counted = heard.length === 0 ? [] : [...this.#counted().values()];
    const missed = heard.find(({ floor, set }) => {
      const witnesses = counted.filter((record) => reaches(record, floor, set)).length;
      return witnesses > 0 && (witnesses > 1 || counted.length <= 2);
    });
    if (missed === undefined) return;
    this.#env.log.warn("this host was away for longer than deletions are remembered, and compares what it has with the others", { floor: missed.floor, done: state.done });
    await this.#becomeNewcomer(missed);
  }

  /** @param missed the floor that was reached without this host */
  async #becomeNewcomer(missed?: { readonly floor: number; readonly set: number }): Promise<void> {
    const { replica } = this.#parts;
    const known = this.#floor.state;
    const state = { ...known, ...missed, hosts: [], mark: 0, isNewcomer: true };
    replica.counters.count("times a newcomer");
    this.#newcomer.restart();
    this.#comparedMs = undefined;
    this.#watch.end();
    this.#floor.become(state);
    await replica.keep([this.#floor.save(state), ...replica.readiness.withdraw()], ALL_GROUPS);
  }

  /** @returns whether this host is no newcomer any more */
  async #comeBack(turn: WorkerTurn): Promise<boolean> {
    const { replica, cluster, hasCaughtUpSince } = this.#parts;
    this.#dropHints();
    if (this.#comparedMs === undefined) {
      if (!(await this.#newcomer.compare(turn))) {
        turn.report("waits for more hosts with complete copies, to compare what this host has");
        return false;
      }
      this.#comparedMs = this.#env.clock.monotonicMs();
    }
    // Other newcomers bring nothing, and would wait for this one.
    const others = [...this.#counted().keys()].filter((host) => host !== cluster.self && !this.#floor.isBelow(host));
    const reached = others.filter((host) => hasCaughtUpSince(host, this.#comparedMs!));
    if (reached.length * 2 <= others.length && others.length > 0) {
      turn.report(`catches up from the beginning: ${reached.length} of ${others.length} hosts`);
      return false;
    }
    if (!this.#newcomer.isStillRight) {
      this.#newcomer.restart();
      this.#comparedMs = undefined;
      turn.report("compares what this host has once more: writers have done a round that it has missed");
      return false;
    }
    const { state } = this.#floor;
    const sets = setsOf(state);
    const next: FloorState = { ...state, begun: Math.max(state.floor, this.#floor.everBegun), begunMark: 0, done: state.floor, sets, hosts: [], mark: 0, isNewcomer: false, reached: state.floor };
    // What it had said of a round that never became the floor would make it a newcomer again. So that is taken back first: once it is none any more,
    // what then waits in its outbox was written since, and must not be taken for what its former life had delivered.
    if ((this.#floor.published?.done ?? 0) > next.done) await this.#say({ ...next, sets: sets.map(({ name }) => name) });
    await replica.keep([this.#floor.save(next)]);
    this.#floor.become(next);
    return true;
  }

  /** What other hosts wrote and had delivered themselves by a round that this host has missed. What they had not stays. */
  #dropHints(): void {
    const { replica, cluster } = this.#parts;
    replica.outbox.drop(({ dot: { actor } }) => actor.host !== cluster.self && !this.#floor.hasMissedToo(actor.host));
  }

  /**
   * What this host had begun before its disk was lost or set back it has begun: the others may have done that round by then, and have caught up
   * with what is gone. Were it to begin once more, its mark would be later than that, so it has none for this round, and collects nothing in it.
   */
  async #resume(): Promise<void> {
    const { state, everBegun, isOfTwoLives } = this.#floor;
    if (everBegun <= state.begun && (!isOfTwoLives || state.begunMark === 0)) return;
    const next = { ...state, begun: everBegun, begunMark: 0 };
    await this.#parts.replica.keep([this.#floor.save(next)]);
    this.#floor.become(next);
  }

  /** A host is counted from its first complete catching up on. */
  async #isCounted({ report }: WorkerTurn): Promise<boolean> {
    const { cluster, hasCaughtUpSince } = this.#parts;
    const { state: { begun, done }, standing: { sets }, published } = this.#floor;
    if (published === undefined) {
      const waiting = cluster.online().filter((host) => !hasCaughtUpSince(host, -Infinity));
      const isAlone = cluster.members().length === 1;
      if (!isAlone && (waiting.length > 0 || cluster.online().length === 0)) {
        report(`catches up before it is counted: ${waiting.length} hosts are left`);
        return false;
      }
    }
    const isSaid = published !== undefined && published.begun === begun && published.done === done && published.sets.join() === sets.join() && !this.#floor.isOfTwoLives;
    // Its own past may have come to light since the turn began.
    if (published !== undefined && published.done > done) return false;
    if (!isSaid) await this.#say();
    return true;
  }

  /** Begins a round, does it, and raises the floor, as far as the others are. */
  async #takePart({ report }: WorkerTurn): Promise<void> {
    const { cluster } = this.#parts;
    const counted = this.#counted();
    const hosts = [...counted.keys()];
    const set = setName(hosts, cluster.layout);
    const next = this.#floor.state.floor + 1;
    if (this.#floor.state.begun < next && [...counted.values()].some(({ begun }) => begun >= next)) await this.#begin(next);
    const { begun, floor } = this.#floor.state;
    if (begun <= floor) return report(floor === 0 ? "no round has been needed yet" : `round ${floor} is complete`);
    const late = hosts.filter((host) => counted.get(host)!.begun < begun);
    if (late.length > 0) return report(`round ${begun}: ${late.length} of ${hosts.length} hosts have not begun it, host ${shortId(late[0]!)} among them`);
    if (!this.#floor.hasReached(begun, set)) {
      const missing = this.#watch.missing(begun, set, hosts);
      if (missing !== undefined) return report(`round ${begun}: ${missing}`);
      await this.#finish(begun, { name: set, hosts });
    }
    // Or a few who came to be counted first would make newcomers of all the others.
    const active = cluster.active().length;
    if (hosts.length * 2 <= active) return report(`round ${begun}: only ${hosts.length} of ${active} hosts are counted`);
    const undone = hosts.filter((host) => host !== cluster.self && !reaches(counted.get(host)!, begun, set));
    if (undone.length > 0) return report(`round ${begun}: done here; ${undone.length} of ${hosts.length} hosts have not, host ${shortId(undone[0]!)} among them`);
    await this.#raise(begun, set);
    report(`round ${begun} is complete`);
  }

  async #begin(round: number): Promise<void> {
    const { replica } = this.#parts;
    let state = this.#floor.state;
    // In its turn, so that everything with a number up to the mark is committed by then.
    await replica.keep(() => {
      state = { ...this.#floor.state, begun: round, begunMark: replica.numbering.sequence };
      return [this.#floor.save(state)];
    });
    this.#floor.become(state);
    await this.#say();
  }

  async #finish(round: number, set: { readonly name: number; readonly hosts: readonly HostId[] }): Promise<void> {
    const { state } = this.#floor;
    this.#watch.letGo();
    const others = state.done === round ? state.sets.slice(1 - SETS_MAX) : [];
    const next = { ...state, done: round, begunMark: this.#floor.isOfTwoLives ? 0 : state.begunMark, sets: [...others, set] };
    await this.#parts.replica.keep([this.#floor.save(next)]);
    this.#floor.become(next);
    await this.#say();
  }

  /** The round is complete. Who has done it among those who have completed it may collect by its own mark. */
  async #raise(floor: number, set: number): Promise<void> {
    const { state } = this.#floor;
    const hosts = state.done === floor ? (state.sets.find(({ name }) => name === set)?.hosts ?? []) : [];
    const next: FloorState = { ...state, floor, reached: floor, set, hosts, mark: hosts.length > 0 ? state.begunMark : 0, raisedMs: this.#env.clock.wallMs() };
    await this.#parts.replica.keep([this.#floor.save(next)]);
    this.#floor.become(next);
    this.#watch.end();
    this.#parts.replica.counters.count("floors raised");
    this.#env.log.info("the floor was raised", { floor, hosts: hosts.length });
  }

  async #collect(turn: WorkerTurn): Promise<void> {
    const { floor } = this.#floor.state;
    const collected = await this.#collecting.run(turn);
    if (collected === undefined) return;
    this.#collected = floor;
    turn.report(`round ${floor} is complete; ${collected} deletions were collected`);
  }

  /** Begins the next round when this host's clock says that there is something to collect. Beginning one does no harm. */
  async #suggest(turn: WorkerTurn): Promise<void> {
    const { cluster } = this.#parts;
    const { floor, begun, raisedMs } = this.#floor.state;
    const everyMs = (cluster.settings.horizonMs / ROUNDS_PER_HORIZON) * (cluster.isCoordinator() ? 1 : 2);
    const nowMs = this.#env.clock.wallMs();
    if (begun > floor || Math.abs(nowMs - raisedMs) < everyMs || this.#env.clock.monotonicMs() < this.#lookMs) return;
    this.#lookMs = this.#env.clock.monotonicMs() + everyMs / ROUNDS_PER_HORIZON;
    if (await this.#collecting.hasOld(turn)) await this.#begin(floor + 1);
  }

  async #say({ begun, done, sets }: FloorRecord = { ...this.#floor.state, sets: this.#floor.standing.sets }): Promise<void> {
    await this.#parts.publish({ begun, done, sets }, this.#floor.publishedContext);
  }

  /** The active hosts that have published. */
  #counted(): ReadonlyMap<HostId, FloorRecord> {
    const records = this.#floor.records();
    const active = new Set(this.#parts.cluster.active());
    return new Map([...records].filter(([host]) => active.has(host)).sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}

/** Among whom a host has done the round of its floor that was not one of them, or is none of them any more. */
function setsOf({ floor, set }: FloorState): readonly RoundSet[] {
  return floor === 0 ? [] : [{ name: set, hosts: [] }];
}
