import type { HostId, NetworkId } from "../codec/index.ts";
import { codec, fixedBytes, id, struct, uint } from "../codec/index.ts";
import type { KeyPair } from "../crypto/index.ts";
import type { Transport } from "../net/index.ts";
import type { Env, WorkerTurn } from "../platform/index.ts";
import { Worker } from "../platform/index.ts";
import { attest } from "./attestation.ts";
import type { Cluster } from "./cluster.ts";
import { signedFor } from "./contested.ts";
import type { Attestation } from "./entries.ts";
import { MAX_VOTERS } from "./entries.ts";
import { ClusterError } from "./errors.ts";
import { gather } from "./gathering.ts";
import { majority } from "./voters.ts";

const ATTEST = "cluster/attest";
const ASK_TIMEOUT_MS = 3_000;
const EVERY_MS = 10_000;
/** So many in one turn: a network that comes from an earlier version has all of its hosts to attest. */
const AT_ONCE = 16;

export const attestQuestionCodec = codec("A question whether a host is known", 1, 128, struct({ host: id<HostId>(), number: uint() }));
export const attestAnswerCodec = codec("A signed attestation", 1, 128, struct({ signature: fixedBytes(64) }));

export interface AttestationsParts {
  readonly network: NetworkId;
  readonly key: KeyPair;
  readonly cluster: Cluster;
  readonly transport: Transport;
  /** Writes the record of an attestation in this host's name. */
  readonly publish: (host: HostId, attestation: Attestation) => Promise<unknown>;
}

/**
 * Has a majority of the voters sign who came by which invite, so that nobody who comes later takes it from them. Who votes has been signed for by
 * that, and as long as there are few hosts all of them come to vote.
 */
export class Attestations {
  readonly #env: Env;
  readonly #parts: AttestationsParts;
  /** Those of which the voters did not say enough: the others come first, until all have had their turn. */
  readonly #inVain = new Set<HostId>();
  readonly worker: Worker;

  constructor(env: Env, parts: AttestationsParts) {
    this.#env = env;
    this.#parts = parts;
    this.worker = new Worker(env, { name: "attestations", everyMs: EVERY_MS, work: (turn) => this.#turn(turn) });
    parts.transport.handle(ATTEST, (_from, body) => {
      const { host, number } = attestQuestionCodec.decode(body);
      return Promise.resolve(attestAnswerCodec.encode({ signature: this.#sign(host, number) }));
    });
  }

  async #turn({ signal, report }: WorkerTurn): Promise<void> {
    const { cluster } = this.#parts;
    const { configuration, members } = cluster.register;
    const signed = signedFor(cluster.register);
    const due = configuration.hosts.length < MAX_VOTERS ? [] : [...members.values()].filter(({ host, invite }) => invite !== null && !signed.has(host));
    report(due.length === 0 ? "all hosts are attested or vote" : `${due.length} hosts are to be attested`);
    if (!cluster.isCoordinator()) return;
    const hosts = due.map(({ host }) => host);
    const untried = hosts.filter((host) => !this.#inVain.has(host));
    if (untried.length === 0) this.#inVain.clear();
    for (const host of (untried.length === 0 ? hosts : untried).slice(0, AT_ONCE)) if (!(await this.#gather(host, signal))) this.#inVain.add(host);
  }

  /** @returns whether the host has been attested */
  async #gather(host: HostId, signal: AbortSignal): Promise<boolean> {
    const { cluster, transport } = this.#parts;
    const { number, hosts } = cluster.register.configuration;
    const body = attestQuestionCodec.encode({ host, number });
    const ask = async (voter: HostId): Promise<Uint8Array> => attestAnswerCodec.decode(await transport.request(voter, ATTEST, body, { timeoutMs: ASK_TIMEOUT_MS, signal })).signature;
    const said = await gather(hosts, cluster.self, () => this.#sign(host, number), ask);
    if (said.length < majority(hosts.length)) return false;
    try {
      await this.#parts.publish(host, { number, signatures: said.map(({ host: voter, answer }) => ({ host: voter, signature: answer })) });
    } catch (error) {
      this.#env.log.warn("a host's attestation could not be written", { host, error });
      return false;
    }
    this.#env.log.debug("a host was attested", { host });
    return true;
  }

  /** @throws ClusterError NOT_APPROVED */
  #sign(host: HostId, number: number): Uint8Array {
    const { cluster, key, network } = this.#parts;
    const invite = cluster.member(host)?.invite ?? null;
    if (invite === null || number !== cluster.register.configuration.number) throw new ClusterError("NOT_APPROVED", "This voter does not know the host as one that came by its invite, or knows other voters.");
    return attest(key, network, { host, invite, number });
  }
}
