import type { Approval, Cluster } from "../cluster/index.ts";
import { ClusterError, approve, isSensible, majority, nextVoters, votersCodec } from "../cluster/index.ts";
import type { HostId } from "../codec/index.ts";
import { codec, fixedBytes, id, list, struct, uint } from "../codec/index.ts";
import type { Transport } from "../net/index.ts";
import type { Env, WorkerTurn } from "../platform/index.ts";
import { Limiter, Worker, readIfPresent, writeDurably } from "../platform/index.ts";
import type { Records } from "../records/index.ts";
import { EMPTY_CONTEXT } from "../records/index.ts";
import type { DataDirectory, HostIdentity } from "./directory.ts";

const APPROVE = "cluster/approve";
const APPROVE_TIMEOUT_MS = 3_000;
const EVERY_MS = 5_000;
const MAX_VOTERS = 7;
/** The last configuration that this host approved: its word must outlive a restart. */
const APPROVED = "approved.cbor";

const proposalCodec = codec("A proposed configuration", 1, 1024, struct({ number: uint(), hosts: list(id<HostId>(), MAX_VOTERS) }));
const approvalCodec = codec<Approval>("An approval", 1, 256, struct({ host: id<HostId>(), signature: fixedBytes(64) }));

export interface VotersParts {
  readonly identity: HostIdentity;
  readonly directory: Pick<DataDirectory, "file">;
  readonly cluster: Cluster;
  readonly records: Records;
  readonly transport: Transport;
}

/**
 * Lets the configuration of voters follow the network, one host at a time, up to seven. A voter proposes the next
 * configuration, a majority of the current one signs it, and the proposer writes it with their signatures. A voter signs one
 * configuration per number and keeps its word over a restart.
 */
export class Voters {
  readonly #env: Env;
  readonly #parts: VotersParts;
  /** One approval after the other, or two proposals with one number would both find it free. */
  readonly #approving = new Limiter(1);
  readonly worker: Worker;

  constructor(env: Env, parts: VotersParts) {
    this.#env = env;
    this.#parts = parts;
    this.worker = new Worker(env, { name: "voters", everyMs: EVERY_MS, work: (turn) => this.#turn(turn) });
    parts.transport.handle(APPROVE, async (from, body, signal) => {
      const { number, hosts } = proposalCodec.decode(body);
      if (!parts.cluster.register.voters.includes(from)) throw new ClusterError("NOT_APPROVED", "Only voters propose who else is to be one.");
      return approvalCodec.encode(await this.#approving.run(() => this.#approve(number, hosts), signal));
    });
    parts.cluster.onChange(() => this.worker.nudge());
  }

  async #turn({ signal, report }: WorkerTurn): Promise<void> {
    const { cluster, identity } = this.#parts;
    const { configuration, members } = cluster.register;
    const present = [identity.host, ...cluster.online()].filter((host) => members.has(host));
    report(`${configuration.hosts.length} voters`);
    // One proposer at a time is enough; the first present voter is as good as any.
    if (configuration.hosts.find((host) => present.includes(host)) !== identity.host) return;
    const hosts = nextVoters(configuration.hosts, cluster.register, present);
    if (hosts === undefined) return;
    const number = configuration.number + 1;
    // What was approved and never came to be written is proposed again: its number is taken.
    const former = await this.#formerApproval();
    await this.#propose(number, former?.number === number ? former.hosts : hosts, signal);
  }

  async #propose(number: number, hosts: readonly HostId[], signal: AbortSignal): Promise<void> {
    const { cluster, identity, records, transport } = this.#parts;
    const current = cluster.register.configuration;
    const body = proposalCodec.encode({ number, hosts: [...hosts] });
    const asked = current.hosts.map(async (host) => (host === identity.host ? this.#approving.run(() => this.#approve(number, hosts), signal) : approvalCodec.decode(await transport.request(host, APPROVE, body, { timeoutMs: APPROVE_TIMEOUT_MS, signal }))));
    const approvals = (await Promise.allSettled(asked)).filter((outcome) => outcome.status === "fulfilled").map(({ value }) => value);
    if (approvals.length < majority(current.hosts.length)) {
      this.#env.log.debug("a configuration of voters was not approved", { number, approvals: approvals.length });
      return;
    }
    await records.write([{ namespace: identity.network.namespace, key: `voters/${number}`, value: votersCodec.encode({ number, hosts: [...hosts], approvals }), context: EMPTY_CONTEXT }], { as: "host" });
  }

  async #approve(number: number, hosts: readonly HostId[]): Promise<Approval> {
    const { cluster, directory, identity } = this.#parts;
    const { configuration } = cluster.register;
    if (!configuration.hosts.includes(identity.host) || number !== configuration.number + 1 || !isSensible(hosts, configuration.hosts, cluster.register)) {
      throw new ClusterError("NOT_APPROVED", "The proposed voters do not follow from the current ones here. The proposer will try again.");
    }
    const former = await this.#formerApproval();
    if (former?.number === number && former.hosts.join() !== hosts.join()) {
      throw new ClusterError("NOT_APPROVED", `Another configuration number ${number} was approved here before. The proposer will try again.`);
    }
    await writeDurably(directory.file(APPROVED), proposalCodec.encode({ number, hosts: [...hosts] }));
    return approve(identity.key, identity.host, identity.network.id, number, hosts);
  }

  async #formerApproval(): Promise<{ readonly number: number; readonly hosts: readonly HostId[] } | undefined> {
    const bytes = await readIfPresent(this.#parts.directory.file(APPROVED));
    return bytes === undefined ? undefined : proposalCodec.decode(bytes);
  }
}
