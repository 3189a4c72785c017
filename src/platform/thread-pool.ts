import { stat } from "node:fs";

const EVERY_MS = 1000;

/**
 * Asks the thread pool for something small each second. A thread of the pool that is to be woken for an operation can sleep on: the C library
 * loses a wake-up of its condition variables now and then (glibc before 2.41, {@link https://sourceware.org/bugzilla/show_bug.cgi?id=25847}),
 * and an operation for which none woke waits until the next is asked for. A command may wait for just that one (docs/decisions/runtime.md).
 */
export function keepThreadPoolAwake(): void {
  setInterval(() => stat("/", () => {}), EVERY_MS).unref();
}
