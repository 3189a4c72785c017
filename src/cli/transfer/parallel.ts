/**
 * Does `work` on all items, at most `width` at once, in their order. The first failure stops the rest and is thrown
 * when all that was under way has ended.
 */
export async function inParallel<T>(items: Iterable<T>, width: number, signal: AbortSignal, work: (item: T, signal: AbortSignal) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const both = AbortSignal.any([signal, stop.signal]);
  const rest = items[Symbol.iterator]();
  const failures: unknown[] = [];
  const walker = async (): Promise<void> => {
    for (let next = rest.next(); next.done !== true && !both.aborted; next = rest.next()) {
      try {
        await work(next.value, both);
      } catch (error) {
        failures.push(error);
        stop.abort(error);
      }
    }
  };
  await Promise.all(Array.from({ length: width }, walker));
  signal.throwIfAborted();
  if (failures.length > 0) throw failures[0];
}
