import { randomBytes } from "node:crypto";
import { performance } from "node:perf_hooks";
import { setTimeout as sleepMs } from "node:timers/promises";
import type { Clock, Env, Log, Random, Timers } from "./env.ts";

const clock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};

const timers: Timers = {
  after(delayMs, action) {
    const handle = setTimeout(action, delayMs);
    handle.unref();
    return { cancel: () => clearTimeout(handle) };
  },
  async sleep(delayMs, signal) {
    signal?.throwIfAborted();
    try {
      await sleepMs(delayMs, undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      // The timer's own AbortError hides why; the caller gets the reason that was given.
      throw signal?.aborted === true ? signal.reason : error;
    }
  },
};

const random: Random = {
  bytes: (length) => new Uint8Array(randomBytes(length)),
  fraction: () => randomBytes(4).readUInt32LE() / 2 ** 32,
};

/** The machine's own clock, timers and randomness, with the given log. */
export function machineEnv(log: Log): Env {
  return { clock, timers, random, log };
}
