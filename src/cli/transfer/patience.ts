import type { Env } from "../../platform/index.ts";
import { codeOf } from "../../platform/index.ts";
import type { Progress } from "../progress.ts";

/** A host that restarts, or a line that drops, is back within this. */
const WAITS_FOR_MS = 60_000;
const PAUSE_MS = 1_000;
const PAUSE_MAX_MS = 8_000;

/**
 * Looks again when too few hosts are in reach after some of a transfer has come: what took hours is not given up for a moment. Where nothing has come yet, the
 * host's answer is believed at once. One for all files of a transfer.
 */
export class Patience {
  readonly #env: Env;
  readonly #progress: Pick<Progress, "say">;
  #cameMs: number | undefined;
  #pauseMs = PAUSE_MS;

  constructor(env: Env, progress: Pick<Progress, "say">) {
    this.#env = env;
    this.#progress = progress;
  }

  /** Something has come. */
  came(): void {
    this.#cameMs = this.#env.clock.monotonicMs();
    this.#pauseMs = PAUSE_MS;
  }

  /** Waits a little; false when there is nothing to wait for any more. @throws the signal's reason */
  async again(error: unknown, signal: AbortSignal): Promise<boolean> {
    if (codeOf(error) !== "UNAVAILABLE" || this.#cameMs === undefined) return false;
    const leftMs = this.#cameMs + WAITS_FOR_MS - this.#env.clock.monotonicMs();
    if (leftMs <= 0) return false;
    this.#progress.say(`Too few of the hosts that have the rest are in reach just now; looking again for ${Math.ceil(leftMs / 1000)} s.`);
    await this.#env.timers.sleep(Math.min(leftMs, this.#pauseMs), signal);
    this.#pauseMs = Math.min(PAUSE_MAX_MS, 2 * this.#pauseMs);
    return true;
  }
}
