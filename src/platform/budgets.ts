import type { Clock } from "./env.ts";
import { TokenBucket } from "./token-bucket.ts";
import type { Rate } from "./token-bucket.ts";

/** Budgets that are remembered; full ones say nothing and are forgotten first. */
const REMEMBERED_MAX = 1024;

/** One budget for each of many, such as hosts or authors, of which only those are remembered that have used theirs lately. */
export class Budgets {
  readonly #clock: Clock;
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param rate the same at each call for the same name */
  of(name: string, rate: Rate): TokenBucket {
    const known = this.#buckets.get(name);
    if (known !== undefined) return known;
    if (this.#buckets.size >= REMEMBERED_MAX) this.#forget();
    const bucket = new TokenBucket(this.#clock, rate);
    this.#buckets.set(name, bucket);
    return bucket;
  }

  #forget(): void {
    for (const [name, { isFull }] of this.#buckets) if (isFull) this.#buckets.delete(name);
    // All have used theirs: whoever did so longest ago begins anew, since memory must end somewhere.
    if (this.#buckets.size >= REMEMBERED_MAX) this.#buckets.delete(this.#buckets.keys().next().value!);
  }
}
