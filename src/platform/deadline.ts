import type { Env } from "./env.ts";
import { PlatformError } from "./errors.ts";

/**
 * Runs `work` with a signal that is aborted after `timeoutMs` or when `outer` is. The timer is gone when the work is.
 * @throws PlatformError DEADLINE when the time is up and the work honours its signal
 */
export async function withDeadline<T>(env: Env, timeoutMs: number, what: string, outer: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  outer?.throwIfAborted();
  const controller = new AbortController();
  const relay = (): void => controller.abort(outer?.reason);
  outer?.addEventListener("abort", relay, { once: true });
  const timer = env.timers.after(timeoutMs, () => {
    controller.abort(new PlatformError("DEADLINE", `${what} took longer than ${timeoutMs} ms. The other side may be busy or gone; try again.`));
  });
  try {
    return await raceAbort(work(controller.signal), controller.signal);
  } finally {
    timer.cancel();
    outer?.removeEventListener("abort", relay);
  }
}

/** Settles as `work` does, but rejects with the signal's reason as soon as it is aborted, whatever the work does then. */
export function raceAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason as Error);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  return Promise.race([work, promise]).finally(() => signal.removeEventListener("abort", abort));
}

/** The same items; ends with the signal's reason as soon as it is aborted, also while the source keeps silent. */
export async function* cancellable<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]();
  let isDone = false;
  try {
    while (!isDone) {
      signal.throwIfAborted();
      const next = await raceAbort(iterator.next(), signal);
      isDone = next.done === true;
      if (next.done !== true) yield next.value;
    }
  } finally {
    // Not awaited: a source that keeps silent would not answer this either.
    if (!isDone) void Promise.resolve(iterator.return?.()).catch(() => undefined);
  }
}
