import type { Env } from "../platform/index.ts";
import { Breathing, withDeadline } from "../platform/index.ts";

export interface Stalls {
  /** How long an item may take from when it is asked for. */
  readonly stallMs: number;
  /** The same of the first. Default: as long as all others. */
  readonly firstMs?: number;
}

/**
 * The items of a source, each within its time: a peer that goes silent costs its stream and nothing else.
 * @throws PlatformError DEADLINE when the next item does not come
 */
export async function* eachWithin<T>(env: Env, { stallMs, firstMs = stallMs }: Stalls, what: string, source: AsyncIterable<T>, signal?: AbortSignal): AsyncGenerator<T> {
  const items = source[Symbol.asyncIterator]();
  try {
    for (let withinMs = firstMs; ; withinMs = stallMs) {
      const item = await withDeadline(env, withinMs, what, signal, () => items.next());
      if (item.done === true) return;
      yield item.value;
    }
  } finally {
    // Not awaited: a source that hangs would hang us with it. Its stream is aborted by whoever owns it.
    items.return?.().catch(() => {});
  }
}

/** The items of a long list, letting others have their turn now and then: a host may hold a hundred thousand packs, and web pages must not wait for a look through all. */
export async function* unhurried<T>(env: Env, items: Iterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const breathing = new Breathing(env, signal);
  for (const item of items) {
    await breathing.breathe();
    yield item;
  }
}
