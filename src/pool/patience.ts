import type { Env } from "../platform/index.ts";
import { Breathing, withDeadline } from "../platform/index.ts";

/**
 * The items of a source, each within `stallMs` of being asked for: a peer that goes silent costs its stream and nothing else.
 * @throws PlatformError DEADLINE when the next item does not come
 */
export async function* eachWithin<T>(env: Env, stallMs: number, what: string, source: AsyncIterable<T>, signal?: AbortSignal): AsyncGenerator<T> {
  const items = source[Symbol.asyncIterator]();
  try {
    for (;;) {
      const item = await withDeadline(env, stallMs, what, signal, () => items.next());
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
