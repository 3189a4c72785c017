import type { Env, Log } from "../../platform/index.ts";
import { machineEnv, silentLog } from "../../platform/index.ts";

/** The machine's environment with time going by `factor` times as fast, so that tests see deadlines pass without waiting for them. */
export function quickEnv(factor: number, log: Log = silentLog): Env {
  const real = machineEnv(log);
  return {
    ...real,
    clock: { wallMs: () => real.clock.wallMs(), monotonicMs: () => real.clock.monotonicMs() * factor },
    timers: {
      after: (delayMs, action) => real.timers.after(delayMs / factor, action),
      sleep: (delayMs, signal) => real.timers.sleep(delayMs / factor, signal),
    },
  };
}
