import { Limiter } from "../platform/index.ts";

/** Lets one at a time work on what has the same name, in the order of their coming. */
export class Turns {
  readonly #turns = new Map<string, Limiter>();

  /** Rejects with the signal's reason when it is aborted while waiting. */
  async run<T>(name: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const turn = this.#turns.get(name) ?? new Limiter(1);
    this.#turns.set(name, turn);
    try {
      return await turn.run(work, signal);
    } finally {
      if (turn.inUse === 0 && turn.waiting === 0 && this.#turns.get(name) === turn) this.#turns.delete(name);
    }
  }
}
