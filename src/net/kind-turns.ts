import { Limiter } from "../platform/index.ts";

/**
 * Requests of one kind that are handled at once for one host. Bounds the answers that are being made before anybody knows how large
 * they are, and keeps many slow requests of one kind from holding up the others.
 */
export const KIND_AT_ONCE = 32;

/** Lets the requests of each kind take turns. */
export class KindTurns {
  readonly #kinds = new Map<string, Limiter>();

  async run<T>(kind: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const turns = this.#kinds.get(kind) ?? new Limiter(KIND_AT_ONCE);
    this.#kinds.set(kind, turns);
    try {
      return await turns.run(work, signal);
    } finally {
      // The other side chooses the kinds' names, so none is kept for nothing.
      if (turns.inUse === 0 && turns.waiting === 0) this.#kinds.delete(kind);
    }
  }
}
