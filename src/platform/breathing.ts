import type { Env } from "./env.ts";

/** Long work steps aside after so much of the event loop's time. */
const SLICE_MS = 4;

/** Lets others have their turn in the midst of long work. */
export class Breathing {
  readonly #env: Env;
  readonly #signal: AbortSignal | undefined;
  #sinceMs: number;

  constructor(env: Env, signal?: AbortSignal) {
    this.#env = env;
    this.#signal = signal;
    this.#sinceMs = env.clock.monotonicMs();
  }

  /** Between two pieces of work. @throws the signal's reason */
  async breathe(): Promise<void> {
    this.#signal?.throwIfAborted();
    if (this.#env.clock.monotonicMs() - this.#sinceMs < SLICE_MS) return;
    await this.#env.timers.sleep(0, this.#signal);
    this.#sinceMs = this.#env.clock.monotonicMs();
  }
}
