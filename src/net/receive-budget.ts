import { Limiter } from "../platform/index.ts";
import { MAX_BULK_FRAME } from "./port.ts";

/** What a frame costs beyond its bytes, so that many tiny ones are not free. */
const FRAME_OVERHEAD = 512;
/** What the largest frame costs. Each bulk stream may always hold this much. */
export const FULL_FRAME_COST = MAX_BULK_FRAME + FRAME_OVERHEAD;
/** What one stream may hold at most, however much is free. */
const STREAM_BYTES_MAX = 16 * 1024 * 1024;

/** Parts of the budget promised to streams that others open (105 streams of 256 MiB), and that this host opens (60). */
const ACCEPTED_SHARE = 7 / 16;
const OPENED_SHARE = 1 / 4;

function places(bytes: number): number {
  return Math.max(1, Math.floor(bytes / FULL_FRAME_COST));
}

export function frameCost(length: number): number {
  return length + FRAME_OVERHEAD;
}

/**
 * The memory that all bulk streams of the process together may hold for frames that came and were not yet used up.
 *
 * One frame a stream is promised for the stream's whole life: a reader never waits for memory that another reader holds, so two
 * of them cannot block each other. The promises bound the number of streams; those that others open and those that this host opens
 * have places of their own, so that others cannot keep this host from opening any. The rest is lent for reading ahead, and whoever
 * gets none of it is only slower.
 */
export class ReceiveBudget {
  readonly #aheadBytes: number;
  #aheadFree: number;
  readonly #acceptedMax: number;
  #accepted = 0;
  readonly #opened: Limiter;
  #streams = 0;

  constructor(totalBytes: number) {
    const openedMax = places(totalBytes * OPENED_SHARE);
    this.#acceptedMax = places(totalBytes * ACCEPTED_SHARE);
    this.#opened = new Limiter(openedMax);
    this.#aheadBytes = Math.max(0, totalBytes - (openedMax + this.#acceptedMax) * FULL_FRAME_COST);
    this.#aheadFree = this.#aheadBytes;
  }

  /** The place of a stream that another host opens, or undefined when all are taken. The function returned gives it back, once. */
  accept(): (() => void) | undefined {
    if (this.#accepted >= this.#acceptedMax) return undefined;
    this.#accepted += 1;
    return this.#leaving(() => (this.#accepted -= 1));
  }

  /** The places of streams that this host opens. One waits its turn. */
  get opened(): { take(amount: number, signal: AbortSignal): Promise<() => void> } {
    return { take: async (amount, signal) => this.#leaving(await this.#opened.take(amount, signal)) };
  }

  /** The share that one of the present streams should have for reading ahead, in bytes. */
  get fairShare(): number {
    return Math.min(STREAM_BYTES_MAX - FULL_FRAME_COST, Math.floor(this.#aheadBytes / Math.max(1, this.#streams)));
  }

  /** Lends up to `wanted` bytes; never waits. */
  borrow(wanted: number): number {
    const lent = Math.max(0, Math.min(wanted, this.#aheadFree));
    this.#aheadFree -= lent;
    return lent;
  }

  giveBack(bytes: number): void {
    this.#aheadFree += bytes;
  }

  /** Bytes promised and lent at this moment. */
  get inUseBytes(): number {
    return this.#streams * FULL_FRAME_COST + this.#aheadBytes - this.#aheadFree;
  }

  #leaving(leave: () => void): () => void {
    this.#streams += 1;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#streams -= 1;
      leave();
    };
  }
}
