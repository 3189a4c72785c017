import type { HostId, PackId } from "../../codec/index.ts";
import type { BulkStream } from "../../net/index.ts";
import type { Env, Timer } from "../../platform/index.ts";
import { Limiter, raceAbort } from "../../platform/index.ts";
import type { ProvenLeaves } from "../../store/index.ts";
import { PoolError } from "../errors.ts";
import { GET, emptyCodec, leavesAnswerCodec, leavesRequestCodec } from "../messages.ts";
import type { PoolTransport } from "../parts.ts";

/** A stream that nobody has asked anything on for so long is closed. */
const IDLE_MS = 30_000;
/** A source that owes answers and sends none for so long hangs: a segment would have come at half a megabit per second. */
const STALL_MS = 20_000;
/** And one that answers what was asked later, and this not, holds it back: it has three answers under way at once, so two may well come before it. */
const HELD_BACK_MS = 3 * STALL_MS;

/** A source gives other answers and this one not: by mistake or on purpose, there is no end to be seen of waiting for it. */
export class HeldBack extends PoolError {
  constructor() {
    super("SILENT", `The source has given other answers for ${HELD_BACK_MS} ms, and this one not.`);
  }
}

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
  /** When its turn came, as far as is known: when it was asked, or when something that was asked before it was last answered. */
  turnMs: number;
  timer: Timer | undefined;
}

/**
 * One long-lived stream to one source, with many requests under way on it: a new stream costs a millisecond, a further request nothing.
 * Answers come in any order and find their question by its number; one that nobody waits for any more is received and dropped.
 */
export class Conversation {
  readonly #env: Env;
  readonly #opening: Promise<BulkStream>;
  readonly #closing = new AbortController();
  /** Answers that are to come, also those that nobody waits for any more: a source that owes them is still alive only if they come. */
  readonly #owed = new Map<number, Pending>();
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
    if (this.#ended !== undefined) throw this.#ended;
    const number = this.#next++;
    const { promise: answer, resolve, reject } = Promise.withResolvers<ProvenLeaves>();
    answer.catch(() => {});
    const pending: Pending = { wanted, resolve, reject, turnMs: this.#env.clock.monotonicMs(), timer: undefined };
    this.#owed.set(number, pending);
    this.#watch(pending, HELD_BACK_MS);
    // Only the first question starts the clock: further ones must not put off the end of a source that answers none.
    if (this.#owed.size === 1) this.#expect();
    this.#send(leavesRequestCodec.encode({ number, ...wanted })).catch((error: unknown) => this.end(error instanceof Error ? error : new Error("the stream failed")));
    return await raceAbort(answer, signal);
  }

  async #send(question: Uint8Array): Promise<void> {
    const stream = await this.#opening;
    await this.#sending.run(() => stream.send(question), this.#closing.signal);
  }

  /** Ends the stream and whatever waits for it. Idempotent. */
  end(reason: Error): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    const isInPeace = this.#owed.size === 0;
    this.#timer?.cancel();
    for (const { timer, reject } of this.#owed.values()) {
      timer?.cancel();
      reject(reason);
    }
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
    const [waitMs, why] = this.#owed.size > 0 ? [STALL_MS, `The source has sent nothing for ${STALL_MS} ms.`] : [IDLE_MS, "The stream was idle and has been closed."];
    this.#timer = this.#env.timers.after(waitMs, () => this.end(new PoolError("SILENT", why)));
  }

  /** Gives up a question that others are put before. Its answer stays owed: should it come after all, it is received and dropped. */
  #watch(pending: Pending, waitMs: number): void {
    pending.timer = this.#env.timers.after(waitMs, () => {
      const leftMs = pending.turnMs + HELD_BACK_MS - this.#env.clock.monotonicMs();
      if (leftMs > 0) this.#watch(pending, leftMs);
      else pending.reject(new HeldBack());
    });
  }

  /** Whatever was asked after this one moves up. */
  #answered(number: number, { timer }: Pending): void {
    timer?.cancel();
    this.#owed.delete(number);
    const nowMs = this.#env.clock.monotonicMs();
    for (const [other, pending] of this.#owed) if (other > number) pending.turnMs = nowMs;
    this.#expect();
  }

  async #listen(): Promise<void> {
    const stream = await this.#opening;
    const frames = stream.frames()[Symbol.asyncIterator]();
    for (let head = await frames.next(); head.done !== true; head = await frames.next()) {
      const { number, outcome } = leavesAnswerCodec.decode(head.value);
      const pending = this.#owed.get(number);
      if (pending === undefined) throw new PoolError("BAD_ANSWER", "The source answers what was not asked.");
      switch (outcome.kind) {
        case "leaves": {
          const { sizeBytes, proof } = outcome.value;
          const content = await frames.next();
          if (content.done === true || content.value.length !== sizeBytes) throw new PoolError("BAD_ANSWER", "The source announced leaves and sent something else.");
          pending.resolve({ firstLeaf: pending.wanted.firstLeaf, bytes: content.value, proof });
          break;
        }
        case "absent":
          pending.reject(new PoolError("NOT_HELD", "The source does not hold the piece."));
          break;
        case "damaged":
          pending.reject(new PoolError("NOT_HELD", "The source's copy of the piece is damaged."));
          break;
      }
      this.#answered(number, pending);
    }
    throw new PoolError("SILENT", "The source ended the stream.");
  }
}
