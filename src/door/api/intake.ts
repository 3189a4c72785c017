import { base32 } from "../../codec/index.ts";
import type { Env, Timer } from "../../platform/index.ts";
import { codeOf } from "../../platform/index.ts";
import type { DoorErrorCode } from "../errors.ts";
import { DoorError } from "../errors.ts";

/** Each holds memory and space on disks. */
const OPEN_MAX = 8;
const IDLE_MS = 10 * 60_000;
/** Results of the sessions that were committed last: whoever did not hear one may ask again. */
const RESULTS_MAX = 32;
const ID_BYTES = 16;

/** What is taken in file by file: nothing of it is visible before `commit`. */
export interface Session<Result> {
  commit(): Promise<Result>;
  /** Takes back what came in. */
  abort(): Promise<void>;
  /** Ends it, and leaves what came in to a later one. Left out: nothing can be left. */
  leave?(): Promise<void>;
}

/** How a kind of session is called, and the codes of what can be wrong with one. */
export interface Words {
  /** "publication" */
  readonly one: string;
  /** What is done when it is committed: "published". */
  readonly done: string;
  readonly none: DoorErrorCode;
  readonly busy: DoorErrorCode;
  readonly tooMany: DoorErrorCode;
}

interface Open<Result, S> {
  readonly id: string;
  readonly session: S;
  readonly stop: AbortController;
  /** Files that were begun and did not come in whole. Nothing is committed while there is one. */
  readonly failed: Set<string>;
  adding: number;
  committing: Promise<Result> | undefined;
  timer: Timer | undefined;
}

/** A file as it arrives over a connection. */
export interface Arrival {
  readonly path: string;
  /** As the client announced it. */
  readonly length: number;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** Sessions of one kind that came through the API: begun, filled file by file, and committed, aborted or left; left too when nothing happens for 10 minutes. */
export class Intake<Result, S extends Session<Result>> {
  readonly #env: Env;
  readonly #words: Words;
  readonly #open = new Map<string, Open<Result, S>>();
  readonly #results = new Map<string, Result>();
  #beginning = 0;

  constructor(env: Env, words: Words) {
    this.#env = env;
    this.#words = words;
  }

  /** @throws DoorError when too many are open; what `begin` throws */
  async begin(begin: (signal: AbortSignal) => Promise<S>): Promise<string> {
    if (this.#open.size + this.#beginning >= OPEN_MAX) {
      throw new DoorError(this.#words.tooMany, `${OPEN_MAX} ${this.#words.one}s are under way on this host. Wait until one is done, or 10 minutes for one that was left behind.`);
    }
    const stop = new AbortController();
    this.#beginning += 1;
    try {
      const open: Open<Result, S> = { id: base32(this.#env.random.bytes(ID_BYTES)), session: await begin(stop.signal), stop, failed: new Set(), adding: 0, committing: undefined, timer: undefined };
      this.#open.set(open.id, open);
      this.#rest(open);
      return open.id;
    } finally {
      this.#beginning -= 1;
    }
  }

  /**
   * Takes in one file, no faster than the session can.
   * @param add is given the bytes, which fail at their end unless they are as many as announced
   * @throws DoorError for no such session, or one that is being committed; CHANGED; what `add` throws
   */
  async add<T>(id: string, file: Arrival, add: (session: S, chunks: AsyncIterable<Uint8Array>) => Promise<T>): Promise<T> {
    const { failed } = this.#find(id);
    return this.during(id, async (session) => {
      try {
        const added = await add(session, exactly(file));
        failed.delete(file.path);
        return added;
      } catch (error) {
        // A second file under one path takes nothing away from the first.
        if (codeOf(error) !== "DUPLICATE_PATH") failed.add(file.path);
        throw error;
      }
    });
  }

  /** Does something with the session, which until then is neither committed nor forgotten. @throws as `add` does */
  async during<T>(id: string, work: (session: S) => Promise<T>): Promise<T> {
    const open = this.#find(id);
    open.adding += 1;
    this.#wake(open);
    try {
      return await work(open.session);
    } finally {
      open.adding -= 1;
      this.#rest(open);
    }
  }

  /** The session itself, for what is done with it at once. @throws as `add` does */
  session(id: string): S {
    const open = this.#find(id);
    this.#wake(open);
    this.#rest(open);
    return open.session;
  }

  /**
   * Commits it, once: asked again, since the answer was lost on its way or has not come yet, it gives what was made. The session can be aborted
   * when it cannot be committed. @throws DoorError INCOMPLETE; as `add` does
   */
  async commit(id: string): Promise<Result> {
    const result = this.#results.get(id) ?? this.#open.get(id)?.committing;
    if (result !== undefined) return result;
    const open = this.#find(id);
    if (open.adding > 0) throw this.#busy(`Files of this ${this.#words.one} are still coming in. Commit when all have been answered.`);
    const [missing] = open.failed;
    if (missing !== undefined) throw new DoorError("INCOMPLETE", `${missing}${open.failed.size > 1 ? ` and ${open.failed.size - 1} more` : ""} did not come in whole, so nothing was ${this.#words.done}. Send it again, or abort.`);
    // Not before it is noted: a session that throws at once has ended its commit by then.
    open.committing = Promise.resolve().then(() => this.#commit(open));
    return open.committing;
  }

  async #commit(open: Open<Result, S>): Promise<Result> {
    this.#wake(open);
    try {
      const result = await open.session.commit();
      this.#open.delete(open.id);
      this.#results.set(open.id, result);
      if (this.#results.size > RESULTS_MAX) this.#results.delete(this.#results.keys().next().value!);
      return result;
    } finally {
      open.committing = undefined;
      this.#rest(open);
    }
  }

  /** Takes everything back, files that are coming in included. @throws as `add` does */
  async abort(id: string): Promise<void> {
    await this.#end(this.#find(id), `The ${this.#words.one} was aborted.`, (session) => session.abort());
  }

  /** Ends it as if its client had gone away. @throws as `add` does */
  async leave(id: string): Promise<void> {
    await this.#leave(this.#find(id), `The ${this.#words.one} was left.`);
  }

  /** Ends all that is open. */
  async close(): Promise<void> {
    await Promise.allSettled([...this.#open.values()].map((open) => this.#leave(open, "The host is being stopped.")));
  }

  #leave(open: Open<Result, S>, why: string): Promise<void> {
    return this.#end(open, why, (session) => session.leave?.() ?? session.abort());
  }

  async #end(open: Open<Result, S>, why: string, end: (session: S) => Promise<void>): Promise<void> {
    this.#open.delete(open.id);
    this.#wake(open);
    open.stop.abort(new DoorError(this.#words.none, why));
    await end(open.session);
  }

  #find(id: string): Open<Result, S> {
    const open = this.#open.get(id);
    if (open === undefined) throw new DoorError(this.#words.none, `There is no such ${this.#words.one}: it was committed or aborted, or nothing came for 10 minutes. Begin a new one.`);
    if (open.committing !== undefined) throw this.#busy(`This ${this.#words.one} is being committed.`);
    return open;
  }

  #busy(message: string): DoorError {
    return new DoorError(this.#words.busy, message);
  }

  #wake(open: Open<Result, S>): void {
    open.timer?.cancel();
    open.timer = undefined;
  }

  /** Counts the idle time from now, unless something is under way. */
  #rest(open: Open<Result, S>): void {
    if (open.adding > 0 || open.committing !== undefined || !this.#open.has(open.id)) return;
    this.#wake(open);
    open.timer = this.#env.timers.after(IDLE_MS, () => {
      this.#env.log.info(`a ${this.#words.one} was left behind and is ended`);
      this.#leave(open, "Nothing came for 10 minutes.").catch((error: unknown) => this.#env.log.warn(`a ${this.#words.one} could not be ended`, { error }));
    });
  }
}

async function* exactly({ path, length: announced, chunks }: Arrival): AsyncGenerator<Uint8Array> {
  let length = 0;
  const changed = (cause: unknown): DoorError => new DoorError("CHANGED", `${path} was announced with ${announced} bytes, but ${length} came. Did it change meanwhile? Send it again.`, { cause });
  try {
    for await (const chunk of chunks) {
      length += chunk.length;
      yield chunk;
    }
  } catch (error) {
    throw changed(error);
  }
  if (length !== announced) throw changed(undefined);
}
