interface Waiting {
  readonly amount: number;
  readonly grant: () => void;
}

/**
 * A counted budget that is shared fairly: takers wait in the order of their coming. Used for how many may do
 * something at once, and for how many bytes may be under way.
 */
export class Limiter {
  readonly #capacity: number;
  #free: number;
  readonly #queue: Waiting[] = [];

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#free = capacity;
  }

  get inUse(): number {
    return this.#capacity - this.#free;
  }

  get waiting(): number {
    return this.#queue.length;
  }

  /**
   * Resolves with a function that gives the amount back, once. More than the capacity counts as all of it.
   * Rejects with the signal's reason when it is aborted while waiting.
   */
  async take(amount = 1, signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();
    const need = Math.min(amount, this.#capacity);
    if (this.#queue.length > 0 || this.#free < need) await this.#wait(need, signal);
    else this.#free -= need;
    let given = false;
    return () => {
      if (given) return;
      given = true;
      this.#free += need;
      this.#grantWaiting();
    };
  }

  /** Runs `work` while holding one unit. */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const giveBack = await this.take(1, signal);
    try {
      return await work();
    } finally {
      giveBack();
    }
  }

  #wait(amount: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        amount,
        grant: () => {
          signal?.removeEventListener("abort", abort);
          resolve();
        },
      };
      const abort = (): void => {
        this.#queue.splice(this.#queue.indexOf(waiting), 1);
        reject(signal?.reason as Error);
        this.#grantWaiting();
      };
      signal?.addEventListener("abort", abort, { once: true });
      this.#queue.push(waiting);
    });
  }

  #grantWaiting(): void {
    for (let next = this.#queue[0]; next !== undefined && next.amount <= this.#free; next = this.#queue[0]) {
      this.#queue.shift();
      this.#free -= next.amount;
      next.grant();
    }
  }
}
