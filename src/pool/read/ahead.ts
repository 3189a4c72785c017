/** Parts that one reader has under way or ready, at most. */
const AHEAD_MAX = 4;
/** Parts that all readers together may have beyond their first: 64 MiB. */
const AHEAD_TOGETHER = 64;

interface Started<T> {
  readonly result: Promise<T>;
  isReady: boolean;
  /** Whether it counts against what all readers have together. */
  readonly isExtra: boolean;
}

/** Has parts fetched in order, ahead of a consumer as far as that consumer is quick enough to want them. One for all readers of a host. */
export class Ahead {
  #extra = 0;

  /**
   * What `begin` gives for each part, in their order. When the consumer stops, so does what was begun.
   * @param begin given a signal that ends with the reading
   */
  async *each<P, T>(parts: Iterable<P>, begin: (part: P, signal: AbortSignal) => Promise<T>, outer: AbortSignal | undefined): AsyncGenerator<T> {
    const stop = new AbortController();
    const signal = outer === undefined ? stop.signal : AbortSignal.any([outer, stop.signal]);
    const coming = parts[Symbol.iterator]();
    const ahead: Started<T>[] = [];
    // A consumer that finds its part ready is slower than the source and needs no more ahead; one that has to wait gets more.
    let width = 1;
    let next = coming.next();
    try {
      while (ahead.length > 0 || next.done !== true) {
        signal.throwIfAborted();
        if (ahead[0]?.isReady !== true) width = Math.min(AHEAD_MAX, width + 1);
        for (; next.done !== true && this.#mayAdd(ahead.length, width); next = coming.next()) ahead.push(this.#start(begin(next.value, signal), ahead.length > 0));
        const result = await ahead[0]!.result;
        this.#end(ahead.shift()!);
        yield result;
      }
    } finally {
      stop.abort(new Error("the reader has finished"));
      for (const each of ahead) this.#end(each);
    }
  }

  #mayAdd(underWay: number, width: number): boolean {
    return underWay === 0 || (underWay < width && this.#extra < AHEAD_TOGETHER);
  }

  #start<T>(result: Promise<T>, isExtra: boolean): Started<T> {
    const started: Started<T> = { result, isReady: false, isExtra };
    if (isExtra) this.#extra += 1;
    const end = (): void => void (started.isReady = true);
    // The failure is the consumer's when its turn comes; until then nobody listens.
    result.then(end, end);
    return started;
  }

  #end({ isExtra }: Started<unknown>): void {
    if (isExtra) this.#extra -= 1;
  }
}
