import type { Codec, HostId } from "../codec/index.ts";
import { CodecError } from "../codec/index.ts";
import type { Transport } from "../net/index.ts";
import type { Env } from "../platform/index.ts";
import type { Proven } from "./batch.ts";
import type { Counters } from "./counters.ts";
import { RecordsError } from "./errors.ts";
import type { Parcel } from "./parcel.ts";
import type { Verifier } from "./verify.ts";

/** A question and the codecs of both sides. */
export interface Kind<Q, A> {
  readonly kind: string;
  readonly question: Codec<Q>;
  readonly answer: Codec<A>;
}

/** What may be lost of an older measurement when a new one comes. */
const FORGET = 0.3;
/** What a failed request counts as, so that another host is asked first next time. */
const FAILURE_MS = 5000;

/** Asks other hosts about records, remembers how long each takes to answer, and proves what comes back. */
export class Peers {
  readonly #env: Env;
  readonly #transport: Transport;
  readonly #verifier: Verifier;
  readonly #counters: Counters;
  readonly #latencyMs = new Map<HostId, number>();

  constructor(env: Env, transport: Transport, verifier: Verifier, counters: Counters) {
    this.#env = env;
    this.#transport = transport;
    this.#verifier = verifier;
    this.#counters = counters;
  }

  /** @throws NetError, PlatformError DEADLINE, CodecError for an answer that is none */
  async ask<Q, A>(peer: HostId, { kind, question, answer }: Kind<Q, A>, asked: Q, timeoutMs: number, signal?: AbortSignal): Promise<A> {
    const begunMs = this.#env.clock.monotonicMs();
    try {
      const bytes = await this.#transport.request(peer, kind, question.encode(asked), { timeoutMs, ...(signal === undefined ? {} : { signal }) });
      this.#measured(peer, this.#env.clock.monotonicMs() - begunMs);
      return answer.decode(bytes);
    } catch (error) {
      if (error instanceof CodecError) this.#counters.count("hostile MALFORMED");
      if (signal?.aborted !== true) this.#measured(peer, FAILURE_MS);
      throw error;
    }
  }

  /** The records of a parcel, proven. @throws RecordsError BAD_SEAL, BAD_RECORD; CodecError */
  open(peer: HostId, parcel: Parcel): Proven[] {
    try {
      return this.#verifier.open(parcel);
    } catch (error) {
      const code = error instanceof RecordsError || error instanceof CodecError ? error.code : "UNKNOWN";
      this.#counters.count(`hostile ${code}`);
      this.#env.log.warn("records that do not hold were refused", { peer, error });
      throw error;
    }
  }

  /** The hosts, quickest to answer first; those never asked come before slow ones. */
  nearest(hosts: readonly HostId[]): HostId[] {
    return [...hosts].sort((a, b) => (this.#latencyMs.get(a) ?? 0) - (this.#latencyMs.get(b) ?? 0));
  }

  #measured(peer: HostId, tookMs: number): void {
    const known = this.#latencyMs.get(peer);
    this.#latencyMs.set(peer, known === undefined ? tookMs : known * (1 - FORGET) + tookMs * FORGET);
  }
}
