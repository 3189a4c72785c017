import type { Env } from "../../platform/index.ts";
import { TokenBucket } from "../../platform/index.ts";

/** 20 MB/s: a terabyte in half a day on a fast line, and half of what a slow disk can do. A slower line is its own limit. */
export const DEFAULT_RATE_BYTES = 20_000_000;
/** As much as one chunk, so that a chunk is never waited for longer than it takes at the rate. */
const BURST_BYTES = 1024 * 1024;

/** What is looked at to see whether others have to wait: a timer of so much. */
const PROBE_MS = 1;
/** A timer may be so late on a machine that has nothing else to do. */
const CALM_MS = 5;
/** So many times as long as a timer was late nothing is moved. */
const REST_TIMES = 8;
/** And no longer than this for each MiB: what is short of pieces is made whole on a busy machine too, at two MB/s if not sooner. */
const REST_MAX_MS = 500;

/**
 * Lets bytes through at a steady rate, for all who share it together, and at less where somebody has to wait: when timers are late, this process or the machine
 * has more to do than it can, and whoever asks for a page feels it. Repair then rests most of the time.
 */
export class Throttle {
  readonly #env: Env;
  readonly #bucket: TokenBucket;
  #restUntilMs = 0;
  #sinceProbeBytes = 0;

  /** @param bytesPerSecond at least 1 */
  constructor(env: Env, bytesPerSecond: number) {
    this.#env = env;
    this.#bucket = new TokenBucket(env.clock, { perSecond: bytesPerSecond, burst: Math.min(BURST_BYTES, bytesPerSecond) });
  }

  /** Resolves when the bytes may be moved. What one chunk goes beyond the rate, the next one waits for. */
  async pass(sizeBytes: number, signal: AbortSignal): Promise<void> {
    for (let waitMs = this.#waitMs; waitMs > 0; waitMs = this.#waitMs) await this.#env.timers.sleep(waitMs, signal);
    this.#bucket.take(sizeBytes);
  }

  get #waitMs(): number {
    return Math.max(this.#bucket.waitMs, this.#restUntilMs - this.#env.clock.monotonicMs());
  }

  async #giveWay(movedBytes: number, signal: AbortSignal): Promise<void> {
    this.#sinceProbeBytes += movedBytes;
    if (this.#sinceProbeBytes < BURST_BYTES) return;
    this.#sinceProbeBytes = 0;
    const { clock, timers } = this.#env;
    const beganMs = clock.monotonicMs();
    await timers.sleep(PROBE_MS, signal);
    const nowMs = clock.monotonicMs();
    const lateMs = nowMs - beganMs - PROBE_MS;
    if (lateMs > CALM_MS) this.#restUntilMs = Math.max(this.#restUntilMs, nowMs + Math.min(REST_MAX_MS, REST_TIMES * lateMs));
  }

  /** The source's chunks, asked for one at a time, each when it may be moved. */
  async *paced(source: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    await this.pass(0, signal);
    for await (const chunk of source) {
      yield chunk;
      await this.#giveWay(chunk.length, signal);
      await this.pass(chunk.length, signal);
    }
  }
}
