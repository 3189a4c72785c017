// How an audit goes. Each host is audited by a few others of different zones, the same ones everywhere, by a hash. An auditor picks random
// pieces of those that the host claims, asks for a random leaf of each, and verifies it against the root that the pack's owner signed. Then
// it asks those who hold the same packs whether the host has asked them for leaves while it was being challenged: a host that keeps nothing
// and fetches when it must. Its verdict is a record of its own; two auditors of different zones make a suspect (cluster/audits.ts).

import type { Audit } from "../../cluster/index.ts";
import { auditKey, auditorsOf } from "../../cluster/index.ts";
import type { HostId } from "../../codec/index.ts";
import type { Env, WorkerTurn } from "../../platform/index.ts";
import type { Catalog } from "../record/catalog.ts";
import type { PoolParts } from "../parts.ts";
import type { Challenged, Challenger } from "./challenge.ts";
import type { Answered } from "./ledger.ts";
import { Ledger } from "./ledger.ts";
import { LEAVES_PER_QUESTION } from "./messages.ts";
import type { OwnChallenges } from "./own-challenges.ts";
import { samplesOf } from "./samples.ts";
import type { Testimony } from "./testimony.ts";

/** Proven bytes only weigh placement, so a day is soon enough. */
const RETOLD_AFTER_MS = 24 * 3_600_000;

export interface AuditorParts {
  readonly env: Env;
  readonly parts: PoolParts;
  readonly catalog: Catalog;
  readonly challenger: Challenger;
  readonly testimony: Testimony;
  readonly own: OwnChallenges;
  /** Between two audits of the same host, at least. */
  readonly everyMs: number;
}

export class Auditor {
  readonly #with: AuditorParts;
  readonly #ledgers = new Map<HostId, Ledger>();
  /** When hosts were audited last, by the monotonic clock. */
  readonly #auditedMs = new Map<HostId, number>();

  constructor(parts: AuditorParts) {
    this.#with = parts;
  }

  /** Whether the host is one that this one audits, and has not audited for a while. */
  awaits(host: HostId): boolean {
    return this.#isMine(host) && this.#isDue(host);
  }

  /** "audit": a challenge to each host that awaits one and can be asked. */
  async turn({ signal, report }: WorkerTurn): Promise<void> {
    const { env, parts, catalog } = this.#with;
    for (const known of [this.#ledgers, this.#auditedMs]) for (const host of known.keys()) if (!this.#isMine(host)) known.delete(host);
    const hosts = new Set([...parts.roster().members.keys()].filter((host) => parts.presence(host) === "online" && this.awaits(host)));
    const samples = await samplesOf(env, catalog, hosts, LEAVES_PER_QUESTION, signal);
    for (const [done, host] of [...hosts].entries()) {
      report(`${done} of ${hosts.size} hosts`);
      const sample = samples.get(host);
      await this.#audit(host, sample?.pieces ?? [], sample?.claimedBytes ?? 0, signal);
    }
    const suspects = [...this.#ledgers.values()].filter(({ isSuspect }) => isSuspect).length;
    report(suspects === 0 ? `${hosts.size} hosts audited` : `${hosts.size} hosts audited, ${suspects} suspect to this one`);
  }

  #isMine(host: HostId): boolean {
    const { self, roster } = this.#with.parts;
    const { members } = roster();
    return host !== self && members.has(host) && auditorsOf(host, members).includes(self);
  }

  #isDue(host: HostId): boolean {
    const { env, everyMs } = this.#with;
    const auditedMs = this.#auditedMs.get(host);
    return auditedMs === undefined || env.clock.monotonicMs() - auditedMs >= everyMs;
  }

  #ledger(host: HostId): Ledger {
    const known = this.#ledgers.get(host);
    if (known !== undefined) return known;
    const made = new Ledger(this.#told(host)?.isSuspect ?? false);
    this.#ledgers.set(host, made);
    return made;
  }

  #told(host: HostId): Audit | undefined {
    return this.#with.parts.audit.told(host);
  }

  async #audit(host: HostId, sampled: readonly Challenged[], claimedBytes: number, signal: AbortSignal): Promise<void> {
    const { env, own } = this.#with;
    const ledger = this.#ledger(host);
    const pieces = sampled.filter(({ pack }) => own.mayAsk(pack));
    if (sampled.length === 0) {
      ledger.nothingClaimed(LEAVES_PER_QUESTION);
      this.#auditedMs.set(host, env.clock.monotonicMs());
    } else if (pieces.length > 0) ledger.add(await this.#challenge(host, pieces, signal));
    await this.#tell(host, ledger, claimedBytes);
  }

  /** None when the host cannot be reached. */
  async #challenge(host: HostId, pieces: readonly Challenged[], signal: AbortSignal): Promise<readonly Answered[]> {
    const { env, challenger, testimony, own } = this.#with;
    const packs = pieces.map(({ pack }) => pack);
    const sentMs = env.clock.monotonicMs();
    const outcomes = await own.during(packs, () => challenger.ask(host, pieces, signal));
    if (outcomes === undefined) return [];
    this.#auditedMs.set(host, sentMs);
    const answeredMs = env.clock.monotonicMs();
    const suspicious = pieces.filter((_, at) => outcomes[at] === "right");
    const fetched = await testimony.about(host, suspicious, { sentMs, answeredMs }, signal);
    return pieces.map((piece, at) => fetched.get(piece) ?? { outcome: outcomes[at]! });
  }

  async #tell(host: HostId, ledger: Ledger, claimedBytes: number): Promise<void> {
    const { env, parts } = this.#with;
    const told = this.#told(host);
    const nowMs = env.clock.wallMs();
    const provenBytes = ledger.provenBytes(claimedBytes) ?? told?.provenBytes ?? 0;
    const isChanged = ledger.isSuspect !== (told?.isSuspect ?? false);
    const isDue = provenBytes !== (told?.provenBytes ?? 0) && Math.abs(nowMs - (told?.toldMs ?? 0)) >= RETOLD_AFTER_MS;
    if (!isChanged && !isDue) return;
    if (isChanged) env.log.warn(ledger.isSuspect ? "a host does not hold what it claims" : "a host that was suspect holds again what it claims", { host, failures: ledger.failures });
    await parts.audit.tell(auditKey(parts.self, host), { provenBytes, failures: ledger.failures, isSuspect: ledger.isSuspect, toldMs: nowMs });
  }
}
