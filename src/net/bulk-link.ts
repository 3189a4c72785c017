import type { HostId } from "../codec/index.ts";
import { shortId } from "../codec/index.ts";
import type { Env, Timer } from "../platform/index.ts";
import { raceAbort } from "../platform/index.ts";
import { BULK, decodeCredit, encodeCredit, longestBulkPayload } from "./bulk-frames.ts";
import { encodeFailure, decodeFailure, failureOf, NetError, remoteError, unreachable } from "./errors.ts";
import type { BulkStream } from "./port.ts";
import { MAX_BULK_FRAME } from "./port.ts";
import type { ReceiveBudget } from "./receive-budget.ts";
import { frameCost } from "./receive-budget.ts";
import { ReceiveWindow } from "./receive-window.ts";
import type { Wire, WireEvents } from "./wire.ts";

/** A reader waits this many stall times for a frame: producing one may rightly take longer than taking one. */
const IDLE_STALLS = 4;
const UNREAD_MS = 10 * 60_000;

export interface BulkPlan {
  readonly peer: HostId;
  readonly budget: ReceiveBudget;
  /** Milliseconds that a sender waits for the other side to take anything at all. */
  readonly stallMs: number;
  /** Frames that are not about content: `open` and `accept`. */
  readonly onFrame: (type: number, payload: Uint8Array) => void;
  /** Called once, when the stream is at an end and holds no memory any more. */
  readonly onEnd: () => void;
}

/**
 * One end of a bulk stream. The receiver says how many bytes it has room for (ReceiveWindow); the sender sends no more. So the wire
 * is always read, a slow reader slows exactly its own sender, and no pause on one stream holds up another.
 */
export class BulkLink implements BulkStream {
  readonly #env: Env;
  readonly #plan: BulkPlan;
  readonly #wire: Wire;
  readonly #window: ReceiveWindow;
  readonly #arrived: Uint8Array[] = [];
  readonly #aborted = new AbortController();
  #credit = 0;
  #failure: Error | undefined;
  #remoteFinished = false;
  #localFinished = false;
  /** The opener knows that the handler has returned, or the handler has. */
  #done = false;
  #ended = false;
  #unreadTimer: Timer | undefined;
  #sending: Promise<void> = Promise.resolve();
  #wakeSender: (() => void) | undefined;
  #wakeReader: (() => void) | undefined;

  constructor(env: Env, plan: BulkPlan, makeWire: (events: WireEvents) => Wire) {
    this.#env = env;
    this.#plan = plan;
    this.#window = new ReceiveWindow(plan.budget);
    this.#wire = makeWire({
      head: (type, length) => this.#head(type, length),
      frame: (type, payload) => this.#frame(type, payload),
      closed: (cause) => this.#closed(cause),
    });
  }

  /** Aborted when the stream fails, from whichever side. */
  get signal(): AbortSignal {
    return this.#aborted.signal;
  }

  /** Credit for the other side to begin with. */
  beginWindow(): number {
    return this.#window.begin();
  }

  post(type: number, payload: Uint8Array): void {
    this.#wire.send(type, payload);
  }

  addCredit(credit: number): void {
    this.#credit += credit;
    this.#wakeSender?.();
  }

  send(frame: Uint8Array): Promise<void> {
    if (frame.length > MAX_BULK_FRAME) return Promise.reject(new NetError("TOO_LARGE", `A bulk frame has ${frame.length} bytes, more than the ${MAX_BULK_FRAME} allowed.`));
    return this.#inTurn(async () => {
      this.#checkWritable();
      await this.#untilCredit(frameCost(frame.length));
      this.#credit -= frameCost(frame.length);
      this.#wire.send(BULK.data, frame);
      await this.#untilRoom();
    });
  }

  finish(): Promise<void> {
    return this.#inTurn(() => {
      if (this.#failure !== undefined) throw this.#failure;
      // A handler that has returned needs no telling.
      if (!this.#localFinished && !this.#done) this.#wire.send(BULK.finish);
      this.#localFinished = true;
    });
  }

  async *frames(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const granted = this.#window.ask();
      if (granted > 0) this.#wire.send(BULK.credit, encodeCredit(granted));
      while (this.#arrived.length === 0 && this.#failure === undefined && !this.#remoteFinished) await this.#untilArrival();
      if (this.#failure !== undefined) throw this.#failure;
      const frame = this.#arrived.shift();
      if (frame === undefined) return;
      this.#window.take(frame.length);
      this.#checkEnd();
      yield frame;
    }
  }

  abort(reason: Error): void {
    if (this.#failure !== undefined || this.#ended) return;
    this.#wire.send(BULK.fail, encodeFailure(failureOf(reason)));
    this.#wire.close();
    this.#fail(reason);
  }

  /** The handler has returned: what it sent is delivered, whatever else comes is dropped. */
  async complete(): Promise<void> {
    await this.#sending.catch(() => {});
    if (this.#failure !== undefined) return;
    this.#wire.send(BULK.done);
    this.#wire.close();
    this.#done = true;
    this.#remoteFinished = true;
    this.#arrived.length = 0;
    this.#end();
  }

  #head(type: number, length: number): void {
    if (length > longestBulkPayload(type)) throw new NetError("PROTOCOL", `The other host announced a bulk frame of ${length} bytes, more than is allowed.`);
    if (type !== BULK.data || this.#isOver()) return;
    if (this.#remoteFinished) throw new NetError("PROTOCOL", "The other host sent more bulk after it had finished.");
    this.#window.spend(length);
  }

  #frame(type: number, payload: Uint8Array): void {
    if (this.#isOver()) return;
    switch (type) {
      case BULK.data:
        this.#arrived.push(payload);
        return this.#wakeReader?.();
      case BULK.credit:
        return this.addCredit(decodeCredit(payload));
      case BULK.finish:
        this.#remoteFinished = true;
        return this.#wakeReader?.();
      case BULK.done:
        return this.#onDone();
      case BULK.fail:
        this.#wire.close();
        return this.#fail(remoteError(this.#plan.peer, decodeFailure(payload)));
      default:
        return this.#plan.onFrame(type, payload);
    }
  }

  #onDone(): void {
    this.#remoteFinished = true;
    this.#done = true;
    this.#wire.close();
    this.#wakeReader?.();
    this.#wakeSender?.();
    this.#checkEnd();
    // What arrived waits for its reader; one that never comes must not keep the memory for ever.
    if (!this.#ended) this.#unreadTimer = this.#env.timers.after(UNREAD_MS, () => this.#fail(new NetError("STALLED", "A bulk stream was not read to its end.")));
  }

  #closed(cause: Error | undefined): void {
    if (this.#isOver()) return;
    this.#fail(unreachable(this.#plan.peer, "the connection was lost in the middle of a bulk stream. Try again.", cause));
  }

  /** Nothing that still comes matters: this end has failed, or its handler has returned. */
  #isOver(): boolean {
    return this.#failure !== undefined || this.#ended || this.#done;
  }

  #fail(reason: Error): void {
    this.#failure ??= reason;
    this.#arrived.length = 0;
    this.#aborted.abort(reason);
    this.#wakeReader?.();
    this.#wakeSender?.();
    this.#end();
  }

  #checkEnd(): void {
    if (this.#done && this.#arrived.length === 0) this.#end();
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#unreadTimer?.cancel();
    this.#window.close();
    this.#plan.onEnd();
  }

  // Frames of concurrent callers leave one after the other, in the order of the calls.
  #inTurn(step: () => void | Promise<void>): Promise<void> {
    const turn = this.#sending.then(step);
    this.#sending = turn;
    turn.catch(() => {});
    return turn;
  }

  #checkWritable(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#done) throw new NetError("CLOSED", `Host ${shortId(this.#plan.peer)} has finished with this bulk stream and takes nothing more.`);
    if (this.#localFinished) throw new NetError("CLOSED", "This side of the bulk stream was finished.");
  }

  async #untilCredit(cost: number): Promise<void> {
    while (this.#credit < cost) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wakeSender = resolve;
      const timer = this.#env.timers.after(this.#plan.stallMs, () => this.#stall());
      await promise.finally(() => timer.cancel());
      this.#wakeSender = undefined;
      this.#checkWritable();
    }
  }

  async #untilRoom(): Promise<void> {
    let timer: Timer;
    const watch = (): void => {
      if (this.#wire.stuckForMs() >= this.#plan.stallMs) this.#stall();
      else timer = this.#env.timers.after(this.#plan.stallMs, watch);
    };
    timer = this.#env.timers.after(this.#plan.stallMs, watch);
    await raceAbort(this.#wire.room(), this.signal).finally(() => timer.cancel());
  }

  #stall(): void {
    const error = new NetError("STALLED", `Host ${shortId(this.#plan.peer)} took nothing of a bulk stream for ${this.#plan.stallMs} ms. It may be overloaded; try again or ask another.`);
    this.abort(error);
    // The wire may be what is stuck, and then nothing that is queued on it will ever leave.
    if (this.#wire.stuckForMs() > 0) this.#wire.abort(error);
  }

  #untilArrival(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wakeReader = resolve;
    const idleMs = IDLE_STALLS * this.#plan.stallMs;
    const timer = this.#env.timers.after(idleMs, () => this.abort(new NetError("STALLED", `Host ${shortId(this.#plan.peer)} sent nothing on a bulk stream for ${idleMs} ms. Try again or ask another.`)));
    return promise.finally(() => {
      timer.cancel();
      this.#wakeReader = undefined;
    });
  }
}
