import type { HostId, PackId } from "../codec/index.ts";
import type { BulkStream } from "../net/index.ts";
import type { Env, Timer } from "../platform/index.ts";
import { Limiter, raceAbort } from "../platform/index.ts";
import type { ProvenLeaves } from "../store/index.ts";
import { PoolError } from "./errors.ts";
import { GET, emptyCodec, leavesAnswerCodec, leavesRequestCodec } from "./messages.ts";
import type { PoolTransport } from "./parts.ts";

/** A stream that nobody has asked anything on for so long is closed. */
const IDLE_MS = 30_000;
/** A source that owes answers and sends none for so long hangs: a segment would have come at half a megabit per second. */
const STALL_MS = 20_000;

export interface LeavesWanted {
  readonly pack: PackId;
  readonly index: number;
  readonly firstLeaf: number;
  readonly leafCount: number;
}

interface Pending {
  readonly wanted: LeavesWanted;
  readonly resolve: (leaves: ProvenLeaves) => void;
  readonly reject: (error: Error) => void;
}

/**
 * One long-lived stream to one source, with many requests under way on it: a new stream costs a millisecond, a further request nothing.
 * Answers come in any order and find their question by its number; one that nobody waits for any more is dropped.
 */
export class Conversation {
  readonly #env: Env;
  readonly #opening: Promise<BulkStream>;
  readonly #closing = new AbortController();
  readonly #pending = new Map<number, Pending>();
  readonly #sending = new Limiter(1);
  readonly #onEnd: () => void;
  #next = 0;
  #timer: Timer | undefined;
  #ended: Error | undefined;

  /** @param onEnd called once, when nothing more can be asked here */
  constructor(env: Env, transport: PoolTransport, source: HostId, onEnd: () => void) {
    this.#env = env;
    this.#onEnd = onEnd;
    this.#opening = transport.openBulk(source, GET, emptyCodec.encode({}), this.#closing.signal);
    this.#listen().catch((error: unknown) => this.end(error instanceof Error ? error : new Error("the stream failed")));
  }

  /** @throws PoolError NOT_HELD, BAD_ANSWER, SILENT; NetError when the stream breaks; the signal's reason */
  async ask(wanted: LeavesWanted, signal: AbortSignal): Promise<ProvenLeaves> {
    signal.throwIfAborted();
    const number = this.#next++;
    const answer = new Promise<ProvenLeaves>((resolve, reject) => this.#pending.set(number, { wanted, resolve, reject }));
    answer.catch(() => {});
    // Only the first question starts the clock; further ones must not put off the end of a source that answers none.
    if (this.#pending.size === 1) this.#expect();
    try {
      if (this.#ended !== undefined) throw this.#ended;
      // The end of the conversation rejects the answer, also while the stream still opens or the question still waits to be sent.
      const asked = this.#send(leavesRequestCodec.encode({ number, ...wanted })).then(() => answer);
      return await raceAbort(Promise.race([answer, asked]), signal);
    } finally {
      this.#pending.delete(number);
      if (this.#pending.size === 0) this.#expect();
    }
  }

  async #send(question: Uint8Array): Promise<void> {
    const stream = await this.#opening;
    await this.#sending.run(() => stream.send(question), this.#closing.signal);
  }

  /** Ends the stream and whatever waits for it. Idempotent. */
  end(reason: Error): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    const isInPeace = this.#pending.size === 0;
    this.#timer?.cancel();
    for (const { reject } of this.#pending.values()) reject(reason);
    // Nothing is owed on an idle stream, so it ends in peace; otherwise the source learns that nobody listens any more.
    if (!isInPeace) this.#closing.abort(reason);
    const close = async (): Promise<void> => {
      const stream = await this.#opening;
      if (isInPeace) await stream.finish();
      else stream.abort(reason);
    };
    close().catch(() => {});
    this.#onEnd();
  }

  /** Starts the clock anew: for the next answer when one is owed, else for the next question. */
  #expect(): void {
    this.#timer?.cancel();
    if (this.#ended !== undefined) return;
    const [waitMs, why] = this.#pending.size > 0 ? [STALL_MS, `The source has sent nothing for ${STALL_MS} ms.`] : [IDLE_MS, "The stream was idle and has been closed."];
    this.#timer = this.#env.timers.after(waitMs, () => this.end(new PoolError("SILENT", why)));
  }

  async #listen(): Promise<void> {
    const stream = await this.#opening;
    const frames = stream.frames()[Symbol.asyncIterator]();
    for (let head = await frames.next(); head.done !== true; head = await frames.next()) {
      const { number, outcome } = leavesAnswerCodec.decode(head.value);
      const pending = this.#pending.get(number);
      switch (outcome.kind) {
        case "leaves": {
          const { sizeBytes, proof } = outcome.value;
          const content = await frames.next();
          if (content.done === true || content.value.length !== sizeBytes) throw new PoolError("BAD_ANSWER", "The source announced leaves and sent something else.");
          pending?.resolve({ firstLeaf: pending.wanted.firstLeaf, bytes: content.value, proof });
          break;
        }
        case "absent":
          pending?.reject(new PoolError("NOT_HELD", "The source does not hold the piece."));
          break;
        case "damaged":
          pending?.reject(new PoolError("NOT_HELD", "The source's copy of the piece is damaged."));
          break;
      }
      this.#pending.delete(number);
      this.#expect();
    }
    throw new PoolError("SILENT", "The source ended the stream.");
  }
}
