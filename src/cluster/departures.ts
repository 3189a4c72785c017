import type { HostId, NetworkId } from "../codec/index.ts";
import { codec, fixedBytes, id, struct, uint } from "../codec/index.ts";
import type { KeyPair } from "../crypto/index.ts";
import type { Transport } from "../net/index.ts";
import type { Env, WorkerTurn } from "../platform/index.ts";
import { Worker } from "../platform/index.ts";
import type { Absences } from "./absences.ts";
import type { Cluster } from "./cluster.ts";
import type { Absent } from "./departure.ts";
import { signAbsence } from "./departure.ts";
import type { Departure } from "./entries.ts";
import { ClusterError } from "./errors.ts";
import { gather } from "./gathering.ts";
import { majority } from "./voters.ts";

const ABSENT = "cluster/absent";
const ASK_TIMEOUT_MS = 3_000;
const EVERY_MS = 10_000;
const SAVE_EVERY_MS = 600_000;

export const absentQuestionCodec = codec<Absent>("A question after an absence", 1, 128, struct({ host: id<HostId>(), returns: uint(), number: uint() }));
export const absentAnswerCodec = codec("A signed absence", 1, 128, struct({ signature: fixedBytes(64) }));

export interface DeparturesParts {
  readonly network: NetworkId;
  readonly key: KeyPair;
  readonly cluster: Cluster;
  readonly transport: Transport;
  readonly absences: Absences;
  /** Writes the record of a host's departure in this host's name. */
  readonly publish: (host: HostId, departure: Departure) => Promise<unknown>;
}

/**
 * Declares hosts gone that were away for the network's `gone-after`: the coordinator asks the voters, each signs if it has not heard of the host
 * for that long either, and with a majority it is written. What such a host should hold is held by others from then on, until it returns.
 */
export class Departures {
  readonly #env: Env;
  readonly #parts: DeparturesParts;
  #savedMs: number;
  readonly worker: Worker;

  constructor(env: Env, parts: DeparturesParts) {
    this.#env = env;
    this.#parts = parts;
    this.#savedMs = env.clock.monotonicMs();
    this.worker = new Worker(env, { name: "departures", everyMs: EVERY_MS, work: (turn) => this.#turn(turn) });
    parts.transport.handle(ABSENT, (_from, body) => Promise.resolve(absentAnswerCodec.encode({ signature: this.#sign(absentQuestionCodec.decode(body)) })));
    parts.transport.onPeer(() => this.#observe());
  }

  #observe(): void {
    const { cluster, absences } = this.#parts;
    absences.observe([cluster.self, ...cluster.online()], cluster.members());
  }

  async #turn({ signal, report }: WorkerTurn): Promise<void> {
    const { cluster, absences } = this.#parts;
    this.#observe();
    const now = this.#env.clock.monotonicMs();
    if (now - this.#savedMs >= SAVE_EVERY_MS) {
      await absences.save();
      this.#savedMs = now;
    }
    const due = cluster.active().filter((host) => this.#isGoneHere(host));
    report(due.length === 0 ? "nobody has been away for too long" : `${due.length} hosts have been away for too long`);
    if (!cluster.isCoordinator()) return;
    // One whose record cannot be written is no reason for the others to be kept.
    for (const host of due) await this.#declare(host, signal).catch((error: unknown) => this.#env.log.warn("a host could not be declared gone", { host, error }));
  }

  #isGoneHere(host: HostId): boolean {
    const { cluster, absences } = this.#parts;
    return absences.isAwayFor(host, cluster.settings.goneAfterMs);
  }

  async #declare(host: HostId, signal: AbortSignal): Promise<void> {
    const { cluster, transport } = this.#parts;
    const { number, hosts } = cluster.register.configuration;
    const absent = { host, returns: cluster.member(host)!.returns, number };
    const body = absentQuestionCodec.encode(absent);
    const ask = async (voter: HostId): Promise<Uint8Array> => absentAnswerCodec.decode(await transport.request(voter, ABSENT, body, { timeoutMs: ASK_TIMEOUT_MS, signal })).signature;
    const said = await gather(hosts, cluster.self, () => this.#sign(absent), ask);
    if (said.length < majority(hosts.length)) return;
    await this.#parts.publish(host, { returns: absent.returns, number, signatures: said.map(({ host: voter, answer }) => ({ host: voter, signature: answer })) });
    this.#env.log.info("a host was declared gone", { host, returns: absent.returns });
  }

  /** @throws ClusterError NOT_GONE */
  #sign(absent: Absent): Uint8Array {
    const { cluster, key, network } = this.#parts;
    this.#observe();
    if (cluster.member(absent.host)?.returns !== absent.returns || !this.#isGoneHere(absent.host)) {
      throw new ClusterError("NOT_GONE", "This voter has heard of the host, or has not missed it for long enough.");
    }
    return signAbsence(key, network, absent);
  }
}
