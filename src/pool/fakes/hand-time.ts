import type { Env, Timer } from "../../platform/index.ts";
import { machineEnv, silentLog } from "../../platform/index.ts";

/** Time that goes by when a test says so, and not before, however slow the machine is. */
export class HandTime {
  #nowMs = 0;
  readonly #timers = new Set<{ readonly atMs: number; readonly action: () => void }>();
  readonly #real = machineEnv(silentLog);
  readonly env: Env;

  constructor() {
    const after = (delayMs: number, action: () => void): Timer => {
      const timer = { atMs: this.#nowMs + delayMs, action };
      this.#timers.add(timer);
      return { cancel: () => void this.#timers.delete(timer) };
    };
    this.env = { ...this.#real, clock: { ...this.#real.clock, monotonicMs: () => this.#nowMs }, timers: { ...this.#real.timers, after } };
  }

  /** What is due by then happens in the order in which it was set. */
  async pass(ms: number): Promise<void> {
    this.#nowMs += ms;
    for (const timer of this.#timers) if (timer.atMs <= this.#nowMs && this.#timers.delete(timer)) timer.action();
    await this.#real.timers.sleep(0);
  }
}
