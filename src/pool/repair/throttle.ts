import type { Env } from "../../platform/index.ts";
import { TokenBucket } from "../../platform/index.ts";

/** 20 MB/s: a terabyte in half a day on a fast line, and half of what a slow disk can do. A slower line is its own limit. */
export const DEFAULT_RATE_BYTES = 20_000_000;
/** As much as one chunk, so that a chunk is never waited for longer than it takes at the rate. */
const BURST_BYTES = 1024 * 1024;

/** Lets bytes through at a steady rate, for all who share it together. */
export class Throttle {
  readonly #env: Env;
  readonly #bucket: TokenBucket;

  /** @param bytesPerSecond at least 1 */
  constructor(env: Env, bytesPerSecond: number) {
    this.#env = env;
    this.#bucket = new TokenBucket(env.clock, { perSecond: bytesPerSecond, burst: Math.min(BURST_BYTES, bytesPerSecond) });
  }

  /** Resolves when the bytes may be moved. What one chunk goes beyond the rate, the next one waits for. */
  async pass(sizeBytes: number, signal: AbortSignal): Promise<void> {
    for (let { waitMs } = this.#bucket; waitMs > 0; { waitMs } = this.#bucket) await this.#env.timers.sleep(waitMs, signal);
    this.#bucket.take(sizeBytes);
  }

  /** The source's chunks, asked for one at a time, each when it may be moved. */
  async *paced(source: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    await this.pass(0, signal);
    for await (const chunk of source) {
      yield chunk;
      await this.pass(chunk.length, signal);
    }
  }
}
