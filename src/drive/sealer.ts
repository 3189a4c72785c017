import type { Env, Thread } from "../platform/index.ts";
import { cancellable, messageOf, raceAbort, startThread } from "../platform/index.ts";
import { DriveError } from "./errors.ts";
import type { SealAnswer, SealData, SealQuestion, SealedChunk } from "./seal-protocol.ts";

/** What crosses to a thread at once. */
const BLOCK_BYTES = 1024 * 1024;
/** Blocks of one file under way: one is worked on, one waits, and the chunks of one are taken. */
const AHEAD = 3;
/** Blocks that are kept to be used again. */
const SPARE_MAX = 8;

export interface SealedFile {
  readonly sizeBytes: number;
  /** SHA-256 of all of it. */
  readonly digest: Uint8Array;
}

/**
 * Makes files into sealed blobs, in a thread of its own, several files at a time. One thread seals some 150 MB a second, which is more than
 * pieces leave a host at, and a second one would take 55 MB of memory.
 */
export class Sealer {
  readonly #env: Env;
  readonly #data: SealData;
  #lane: Lane;
  #files = 0;

  constructor(env: Env, data: SealData) {
    this.#env = env;
    this.#data = data;
    this.#lane = new Lane(env, data);
  }

  /**
   * @param take is given the blobs in their order, the next when it has taken the one before
   * @throws what the source, `take` or the signal throws
   */
  async seal(source: AsyncIterable<Uint8Array>, take: (chunk: SealedChunk) => Promise<void>, signal: AbortSignal): Promise<SealedFile> {
    if (this.#lane.hasFailed) this.#lane = new Lane(this.#env, this.#data);
    const lane = this.#lane;
    const file = (this.#files += 1);
    const waiting: Promise<SealAnswer>[] = [];
    const takeNext = async (): Promise<SealAnswer> => {
      const answer = await raceAbort(waiting.shift()!, signal);
      for (const chunk of answer.chunks) await take(chunk);
      return answer;
    };
    let sizeBytes = 0;
    let isOpen = true;
    try {
      for await (const { bytes, isLast } of blocksOf(cancellable(source, signal), () => lane.block())) {
        if (waiting.length >= AHEAD) await takeNext();
        sizeBytes += bytes.length;
        isOpen = !isLast;
        waiting.push(lane.ask({ file, kind: isLast ? "last" : "more", bytes }));
      }
      while (waiting.length > 1) await takeNext();
      return { sizeBytes, digest: (await takeNext()).digest! };
    } finally {
      if (isOpen) lane.drop(file);
    }
  }

  async end(): Promise<void> {
    await this.#lane.end();
  }
}

/**
 * A thread, and who waits for its answers. One that has failed takes nothing more: another thread would go on with a file whose beginning it
 * has not seen, and what the first one had not cut yet would be missing.
 */
class Lane {
  readonly #env: Env;
  readonly #data: SealData;
  #thread: Thread<SealQuestion> | undefined;
  #waiting: { readonly resolve: (answer: SealAnswer) => void; readonly reject: (error: Error) => void }[] = [];
  #hasFailed = false;
  /** Why it takes nothing more. */
  #over: DriveError | undefined;
  readonly #spare: Uint8Array[] = [];

  constructor(env: Env, data: SealData) {
    this.#env = env;
    this.#data = data;
  }

  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  ask(question: SealQuestion): Promise<SealAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<SealAnswer>();
    // A failure is the asker's when its turn comes; until then, or when something else has failed it, nobody listens.
    promise.catch(() => undefined);
    if (this.#over !== undefined) {
      reject(this.#over);
      return promise;
    }
    this.#thread ??= this.#start();
    this.#waiting.push({ resolve, reject });
    this.#thread.post(question, [question.bytes.buffer as ArrayBuffer]);
    return promise;
  }

  /** Nobody wants the file any longer. */
  drop(file: number): void {
    // A thread that is yet to start knows nothing of it.
    if (this.#thread !== undefined) void this.ask({ file, kind: "drop", bytes: new Uint8Array(0) });
  }

  /** A block of memory that can change over to the thread, of any content. */
  block(): Uint8Array {
    return this.#spare.pop() ?? new Uint8Array(BLOCK_BYTES);
  }

  async end(): Promise<void> {
    this.#over = ended();
    this.#hasFailed = false;
    this.#spare.length = 0;
    await this.#thread?.end();
    this.#fail(this.#over);
  }

  #start(): Thread<SealQuestion> {
    return startThread<SealQuestion, SealAnswer>(new URL("./seal-thread", import.meta.url), {
      name: "sealer",
      data: this.#data,
      onAnswer: (answer) => {
        this.#keep(answer.block);
        this.#waiting.shift()?.resolve(answer);
      },
      onFailure: (error) => {
        this.#env.log.error("a thread that seals private content has failed", { error });
        this.#thread = undefined;
        this.#hasFailed = true;
        this.#fail(new DriveError("CLOSED", `Sealing failed (${messageOf(error)}). Put the files again.`, { cause: error }));
      },
    });
  }

  #keep({ buffer }: Uint8Array): void {
    if (buffer.byteLength === BLOCK_BYTES && this.#spare.length < SPARE_MAX && this.#over === undefined) this.#spare.push(new Uint8Array(buffer as ArrayBuffer));
  }

  #fail(error: DriveError): void {
    this.#over = error;
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}

function ended(): DriveError {
  return new DriveError("CLOSED", "This upload has ended. Begin another one.");
}

/** The source in blocks of 1 MiB, each in memory of its own, so that it can change over to a thread; the last one may be short or empty. */
async function* blocksOf(source: AsyncIterable<Uint8Array>, take: () => Uint8Array): AsyncGenerator<{ readonly bytes: Uint8Array; readonly isLast: boolean }> {
  let block: Uint8Array | undefined;
  let length = 0;
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; ) {
      block ??= take();
      const part = chunk.subarray(at, at + BLOCK_BYTES - length);
      block.set(part, length);
      length += part.length;
      at += part.length;
      if (length < BLOCK_BYTES) continue;
      yield { bytes: block, isLast: false };
      [block, length] = [undefined, 0];
    }
  }
  yield { bytes: (block ?? new Uint8Array(0)).subarray(0, length), isLast: true };
}
