import { concatBytes } from "../codec/index.ts";
import { NetError } from "./errors.ts";
import type { Wire, WireEvents } from "./wire.ts";
import { WIRE_QUEUE_BYTES } from "./wire.ts";

/** Carries a step to the other end, in order and after the path's delay, or never when the path dies first. */
export type Carry = (step: () => void) => void;

export interface WireSurroundings {
  readonly nowMs: () => number;
  /** Called once for each end when it is over. */
  readonly onEnd: (wire: MemoryWire) => void;
}

/** One end of a wire between two hosts of a MemoryNetwork. */
export class MemoryWire implements Wire {
  readonly #carry: Carry;
  readonly #nowMs: () => number;
  readonly #onEnd: (wire: MemoryWire) => void;
  #events: WireEvents | undefined;
  #other: MemoryWire | undefined;
  #queuedBytes = 0;
  #receivedBytes = 0;
  #movedMs = 0;
  #ended = false;
  #closing = false;
  #waiting: (() => void)[] = [];

  private constructor(carry: Carry, { nowMs, onEnd }: WireSurroundings) {
    this.#carry = carry;
    this.#nowMs = nowMs;
    this.#onEnd = onEnd;
  }

  /** Both ends. Each carries towards the other. */
  static pair(there: Carry, back: Carry, surroundings: WireSurroundings): readonly [MemoryWire, MemoryWire] {
    const ends = [new MemoryWire(there, surroundings), new MemoryWire(back, surroundings)] as const;
    ends[0].#other = ends[1];
    ends[1].#other = ends[0];
    return ends;
  }

  attach(events: WireEvents): Wire {
    this.#events = events;
    return this;
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  stuckForMs(): number {
    return this.#queuedBytes > 0 ? this.#nowMs() - this.#movedMs : 0;
  }

  send(type: number, ...parts: readonly Uint8Array[]): void {
    if (this.#ended || this.#closing) return;
    const payload = concatBytes(...parts);
    if (this.#queuedBytes === 0) this.#movedMs = this.#nowMs();
    this.#queuedBytes += payload.length;
    this.#carry(() => {
      this.#moved(payload.length);
      const other = this.#other;
      if (other !== undefined) other.#receive(type, payload);
    });
  }

  room(): Promise<void> {
    if (this.#ended || this.#queuedBytes <= WIRE_QUEUE_BYTES) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  close(): void {
    if (this.#ended || this.#closing) return;
    this.#closing = true;
    this.#carry(() => {
      this.#other?.end(undefined);
      this.end(undefined);
    });
  }

  abort(error: Error): void {
    if (this.#ended) return;
    this.#carry(() => this.#other?.end(new NetError("CLOSED", "The other side ended the stream.")));
    this.end(error);
  }

  /** Ends this end alone, as when the connection is lost. */
  end(error: Error | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#queuedBytes = 0;
    this.#wake();
    this.#onEnd(this);
    this.#events?.closed(error);
  }

  #moved(bytes: number): void {
    if (this.#ended) return;
    this.#movedMs = this.#nowMs();
    this.#queuedBytes -= bytes;
    if (this.#queuedBytes <= WIRE_QUEUE_BYTES) this.#wake();
  }

  #receive(type: number, payload: Uint8Array): void {
    if (this.#ended) return;
    this.#receivedBytes += payload.length;
    try {
      this.#events?.head(type, payload.length);
      this.#events?.frame(type, payload);
    } catch (error) {
      this.abort(error as Error);
    }
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resume of waiting) resume();
  }
}
