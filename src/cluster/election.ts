import type { HostId } from "../codec/index.ts";
import type { Transport } from "../net/index.ts";
import type { Env, Timer } from "../platform/index.ts";
import type { Ballot, Ballots } from "./ballots.ts";
import type { Cluster } from "./cluster.ts";
import { CredibleTerms } from "./credible-terms.ts";
import { ASK_TIMEOUT_MS, LEAD, VOTE, termCodec, voteAnswerCodec, voteCodec } from "./election-messages.ts";
import type { VoterConfiguration } from "./entries.ts";
import { Followers, LISTENER_MS, SILENCE_MS } from "./followers.ts";
import type { Coordination } from "./port.ts";
import { Recalling } from "./recalling.ts";
import { isCertain, nextTerm, raised, voteFor } from "./terms.ts";
import { isOnlyVoter, majority } from "./voters.ts";

// Who coordinates. Voters who hear no coordinator for a while ask each other whether they would be elected (a trial, which changes nothing),
// and if so, for their votes in a new term. Who has a majority coordinates, and says so every BEAT_MS to all who follow (followers.ts). It stops when it
// has not been answered by a majority for SILENCE_MS, which is as long as any voter waits at least before it stands itself. All others only listen.

const BEAT_MS = 700;
/** After a vote that nobody won, by lot up to this. */
const RETRY_MS = 1_000;
/** Hosts that do not vote believe it for so long. */
const LISTENER_SILENCE_MS = 3 * LISTENER_MS;

export interface ElectionParts {
  readonly cluster: Pick<Cluster, "self" | "register" | "online" | "onChange">;
  readonly transport: Transport;
  readonly ballots: Ballots;
  /** Nobody was there when this host came: it founds the network, and its disk is not empty because it was lost. */
  readonly isFounder: boolean;
}

/** This host's part in electing the coordinator. It answers others from the first moment, and stands itself once it is started. */
export class Election {
  readonly #env: Env;
  readonly #parts: ElectionParts;
  readonly #listeners = new Set<() => void>();
  readonly recalling: Recalling;
  readonly credible: CredibleTerms;
  readonly #followers: Followers;
  /** The term that this host coordinates. */
  #leading: number | undefined;
  /** Whom this host has heard last, and when. */
  #heard: { readonly by: Coordination; readonly atMs: number } | undefined;
  /** Until then it does not stand. */
  #patientUntilMs = 0;
  #timer: Timer | undefined;
  #isAtWork = false;
  #isStarted = false;
  #hasStopped = false;

  constructor(env: Env, parts: ElectionParts) {
    this.#env = env;
    this.#parts = parts;
    this.recalling = new Recalling(env, parts);
    this.credible = new CredibleTerms(env.clock, parts.cluster);
    this.#followers = new Followers(env, { ...parts, onLater: (term) => this.#raise(term), leads: (term) => this.#leading === term });
    parts.transport.handle(VOTE, async (from, body) => voteAnswerCodec.encode(await this.#vote(from, voteCodec.decode(body))));
    parts.transport.handle(LEAD, async (from, body) => termCodec.encode({ term: await this.#heed({ host: from, term: termCodec.decode(body).term }) }));
    let { number } = parts.cluster.register.configuration;
    parts.cluster.onChange(({ configuration }) => {
      const isOther = configuration.number !== number;
      number = configuration.number;
      if (isOther) this.#arm(this.#leading !== undefined || this.#isAlone() || this.recalling.isNeeded ? 0 : this.#patience());
    });
  }

  /** Who coordinates, as far as this host knows. */
  get coordinator(): Coordination | undefined {
    if (this.#leading !== undefined) return this.#followers.areMajority ? { host: this.#parts.cluster.self, term: this.#leading } : undefined;
    const silenceMs = this.#isVoter() ? SILENCE_MS + SILENCE_MS / 2 : LISTENER_SILENCE_MS;
    return this.#heard !== undefined && this.#now() - this.#heard.atMs < silenceMs ? this.#heard.by : undefined;
  }

  /** The term in which this host coordinates, if it does. */
  get term(): number | undefined {
    return this.#leading !== undefined && this.#followers.areMajority ? this.#leading : undefined;
  }

  /** Called when this host begins or ends to coordinate. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  start(): void {
    this.#isStarted = true;
    const patienceMs = this.#patience();
    this.#arm(this.#isAlone() || this.recalling.isNeeded ? 0 : patienceMs);
  }

  stop(): void {
    this.#hasStopped = true;
    this.#timer?.cancel();
  }

  #now(): number {
    return this.#env.clock.monotonicMs();
  }

  #isVoter(): boolean {
    const { configuration, members } = this.#parts.cluster.register;
    return configuration.hosts.includes(this.#parts.cluster.self) && members.has(this.#parts.cluster.self);
  }

  /** The only voter need not wait for anybody. */
  #isAlone(): boolean {
    return this.#isVoter() && isOnlyVoter(this.#parts.cluster.register.configuration, this.#parts.cluster.self);
  }

  #others(configuration: VoterConfiguration): readonly HostId[] {
    return configuration.hosts.filter((host) => host !== this.#parts.cluster.self);
  }

  #patience(): number {
    const lengthMs = SILENCE_MS + (this.#env.random.fraction() * SILENCE_MS) / 2;
    this.#patientUntilMs = this.#now() + lengthMs;
    return lengthMs;
  }

  #arm(delayMs: number): void {
    this.#timer?.cancel();
    if (!this.#isStarted || this.#hasStopped) return;
    this.#timer = this.#env.timers.after(delayMs, () => void this.#work());
  }

  async #work(): Promise<void> {
    if (this.#isAtWork) return;
    this.#isAtWork = true;
    try {
      if (this.recalling.isNeeded) await this.recalling.attempt();
      if (this.#leading !== undefined) this.#beat(this.#leading);
      else if (this.#now() >= this.#patientUntilMs || this.#isAlone()) await this.#stand();
    } catch (error) {
      // A disk that takes no ballot, most likely: then this host votes for nobody, itself included.
      this.#env.log.warn("this host could not take its part in the election", { error });
    } finally {
      this.#isAtWork = false;
      this.#arm(this.#pause());
    }
  }

  #pause(): number {
    if (this.#leading !== undefined) return BEAT_MS;
    if (this.recalling.isNeeded) return RETRY_MS;
    const leftMs = this.#patientUntilMs - this.#now();
    if (leftMs <= 0 && !this.#isVoter()) return this.#patience();
    return leftMs > 0 ? leftMs : RETRY_MS * (0.2 + 0.8 * this.#env.random.fraction());
  }

  async #stand(): Promise<void> {
    const { cluster, ballots } = this.#parts;
    const { configuration } = cluster.register;
    if (!this.#isVoter()) return;
    const { ballot } = ballots;
    const term = ballot === undefined || this.recalling.isNeeded ? undefined : nextTerm(ballot, configuration);
    if (term === undefined || !(await this.#isElected(configuration, term, true)) || this.#isLed()) return;
    const own = await ballots.change((known) => known && voteFor(cluster.self, term, known));
    if (own?.term !== term || own.vote !== cluster.self || !(await this.#isElected(configuration, term, false))) return;
    // Meanwhile another term may have begun, or other voters been appointed, who were not asked.
    const { number } = cluster.register.configuration;
    if (this.#hasStopped || ballots.ballot?.term !== term || number !== configuration.number) return;
    this.#lead(term);
  }

  #isElected(configuration: VoterConfiguration, term: number, isTrial: boolean): Promise<boolean> {
    const body = voteCodec.encode({ term, number: configuration.number, isTrial });
    return this.#gather(this.#others(configuration), majority(configuration.hosts.length) - 1, async (host) => {
      const answer = voteAnswerCodec.decode(await this.#parts.transport.request(host, VOTE, body, { timeoutMs: ASK_TIMEOUT_MS }));
      if (answer.term > term) await this.#raise(answer.term);
      return answer.isGranted;
    });
  }

  /** Resolves as soon as so many have said yes, or can no longer. */
  #gather(hosts: readonly HostId[], needed: number, ask: (host: HostId) => Promise<boolean>): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const count = { granted: 0, open: hosts.length };
    const look = (): void => {
      if (count.granted >= needed) resolve(true);
      else if (count.granted + count.open < needed) resolve(false);
    };
    look();
    for (const host of hosts) {
      void ask(host)
        .catch(() => false)
        .then((isGranted) => {
          count.open -= 1;
          if (isGranted) count.granted += 1;
          look();
        });
    }
    return promise;
  }

  async #raise(term: number): Promise<void> {
    const ballot = await this.#parts.ballots.change((known) => known && (this.credible.take(term, known.term) ? raised(term, known) : known));
    // One that is not noted may be a lie. Should it be of voters that are not known here yet, their record comes.
    if (ballot !== undefined && this.#leading !== undefined && ballot.term > this.#leading) this.#stepDown("there is a later term");
  }

  #lead(term: number): void {
    this.#env.log.info("this host coordinates", { term });
    this.#leading = term;
    this.#heard = undefined;
    this.#followers.forget();
    this.#beat(term);
    this.#tell();
  }

  #stepDown(why: string): void {
    this.#env.log.info("this host no longer coordinates", { term: this.#leading, why });
    this.#leading = undefined;
    this.#arm(this.#patience());
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  #beat(term: number): void {
    const { cluster, ballots } = this.#parts;
    const { configuration } = cluster.register;
    if (!this.#isVoter()) return this.#stepDown("it is no voter any more");
    // A configuration that was forced begins an era; one of a later term was made by another coordinator.
    if (configuration.term > term || ballots.ballot?.term !== term) return this.#stepDown("there is a later term");
    this.#followers.expect();
    if (!this.#followers.areMajority) return this.#stepDown("a majority of the voters has not answered");
    this.#followers.tell(term);
  }

  /** Somebody coordinates, and nobody else is voted for: a host that was away, or hears badly, is no reason to change. */
  #isLed(): boolean {
    if (this.#leading !== undefined) return this.#followers.areMajority;
    return this.#heard !== undefined && this.#now() - this.#heard.atMs < SILENCE_MS;
  }

  async #vote(from: HostId, { term, number, isTrial }: { readonly term: number; readonly number: number; readonly isTrial: boolean }): Promise<{ readonly term: number; readonly isGranted: boolean }> {
    const { cluster, ballots } = this.#parts;
    const { configuration } = cluster.register;
    const own = ballots.ballot;
    // One of the next voters may stand before they are known here. Nobody else may say so of itself: or any member could keep the voters from standing.
    const next = own?.approved;
    const isCandidate = configuration.hosts.includes(from) || ((next?.number ?? 0) > configuration.number && next?.hosts.includes(from) === true);
    // Who does not know itself as a voter has an empty disk, or hears of its appointment in a moment; who forgot its word gives none.
    if (own === undefined || !isCertain(term, own) || !this.credible.has(term, own.term) || !this.#isVoter() || !isCandidate || number < configuration.number || this.#isLed()) return { term: own?.term ?? 0, isGranted: false };
    if (isTrial) return { term: own.term, isGranted: term > own.term };
    const given = await ballots.change((known) => known && (this.credible.take(term, known.term) ? voteFor(from, term, known) : known));
    const isGranted = given?.term === term && given.vote === from;
    if (isGranted) this.#arm(this.#patience());
    if (this.#leading !== undefined && this.#leading < term) this.#stepDown("another host stands for a later term");
    return { term: given?.term ?? 0, isGranted };
  }

  #highest(ballot: Ballot | undefined): number {
    return Math.max(ballot?.term ?? 0, this.#leading ?? 0, this.#heard?.by.term ?? 0);
  }

  /** @returns the highest term that this host knows */
  async #heed(by: Coordination): Promise<number> {
    const { cluster, ballots } = this.#parts;
    const { configuration } = cluster.register;
    const isVoters = configuration.hosts.includes(by.host);
    let isNoted = false;
    // Who does not vote notes it as well: should the only voter lose its disk, nobody else knows which terms there were.
    const known = await ballots.change((ballot) => {
      isNoted = isVoters && this.credible.take(by.term, this.#highest(ballot));
      return ballot && (isNoted ? raised(by.term, ballot) : ballot);
    });
    const highest = this.#highest(known);
    // Who does not vote takes the latest that it hears: no coordinator goes beyond a term that it alone has noted, by a voter's lie, or behind a partition.
    const least = this.#isVoter() ? highest : (this.coordinator?.term ?? 0);
    if (!isVoters || by.term < least || by.host === cluster.self) return highest;
    if (this.#leading !== undefined && by.term > this.#leading) this.#stepDown("another host coordinates a later term");
    // Whoever coordinates by voters that are not known here yet is not believed before they are, and not stood against either.
    if (isNoted) this.#heard = { by, atMs: this.#now() };
    const patienceMs = this.#patience();
    this.#arm(this.recalling.isNeeded ? 0 : patienceMs);
    return isNoted ? by.term : highest;
  }
}
