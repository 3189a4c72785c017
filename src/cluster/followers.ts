import type { HostId } from "../codec/index.ts";
import type { Transport } from "../net/index.ts";
import type { Env } from "../platform/index.ts";
import type { Cluster } from "./cluster.ts";
import { ASK_TIMEOUT_MS, LEAD, termCodec } from "./election-messages.ts";
import { majority } from "./voters.ts";

/** For how long a coordinator must be silent before others vote again, or unanswered before it ends; each voter waits up to half as long more, by lot. */
export const SILENCE_MS = 2_000;
/** Hosts that do not vote are told when they come, when a coordinator begins, and so often besides; they believe it for thrice as long. */
export const LISTENER_MS = 10_000;

export interface FollowersParts {
  readonly cluster: Pick<Cluster, "self" | "register" | "online">;
  readonly transport: Pick<Transport, "request">;
  /** A voter knows a later term. Of what others say of terms nothing follows: a majority of the voters knows each that counts, and anybody might lie. */
  readonly onLater: (term: number) => Promise<void>;
  /** Whether this host still coordinates that term. */
  readonly leads: (term: number) => boolean;
}

/** Whom a coordinator tells that it coordinates, and which of them have answered. */
export class Followers {
  readonly #env: Env;
  readonly #parts: FollowersParts;
  /** When each voter was last asked something that it answered. */
  readonly #answered = new Map<HostId, number>();
  /** When each of those who do not vote was last told, and answered. */
  readonly #told = new Map<HostId, number>();

  constructor(env: Env, parts: FollowersParts) {
    this.#env = env;
    this.#parts = parts;
  }

  /** Another term begins. */
  forget(): void {
    this.#answered.clear();
    this.#told.clear();
  }

  /** Who has only just become a voter is given the time to answer. */
  expect(): void {
    for (const host of this.#voters()) if (!this.#answered.has(host)) this.#answered.set(host, this.#now());
  }

  /** Whether a majority of the voters has answered lately. */
  get areMajority(): boolean {
    const { hosts } = this.#parts.cluster.register.configuration;
    const now = this.#now();
    const present = hosts.filter((host) => host === this.#parts.cluster.self || now - (this.#answered.get(host) ?? now) < SILENCE_MS);
    return present.length >= majority(hosts.length);
  }

  /** Tells all voters, and of the others those who have not been told for a while. */
  tell(term: number): void {
    const body = termCodec.encode({ term });
    const voters = this.#voters();
    for (const host of voters) void this.#remind(host, term, body).then((askedMs) => this.#answered.set(host, Math.max(askedMs, this.#answered.get(host) ?? 0)), () => {});
    for (const host of this.#listening(voters)) void this.#ask(host, term, body).then(({ askedMs }) => this.#told.set(host, askedMs), () => {});
  }

  #now(): number {
    return this.#env.clock.monotonicMs();
  }

  #voters(): readonly HostId[] {
    const { self, register } = this.#parts.cluster;
    return register.configuration.hosts.filter((host) => host !== self);
  }

  /** Who does not vote and has not been told for a while, or never since it came. */
  #listening(voters: readonly HostId[]): readonly HostId[] {
    const online = this.#parts.cluster.online();
    for (const host of this.#told.keys()) if (!online.includes(host)) this.#told.delete(host);
    return online.filter((host) => !voters.includes(host) && this.#now() - (this.#told.get(host) ?? -Infinity) >= LISTENER_MS);
  }

  /** @returns when the voter was asked; rejects when it knows a later term, or this host coordinates no more */
  async #remind(voter: HostId, term: number, body: Uint8Array): Promise<number> {
    const { askedMs, known } = await this.#ask(voter, term, body);
    if (known <= term) return askedMs;
    await this.#parts.onLater(known);
    throw new Error("The voter takes part in a later term.");
  }

  /** @returns when it was asked, and the latest term that it knows; rejects when this host coordinates no more */
  async #ask(host: HostId, term: number, body: Uint8Array): Promise<{ readonly askedMs: number; readonly known: number }> {
    const askedMs = this.#now();
    const answer = termCodec.decode(await this.#parts.transport.request(host, LEAD, body, { timeoutMs: ASK_TIMEOUT_MS }));
    if (!this.#parts.leads(term)) throw new Error("This host coordinates no more.");
    return { askedMs, known: answer.term };
  }
}
