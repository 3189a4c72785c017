import type { Clock } from "../../platform/index.ts";

/** Pieces made longer ago say little about the present. */
const WINDOW_MS = 300_000;
const KEPT_MAX = 1024;

/** How fast pieces have been made of late. */
export class Pace {
  readonly #clock: Clock;
  readonly #made: { readonly startMs: number; readonly endMs: number; readonly sizeBytes: number }[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  moved(sizeBytes: number, startMs: number): void {
    this.#made.push({ startMs, endMs: this.#clock.monotonicMs(), sizeBytes });
    if (this.#made.length > KEPT_MAX) this.#made.shift();
  }

  /** Null when nothing was made in the last five minutes. Pauses in which nothing was ordered do not count. */
  get bytesPerSecond(): number | null {
    const nowMs = this.#clock.monotonicMs();
    const lately = this.#made.filter(({ endMs }) => nowMs - endMs <= WINDOW_MS).sort((a, b) => a.startMs - b.startMs);
    if (lately.length === 0) return null;
    let [busyMs, untilMs, sizeBytes] = [0, 0, 0];
    for (const each of lately) {
      busyMs += Math.max(0, each.endMs - Math.max(untilMs, each.startMs));
      untilMs = Math.max(untilMs, each.endMs);
      sizeBytes += each.sizeBytes;
    }
    return Math.round((sizeBytes * 1000) / Math.max(1, busyMs));
  }
}
