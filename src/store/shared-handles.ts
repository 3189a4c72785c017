/** What is opened and closed. */
export interface Closable {
  close(): Promise<void>;
}

interface Shared<T> {
  readonly opening: Promise<T>;
  users: number;
  isForgotten: boolean;
}

/**
 * Keeps the files that were used last open, at most `max` of them and those in use. A file is closed only when nobody reads from it:
 * the operating system would give its number to another file under the reader's hands.
 */
export class SharedHandles<T extends Closable> {
  readonly #max: number;
  /** The one that was used last stands last. */
  readonly #shared = new Map<string, Shared<T>>();

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#shared.size;
  }

  /** Runs `work` on the file called `name`, which `open` opens when it is not open already. */
  async use<R>(name: string, open: () => Promise<T>, work: (handle: T) => Promise<R>): Promise<R> {
    const shared = this.#shared.get(name) ?? { opening: open(), users: 0, isForgotten: false };
    this.#shared.delete(name);
    this.#shared.set(name, shared);
    shared.users += 1;
    try {
      return await work(await shared.opening.catch((error: unknown) => this.#giveUp(name, shared, error)));
    } finally {
      shared.users -= 1;
      if (shared.isForgotten && shared.users === 0) await close(shared);
      await this.closeIdle(this.#max);
    }
  }

  /** Closes the file as soon as nobody reads from it; who comes next opens it anew. */
  async forget(name: string): Promise<void> {
    const shared = this.#shared.get(name);
    if (shared === undefined) return;
    this.#shared.delete(name);
    shared.isForgotten = true;
    if (shared.users === 0) await close(shared);
  }

  /** Closes files that nobody reads from, the longest unused first, until `max` are left. */
  async closeIdle(max = 0): Promise<void> {
    if (this.#shared.size <= max) return;
    const idle = [...this.#shared].filter(([, { users }]) => users === 0).map(([name]) => name);
    await Promise.all(idle.slice(0, this.#shared.size - max).map((name) => this.forget(name)));
  }

  #giveUp(name: string, shared: Shared<T>, error: unknown): never {
    if (this.#shared.get(name) === shared) this.#shared.delete(name);
    throw error;
  }
}

/** A file that was only read from has nothing to lose when closing it fails, and one that failed to open needs none. */
async function close(shared: Shared<Closable>): Promise<void> {
  await shared.opening.then((handle) => handle.close()).catch(() => {});
}
