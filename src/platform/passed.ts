import type { Clock } from "./env.ts";

/**
 * Begins to measure. What is returned gives the milliseconds that have passed since, by the clock that says more: the machine's own stands still while the
 * machine sleeps, and the one on the wall may be set. For what was found out and is to be used before it is old.
 */
export function timePassed(clock: Clock): () => number {
  const [wallMs, monotonicMs] = [clock.wallMs(), clock.monotonicMs()];
  return () => Math.max(Math.abs(clock.wallMs() - wallMs), clock.monotonicMs() - monotonicMs);
}
