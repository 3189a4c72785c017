import type { Clock } from "./env.ts";

/** How much may be done at once, and how much in the long run. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** A budget that fills up with time. What is taken beyond it is owed, and must be made up for before more is given. */
export class TokenBucket {
  readonly #clock: Clock;
  readonly #rate: Rate;
  #level: number;
  #sinceMs: number;

  constructor(clock: Clock, rate: Rate) {
    this.#clock = clock;
    this.#rate = rate;
    this.#level = rate.burst;
    this.#sinceMs = clock.monotonicMs();
  }

  /** What may be taken now; below 0: what is owed. */
  get level(): number {
    const nowMs = this.#clock.monotonicMs();
    this.#level = Math.min(this.#rate.burst, this.#level + ((nowMs - this.#sinceMs) * this.#rate.perSecond) / 1000);
    this.#sinceMs = nowMs;
    return this.#level;
  }

  get isFull(): boolean {
    return this.level >= this.#rate.burst;
  }

  take(amount: number): void {
    this.#level = this.level - amount;
  }

  /** Until there is something to take again; 0 when there is. */
  get waitMs(): number {
    const { level } = this;
    return level > 0 ? 0 : Math.ceil((-level * 1000) / this.#rate.perSecond) + 1;
  }
}
