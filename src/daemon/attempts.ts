import type { Clock } from "../platform/index.ts";
import { TokenBucket } from "../platform/index.ts";

/** Those who ask and hang up until the digits happen to agree have so many attempts, of which each succeeds once in a million. */
const BY_ALL = { perSecond: 20 / 3600, burst: 20 };
/** One machine, whatever keys it has, does not use them up for all others. */
const BY_ONE = { perSecond: 8 / 3600, burst: 4 };

/** How often a host may be asked to let a machine in. */
export class Attempts {
  readonly #clock: Clock;
  readonly #byAll: TokenBucket;
  /** Of those addresses whose budget is not full. They are few, since each has taken of the common one lately. */
  readonly #byAddress = new Map<string, TokenBucket>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#byAll = new TokenBucket(clock, BY_ALL);
  }

  /** How many addresses are remembered. */
  get addresses(): number {
    return this.#byAddress.size;
  }

  /** @returns whether the machine at that address may ask once more; if so, that is counted */
  take(address: string): boolean {
    const byOne = this.#byAddress.get(address) ?? new TokenBucket(this.#clock, BY_ONE);
    if (byOne.level < 1 || this.#byAll.level < 1) return false;
    for (const [each, bucket] of this.#byAddress) if (bucket.isFull) this.#byAddress.delete(each);
    for (const bucket of [byOne, this.#byAll]) bucket.take(1);
    this.#byAddress.set(address, byOne);
    return true;
  }
}
