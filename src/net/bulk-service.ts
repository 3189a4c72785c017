import type { HostId } from "../codec/index.ts";
import type { Env } from "../platform/index.ts";
import { Limiter, withDeadline } from "../platform/index.ts";
import type { MakeWire } from "./bulk-ends.ts";
import { acceptBulkEnd, openBulkEnd } from "./bulk-ends.ts";
import { NetError } from "./errors.ts";
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

type Places = Pick<Limiter, "take">;

const NEVER = new AbortController().signal;

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

  /**
   * Waits its turn at both bounds, then opens a stream.
   * @throws NetError BUSY when its turn does not come in time
   */
  async open(call: BulkCall): Promise<BulkStream> {
    const signal = call.signal ?? NEVER;
    const places = this.#outbound.get(call.to) ?? new Limiter(STREAMS_PER_PEER);
    this.#outbound.set(call.to, places);
    const leaveLine = await this.#inTurn(places, signal);
    const leave = (): void => {
      leaveLine();
      if (places.inUse === 0 && places.waiting === 0) this.#outbound.delete(call.to);
    };
    let leaveBudget: () => void;
    try {
      leaveBudget = await this.#inTurn(this.#parts.budget.opened, signal);
    } catch (error) {
      leave();
      throw error;
    }
    return this.#openInPlace(call, signal, () => {
      leaveBudget();
      leave();
    });
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

  async #inTurn(places: Places, signal: AbortSignal): Promise<() => void> {
    const { stallMs } = this.#parts;
    try {
      return await withDeadline(this.#env, stallMs, "Waiting for a place", signal, async (limited) => {
        const leave = await places.take(1, limited);
        if (!limited.aborted) return leave;
        // The place came in the moment in which it was no longer wanted.
        leave();
        throw limited.reason;
      });
    } catch (error) {
      signal.throwIfAborted();
      throw new NetError("BUSY", `This host has as many bulk streams open as it may, and none ended within ${stallMs} ms. Try again.`, { cause: error });
    }
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
