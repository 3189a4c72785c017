import type { PackId } from "../../codec/index.ts";
import type { Clock } from "../../platform/index.ts";
import { timePassed } from "../../platform/index.ts";

/** Packs that are remembered; what is found beyond them waits until some of these are found no more. */
const REMEMBERED_MAX = 100_000;

/** How long packs have been found in some state, at each look without a break: what was only just written, or has only just come back, is not judged at once. */
export class Lasting {
  readonly #clock: Clock;
  #sinceMs = new Map<PackId, number>();
  #lookedMs = 0;
  /** Since the last look. */
  #unseenMs: () => number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#unseenMs = timePassed(clock);
  }

  /**
   * All that are found now. Those that are not are forgotten.
   * @param unseenMaxMs when more time has passed since the look before, because the machine slept or the program was stopped, all are found for the first time
   */
  look(found: Iterable<PackId>, unseenMaxMs = Number.POSITIVE_INFINITY): void {
    if (this.#unseenMs() > unseenMaxMs) this.#sinceMs.clear();
    this.#unseenMs = timePassed(this.#clock);
    this.#lookedMs = this.#clock.monotonicMs();
    const since = new Map<PackId, number>();
    for (const pack of found) {
      if (since.size >= REMEMBERED_MAX) break;
      since.set(pack, this.#sinceMs.get(pack) ?? this.#lookedMs);
    }
    this.#sinceMs = since;
  }

  /** Whether the pack was found at a former look already, so long ago. */
  hasLasted(pack: PackId, forMs: number): boolean {
    const sinceMs = this.#sinceMs.get(pack) ?? this.#lookedMs;
    return sinceMs < this.#lookedMs && this.#clock.monotonicMs() - sinceMs >= forMs;
  }
}
