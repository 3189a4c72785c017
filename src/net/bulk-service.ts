import type { HostId } from "../codec/index.ts";
import type { Env } from "../platform/index.ts";
import { Limiter } from "../platform/index.ts";
import type { MakeWire } from "./bulk-ends.ts";
import { acceptBulkEnd, openBulkEnd } from "./bulk-ends.ts";
import type { Handlers } from "./handlers.ts";
import type { BulkStream } from "./port.ts";
import type { ReceiveBudget } from "./receive-budget.ts";

/** Streams that one host may have open to another, in each direction. */
export const STREAMS_PER_PEER = 32;

export interface BulkServiceParts {
  /** Begins a stream to another host. @throws NetError UNREACHABLE */
  readonly openWire: (to: HostId, signal: AbortSignal) => Promise<MakeWire>;
  readonly handlers: Handlers;
  readonly budget: ReceiveBudget;
  readonly stallMs: number;
}

export interface BulkCall {
  readonly to: HostId;
  readonly kind: string;
  readonly header: Uint8Array;
  readonly signal: AbortSignal | undefined;
}

/** Opens and accepts bulk streams, each in its place: so many per host, so many in all. */
export class BulkService {
  readonly #env: Env;
  readonly #parts: BulkServiceParts;
  readonly #outbound = new Map<HostId, Limiter>();
  readonly #inbound = new Map<HostId, number>();

  constructor(env: Env, parts: BulkServiceParts) {
    this.#env = env;
    this.#parts = parts;
  }

  /** Waits its turn at both bounds, then opens a stream. */
  async open(call: BulkCall): Promise<BulkStream> {
    const signal = call.signal ?? new AbortController().signal;
    const places = this.#outbound.get(call.to) ?? new Limiter(STREAMS_PER_PEER);
    this.#outbound.set(call.to, places);
    const leaveLine = await places.take(1, signal);
    const leave = (): void => {
      leaveLine();
      if (places.inUse === 0 && places.waiting === 0) this.#outbound.delete(call.to);
    };
    try {
      const leaveBudget = await this.#parts.budget.open(signal);
      return await this.#openInPlace(call, signal, () => {
        leaveBudget();
        leave();
      });
    } catch (error) {
      leave();
      throw error;
    }
  }

  accept(from: HostId, makeWire: MakeWire): void {
    acceptBulkEnd(
      this.#env,
      { peer: from, budget: this.#parts.budget, stallMs: this.#parts.stallMs, takePlace: () => this.#takePlace(from), find: (peer, kind) => this.#parts.handlers.findBulk(peer, kind) },
      makeWire,
    );
  }

  async #openInPlace(call: BulkCall, signal: AbortSignal, onEnd: () => void): Promise<BulkStream> {
    let makeWire: MakeWire;
    try {
      makeWire = await this.#parts.openWire(call.to, signal);
    } catch (error) {
      onEnd();
      throw error;
    }
    return openBulkEnd(
      this.#env,
      { peer: call.to, budget: this.#parts.budget, stallMs: this.#parts.stallMs, kind: call.kind, header: call.header, signal: call.signal, onEnd },
      makeWire,
    );
  }

  #takePlace(from: HostId): (() => void) | undefined {
    const present = this.#inbound.get(from) ?? 0;
    const leaveBudget = present < STREAMS_PER_PEER ? this.#parts.budget.accept() : undefined;
    if (leaveBudget === undefined) return undefined;
    this.#inbound.set(from, present + 1);
    return () => {
      leaveBudget();
      const left = (this.#inbound.get(from) ?? 1) - 1;
      if (left > 0) this.#inbound.set(from, left);
      else this.#inbound.delete(from);
    };
  }
}
