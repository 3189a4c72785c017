import type { Env, Random } from "../../platform/index.ts";
import { silentLog } from "../../platform/index.ts";

// For tests only: time that passes at once, and chance that comes from a seed.

/** Mulberry32: small, and the same everywhere. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const fraction = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return { fraction, bytes: (length) => Uint8Array.from({ length }, () => Math.floor(fraction() * 256)) };
}

interface Due {
  readonly atMs: number;
  readonly order: number;
  readonly action: () => void;
}

/** Timers fire in order, each when all that the one before set off has come to rest. */
export class VirtualTime {
  readonly env: Env;
  nowMs = 0;
  #order = 0;
  readonly #settled: () => Promise<unknown>;
  readonly #due = new Set<Due>();

  /** @param settled lets all that waits for nothing but its turn happen */
  constructor(seed: number, settled: () => Promise<unknown>) {
    this.#settled = settled;
    const after: Env["timers"]["after"] = (delayMs, action) => {
      const due = { atMs: this.nowMs + Math.max(0, delayMs), order: (this.#order += 1), action };
      this.#due.add(due);
      return { cancel: () => this.#due.delete(due) };
    };
    const sleep: Env["timers"]["sleep"] = (delayMs, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted === true) return reject(signal.reason as Error);
        const timer = after(delayMs, resolve);
        signal?.addEventListener("abort", () => (timer.cancel(), reject(signal.reason as Error)), { once: true });
      });
    this.env = { clock: { wallMs: () => 1_000_000 + this.nowMs, monotonicMs: () => this.nowMs }, timers: { after, sleep }, random: seededRandom(seed), log: silentLog };
  }

  async pass(ms: number): Promise<void> {
    const endMs = this.nowMs + ms;
    for (;;) {
      await this.#settled();
      const next = [...this.#due].reduce<Due | undefined>((least, each) => (least === undefined || each.atMs < least.atMs || (each.atMs === least.atMs && each.order < least.order) ? each : least), undefined);
      if (next === undefined || next.atMs > endMs) break;
      this.#due.delete(next);
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.action();
    }
    this.nowMs = endMs;
  }

  /** How long it takes until something has come about; fails after `limitMs`. */
  async until(what: string, isSo: () => boolean, limitMs = 20_000): Promise<number> {
    const begunMs = this.nowMs;
    while (!isSo()) {
      if (this.nowMs - begunMs >= limitMs) throw new Error(`In ${limitMs} ms it did not come about that ${what}`);
      await this.pass(50);
    }
    return this.nowMs - begunMs;
  }
}
