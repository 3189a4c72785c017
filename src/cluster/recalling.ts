import type { HostId } from "../codec/index.ts";
import type { Transport } from "../net/index.ts";
import type { Env } from "../platform/index.ts";
import type { Approved, Ballots } from "./ballots.ts";
import type { Cluster } from "./cluster.ts";
import { TERMS_AHEAD_MAX } from "./credible-terms.ts";
import { APPROVE_TIMEOUT_MS, ASK_TIMEOUT_MS, RECALL, recallCodec, recollectionCodec } from "./election-messages.ts";
import type { Recollection } from "./election-messages.ts";
import type { Register } from "./roster.ts";
import { eraOf, recalled, witnessesOf } from "./terms.ts";
import { isForced, isOnlyVoter, remembers } from "./voters.ts";

// What a host gave its word for, when its disk has lost that. A voter that forgot is as good as one that votes twice, so it gives no vote before
// others have told it in which terms it may have voted. It asks so many of each electorate in whose majorities it may have been that every
// one of them has a witness: of the voters that it knows; of those before them, as far as they still vote, who may have elected somebody while
// they had not heard of their successors; and of those that have been proposed, who may be the voters already. Nobody can have appointed yet
// others without one of these knowing more than this host does, and then it first learns that.
//
// Voters whom an administrator forced come from nobody's proposal, so no witness tells of them. What was learnt before this host heard of them is
// therefore not believed for them, and is asked for again: a ballot says under which voters it was learnt. And only those are asked who know them.
// A host that is in none of these electorates has only just come, and nothing to forget.
//
// The only voter's disk is the memory of a majority. When it is lost, all members are asked which terms they have heard of.

/** Until then somebody may still count what this host said before it lost its disk, and its witnesses not know of it yet. */
const COUNTED_MS = Math.max(ASK_TIMEOUT_MS, APPROVE_TIMEOUT_MS);

export interface RecallingParts {
  readonly cluster: Pick<Cluster, "self" | "register">;
  readonly transport: Pick<Transport, "request" | "handle">;
  readonly ballots: Ballots;
  /** Nobody was there when this host came: it founds the network, and its disk is not empty because it was lost. */
  readonly isFounder: boolean;
}

type Voters = Pick<Register, "configuration" | "configurations">;

/** Learns this host's ballot anew from the others, and tells others what this host knows. */
export class Recalling {
  readonly #env: Env;
  readonly #parts: RecallingParts;
  readonly #begunMs: number;

  constructor(env: Env, parts: RecallingParts) {
    this.#env = env;
    this.#parts = parts;
    this.#begunMs = env.clock.monotonicMs();
    parts.transport.handle(RECALL, (_from, body) => {
      recallCodec.decode(body);
      const ballot = this.isNeeded ? null : (parts.ballots.ballot ?? null);
      return Promise.resolve(recollectionCodec.encode({ number: parts.cluster.register.configuration.number, ballot }));
    });
  }

  /** A new host, one with a new disk, or one whose memory does not reach as far as the voters do. */
  get isNeeded(): boolean {
    const { cluster, ballots } = this.#parts;
    const { configuration, members } = cluster.register;
    if (configuration.number === 0 || !members.has(cluster.self)) return false;
    return !remembers(ballots.ballot, configuration.term, configuration, cluster.self);
  }

  /** Asks once, and keeps what is learnt if it is enough. */
  async attempt(): Promise<void> {
    const { cluster, ballots } = this.#parts;
    const { self, register } = cluster;
    const { configuration } = register;
    if (configuration.hosts.length > 2 && configuration.hosts.includes(self) && this.#env.clock.monotonicMs() - this.#begunMs < COUNTED_MS) return;
    const answers = new Map<HostId, Recollection>();
    const known = this.#isAlone() ? [this.#members()] : electorates(register, self);
    await this.#ask(known.flat(), answers);
    const proposed = proposedAfter(register, [...answers.values()]);
    const all = proposed?.includes(self) === true && !this.#isAlone() ? [...known, proposed] : known;
    await this.#ask(all.flat(), answers);
    // Who has not heard of the present voters yet asks the wrong ones. What cannot be is neither believed nor passed over: the rest might not be enough.
    if ([...answers.values()].some(({ number, ballot }) => number > configuration.number || !isPossible(ballot?.term ?? 0, configuration))) return;
    const era = eraOf(configuration.term);
    if (!all.every((electorate) => this.#isWitnessed(electorate, answers, era))) return;
    const others = [...answers.values()].map(({ ballot }) => ballot).filter((ballot) => ballot !== null);
    const learntAt = all.some((electorate) => electorate.includes(self)) ? configuration.number : null;
    await ballots.change((own) => (this.isNeeded ? recalled(self, learntAt, own === undefined ? others : [own, ...others]) : own));
  }

  /** Whether a host that is no voter yet would be able to vote. */
  async isPrepared(host: HostId): Promise<boolean> {
    const answer = await this.#askOne(host).catch(() => undefined);
    return answer !== undefined && answer.ballot !== null;
  }

  /** Whoever takes itself for the only voter, and is not the only host, may not have heard yet of those who voted with it. */
  #isAlone(): boolean {
    return isOnlyVoter(this.#parts.cluster.register.configuration, this.#parts.cluster.self);
  }

  #members(): readonly HostId[] {
    return [...this.#parts.cluster.register.members].filter(([, { isGone }]) => !isGone).map(([host]) => host);
  }

  /** Whether each majority has somebody who remembers; or whether nobody is left who could. */
  #isWitnessed(electorate: readonly HostId[], answers: ReadonlyMap<HostId, Recollection>, era: number): boolean {
    const others = electorate.filter((host) => host !== this.#parts.cluster.self);
    if (others.every((host) => answers.has(host))) return others.length > 0 || !this.#isAlone() || this.#parts.isFounder;
    const remembering = others.filter((host) => {
      const answer = answers.get(host);
      return answer !== undefined && answer.ballot !== null && answer.number >= era;
    });
    return !this.#isAlone() && remembering.length >= Math.min(witnessesOf(electorate.length), others.length);
  }

  async #ask(hosts: readonly HostId[], answers: Map<HostId, Recollection>): Promise<void> {
    const others = [...new Set(hosts)].filter((host) => host !== this.#parts.cluster.self && !answers.has(host));
    await Promise.allSettled(others.map(async (host) => answers.set(host, await this.#askOne(host))));
  }

  async #askOne(host: HostId): Promise<Recollection> {
    return recollectionCodec.decode(await this.#parts.transport.request(host, RECALL, recallCodec.encode({}), { timeoutMs: ASK_TIMEOUT_MS }));
  }
}

/** Whether the voters that are known can have come to a term. */
function isPossible(term: number, configuration: Voters["configuration"]): boolean {
  return eraOf(term) <= eraOf(configuration.term) && term - configuration.term <= TERMS_AHEAD_MAX;
}

/** The voters that a host knows, and those before them that still vote: those who do not were dropped because they are gone or removed, and cannot be asked. */
function electorates({ configuration, configurations }: Voters, self: HostId): readonly (readonly HostId[])[] {
  if (isForced(configuration)) return [configuration.hosts];
  const former = (configurations.get(configuration.number - 1) ?? []).filter(({ hosts }) => hosts.includes(self));
  return [configuration.hosts, ...former.map(({ hosts }) => hosts.filter((host) => configuration.hosts.includes(host)))];
}

/** The voters that may have been appointed since: what was approved under the latest term, as in the appointment itself. */
function proposedAfter({ configuration: { number, term } }: Voters, answers: readonly Recollection[]): Approved["hosts"] | undefined {
  const approved = answers.map(({ ballot }) => ballot?.approved).filter((each) => each?.number === number + 1 && each.term >= term);
  return approved.sort((a, b) => b!.term - a!.term)[0]?.hosts;
}
