import type { HostId, NetworkId } from "../codec/index.ts";
import { codec, fixedBytes, id, list, nullable, struct, uint } from "../codec/index.ts";
import type { KeyPair } from "../crypto/index.ts";
import type { Transport } from "../net/index.ts";
import type { Env, WorkerTurn } from "../platform/index.ts";
import { Worker } from "../platform/index.ts";
import type { Approved, Ballot, Ballots } from "./ballots.ts";
import type { Cluster } from "./cluster.ts";
import type { Election } from "./election.ts";
import { APPROVE_TIMEOUT_MS } from "./election-messages.ts";
import type { Approval, VoterConfiguration } from "./entries.ts";
import { MAX_VOTERS } from "./entries.ts";
import { ClusterError } from "./errors.ts";
import { gather } from "./gathering.ts";
import type { Said } from "./gathering.ts";
import { raised } from "./terms.ts";
import { approve, isSensible, majority, nextVoters, remembers } from "./voters.ts";

// How the configuration of voters follows the network, one host at a time, up to seven. The coordinator first has a majority of the current voters
// promise to take part in no lower term, and learns what each approved for the next number. What one of them approved under the highest
// term is proposed again, since it may have been approved by a majority; else the coordinator proposes what it thinks right. With the
// signatures of a majority it is written. (One decision of Paxos per number, the voters of the number before being its acceptors; Lamport 2001.)

const APPROVE = "cluster/approve";
const EVERY_MS = 5_000;
/** Who has only just become a voter, or has not heard of one yet, is ready in a moment. */
const RETRY_MS = 500;

interface Proposal {
  readonly number: number;
  readonly term: number;
  readonly hosts: readonly HostId[] | null;
}

interface Answer {
  readonly former: Pick<Approved, "term" | "hosts"> | null;
  readonly signature: Uint8Array | null;
}

/** Null hosts ask for the promise alone. */
export const proposalCodec = codec<Proposal>("A proposed configuration", 1, 1024, struct({ number: uint(), term: uint(), hosts: nullable(list(id<HostId>(), MAX_VOTERS)) }));
/** What the voter approved of that number before, and its signature. */
export const proposalAnswerCodec = codec<Answer>(
  "An answer to a proposed configuration",
  1,
  1024,
  struct({ former: nullable(struct({ term: uint(), hosts: list(id<HostId>(), MAX_VOTERS) })), signature: nullable(fixedBytes(64)) }),
);

export interface AppointmentParts {
  readonly network: NetworkId;
  readonly key: KeyPair;
  readonly cluster: Cluster;
  readonly transport: Transport;
  readonly ballots: Ballots;
  readonly election: Election;
  /** Writes the record of a configuration in this host's name. */
  readonly publish: (configuration: VoterConfiguration) => Promise<unknown>;
}

/** Appoints voters while this host coordinates, and gives or withholds its approval otherwise. */
export class Appointment {
  readonly #env: Env;
  readonly #parts: AppointmentParts;
  readonly worker: Worker;

  constructor(env: Env, parts: AppointmentParts) {
    this.#env = env;
    this.#parts = parts;
    this.worker = new Worker(env, { name: "voters", everyMs: EVERY_MS, work: (turn) => this.#turn(turn) });
    parts.transport.handle(APPROVE, async (from, body) => {
      if (!parts.cluster.register.voters.includes(from)) throw new ClusterError("NOT_APPROVED", "Only voters propose who else is to be one.");
      return proposalAnswerCodec.encode(await this.#answer(from, proposalCodec.decode(body)));
    });
    parts.cluster.onChange(() => this.worker.nudge());
    parts.election.onChange(() => this.worker.nudge());
    parts.transport.onPeer(() => this.worker.nudge());
  }

  async #turn({ signal, report }: WorkerTurn): Promise<void> {
    const { cluster, election } = this.#parts;
    const { configuration } = cluster.register;
    report(`${configuration.hosts.length} voters`);
    const { term } = election;
    if (term === undefined) return;
    const wanted = nextVoters(configuration.hosts, cluster.register, cluster.online());
    if (wanted === undefined) return;
    const hosts = await this.#prepared(configuration, wanted);
    if (hosts === undefined || !(await this.#appoint(configuration, term, hosts, signal))) this.#env.timers.after(RETRY_MS, () => this.worker.nudge());
  }

  /** The voters that should follow, if it is one less, or one more that could vote at once. */
  async #prepared(configuration: VoterConfiguration, wanted: readonly HostId[]): Promise<readonly HostId[] | undefined> {
    if (wanted.length < configuration.hosts.length) return wanted;
    const { cluster, election } = this.#parts;
    for (const host of cluster.online()) {
      const hosts = nextVoters(configuration.hosts, cluster.register, [host]);
      if (hosts !== undefined && (await election.recalling.isPrepared(host))) return hosts;
    }
    return undefined;
  }

  /** @returns whether the next configuration has been written */
  async #appoint(configuration: VoterConfiguration, term: number, wanted: readonly HostId[], signal: AbortSignal): Promise<boolean> {
    const number = configuration.number + 1;
    const promises = await this.#ask(configuration, { number, term, hosts: null }, signal);
    if (promises.length < majority(configuration.hosts.length)) return false;
    const former = promises.map(({ answer }) => answer.former).filter((each) => each !== null).sort((a, b) => b.term - a.term)[0];
    const hosts = former?.hosts ?? wanted;
    const answers = await this.#ask(configuration, { number, term, hosts }, signal);
    const approvals: Approval[] = answers.flatMap(({ host, answer }) => (answer.signature === null ? [] : [{ host, signature: answer.signature }]));
    if (approvals.length < majority(configuration.hosts.length)) return false;
    await this.#parts.publish({ number, term, hosts, approvals });
    return true;
  }

  #ask(current: VoterConfiguration, proposal: Proposal, signal: AbortSignal): Promise<readonly Said<Answer>[]> {
    const { cluster, transport } = this.#parts;
    const body = proposalCodec.encode(proposal);
    const ask = async (voter: HostId): Promise<Answer> => proposalAnswerCodec.decode(await transport.request(voter, APPROVE, body, { timeoutMs: APPROVE_TIMEOUT_MS, signal }));
    return gather(current.hosts, cluster.self, () => this.#answer(cluster.self, proposal), ask);
  }

  async #answer(from: HostId, proposal: Proposal): Promise<Answer> {
    const { cluster, ballots, key, network } = this.#parts;
    const { number, term, hosts } = proposal;
    let former: Approved | null = null;
    await ballots.change((ballot) => {
      this.#check(proposal, ballot);
      former = ballot.approved?.number === number ? ballot.approved : null;
      const promised = raised(term, ballot);
      return hosts === null ? promised : { ...promised, approved: { number, term, hosts } };
    });
    this.#env.log.debug("a configuration of voters was proposed", { from, number, term });
    return { former, signature: hosts === null ? null : approve(key, cluster.self, network, { number, term, hosts }).signature };
  }

  /** @throws ClusterError NOT_APPROVED */
  #check({ number, term, hosts }: Proposal, ballot: Ballot | undefined): asserts ballot is Ballot {
    const { cluster, election } = this.#parts;
    const { configuration } = cluster.register;
    const refuse = (why: string): never => {
      throw new ClusterError("NOT_APPROVED", `${why} The coordinator will try again.`);
    };
    if (!remembers(ballot, term, configuration, cluster.self)) return refuse("This voter had an empty disk and must first learn what it gave its word for.");
    if (!configuration.hosts.includes(cluster.self) || number !== configuration.number + 1) return refuse("The proposed voters do not follow the ones that are known here.");
    if (term < ballot.term) return refuse("A later term has begun.");
    if (!election.credible.take(term, ballot.term)) return refuse("No such term can have begun with the voters that are known here.");
    if (hosts === null) return;
    const { approved, learntAt } = ballot;
    const isSame = approved?.number === number && approved.hosts.join() === hosts.join();
    // What this voter has approved itself may be completed though it would not approve it now: the removal counts no more for which a host was to be
    // dropped, and the number would stay. Whoever means ill needs a majority still that has found it right before, each for this very number. What a
    // voter with a new disk was told that it had approved is no word of its own.
    const wasApproved = isSame && number > (learntAt ?? -1) + 1;
    if (!wasApproved && !isSensible(hosts, cluster.register)) return refuse("The proposed voters do not follow from the current ones here.");
    if (approved?.number === number && approved.term === term && !isSame) refuse(`Another configuration number ${number} was approved here in this term.`);
  }
}
