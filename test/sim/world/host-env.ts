import type { Env, Log, LogFields, Timer } from "../../../src/platform/index.ts";
import type { SeededRandom } from "./random.ts";
import type { VirtualTime } from "./time.ts";

const EPOCH_MS = 1_790_000_000_000;

/** A machine's wall clock, as wrong as it may be. */
export class WallClock {
  offsetMs = 0;

  at(nowMs: number): number {
    return Math.max(0, Math.round(EPOCH_MS + nowMs + this.offsetMs));
  }
}

export interface HostEnvParts {
  readonly time: VirtualTime;
  readonly wall: WallClock;
  readonly random: SeededRandom;
  readonly say: (level: string, event: string, fields: LogFields) => void;
}

/** What one process sees of its machine. When the process ends its timers are never heard of again; while it is stopped they wait. */
export class HostEnv implements Env {
  readonly clock: Env["clock"];
  readonly timers: Env["timers"];
  readonly random: SeededRandom;
  readonly log: Log;
  readonly #time: VirtualTime;
  readonly #held: (() => void)[] = [];
  #isEnded = false;
  #isPaused = false;

  constructor({ time, wall, random, say }: HostEnvParts) {
    this.#time = time;
    this.random = random;
    this.clock = { wallMs: () => wall.at(time.nowMs), monotonicMs: () => time.nowMs };
    this.timers = { after: (delayMs, action) => this.#after(delayMs, action), sleep: (delayMs, signal) => this.#sleep(delayMs, signal) };
    this.log = logTo(say, {});
  }

  end(): void {
    this.#isEnded = true;
    this.#held.length = 0;
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    for (const action of this.#held.splice(0)) this.#time.after(0, () => this.#act(action));
  }

  #after(delayMs: number, action: () => void): Timer {
    if (this.#isEnded) return { cancel: () => {} };
    let isCancelled = false;
    const timer = this.#time.after(delayMs, () => this.#act(() => (isCancelled ? undefined : action())));
    return {
      cancel: () => {
        isCancelled = true;
        timer.cancel();
      },
    };
  }

  #act(action: () => void): void {
    if (this.#isEnded) return;
    if (this.#isPaused) this.#held.push(action);
    else action();
  }

  #sleep(delayMs: number, signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        timer.cancel();
        reject(signal?.reason as Error);
      };
      const timer = this.#after(delayMs, () => {
        signal?.removeEventListener("abort", abort);
        resolve();
      });
      signal?.addEventListener("abort", abort, { once: true });
    });
  }
}

function logTo(say: HostEnvParts["say"], own: LogFields): Log {
  const at = (level: string) => (event: string, fields?: LogFields): void => say(level, event, { ...own, ...fields });
  return { debug: () => {}, info: at("info"), warn: at("warn"), error: at("error"), child: (fields) => logTo(say, { ...own, ...fields }) };
}
