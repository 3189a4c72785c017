import type { HostId } from "../codec/index.ts";

/** Milliseconds of one turn of the event loop for answers to other hosts; what is left then waits for turns of its own. */
const SHARE_MS = 10;

/**
 * Spreads the answering of requests over the turns of the event loop. Requests that come together would otherwise be handled back to
 * back, however dear each is, and nothing else of the process would run meanwhile: no web page, no heartbeat. What has to wait goes on
 * host by host, so that one with many requests delays only its own.
 */
export class FairTurns {
  readonly #waiting = new Map<HostId, (() => void)[]>();
  #begunMs: number | undefined;

  /** Undefined when it may begin now, else resolves when it may. */
  next(from: HostId): Promise<void> | undefined {
    if (this.#waiting.size === 0 && this.#hasTime()) return undefined;
    const { promise, resolve } = Promise.withResolvers<void>();
    const queue = this.#waiting.get(from) ?? [];
    queue.push(resolve);
    this.#waiting.set(from, queue);
    return promise;
  }

  #hasTime(): boolean {
    if (this.#begunMs !== undefined) return performance.now() - this.#begunMs < SHARE_MS;
    this.#begin();
    return true;
  }

  #begin(): void {
    this.#begunMs = performance.now();
    setImmediate(() => this.#nextTurn());
  }

  #nextTurn(): void {
    this.#begunMs = undefined;
    const first = this.#waiting.entries().next().value;
    if (first === undefined) return;
    const [from, queue] = first;
    this.#begin();
    this.#waiting.delete(from);
    const resolve = queue.shift();
    // Behind all others.
    if (queue.length > 0) this.#waiting.set(from, queue);
    resolve?.();
  }
}
