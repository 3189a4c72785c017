import { PlatformError } from "../platform/index.ts";
import { REQUESTS_AT_ONCE, REQUEST_BYTES_AT_ONCE } from "./asker.ts";
import type { RequestFrame } from "./control-frames.ts";
import { CONTROL, CONTROL_OVERHEAD, encodeFailureFrame, encodeId } from "./control-frames.ts";
import { NetError, failureOf } from "./errors.ts";
import { KindTurns } from "./kind-turns.ts";
import { MAX_MESSAGE } from "./port.ts";
import type { Wire } from "./wire.ts";

/** While more bytes of answers wait, no request is begun. */
export const BEGIN_BELOW_BYTES = 8 * 1024 * 1024;
/** An answer that would make more bytes wait is dropped for a failure: its asker does not read. */
const MAX_WAITING_BYTES = 32 * 1024 * 1024;

/** Finds and runs the handler of a request. */
export type Dispatch = (kind: string, body: Uint8Array, signal: AbortSignal) => Promise<Uint8Array>;

export interface AnswererLimits {
  readonly requestsAtOnce: number;
  readonly requestsInAll: number;
  readonly bodyBytes: number;
}

export const MEMBER_LIMITS: AnswererLimits = { requestsAtOnce: REQUESTS_AT_ONCE, requestsInAll: Infinity, bodyBytes: MAX_MESSAGE };

interface Running {
  readonly controller: AbortController;
  readonly bytes: number;
}

/** The answering half of a channel: runs handlers within the agreed bounds and sends what they return. */
export class Answerer {
  readonly #wire: Wire;
  readonly #dispatch: Dispatch;
  readonly #limits: AnswererLimits;
  readonly #turns = new KindTurns();
  readonly #running = new Map<number, Running>();
  #bytes = 0;
  #begun = 0;

  constructor(wire: Wire, limits: AnswererLimits, dispatch: Dispatch) {
    this.#wire = wire;
    this.#limits = limits;
    this.#dispatch = dispatch;
  }

  get running(): number {
    return this.#running.size;
  }

  /** @throws NetError PROTOCOL when a request of this length may not come now */
  checkHead(length: number): void {
    const { requestsAtOnce, requestsInAll, bodyBytes } = this.#limits;
    if (length > bodyBytes + CONTROL_OVERHEAD) throw new NetError("PROTOCOL", `The other host announced a request of ${length} bytes, more than the ${bodyBytes} allowed.`);
    if (this.#running.size >= requestsAtOnce || this.#begun >= requestsInAll) throw new NetError("PROTOCOL", "The other host has more requests under way than is agreed.");
    if (this.#bytes + length > REQUEST_BYTES_AT_ONCE + CONTROL_OVERHEAD) throw new NetError("PROTOCOL", "The other host has more bytes of requests under way than is agreed.");
  }

  begin({ id, kind, body }: RequestFrame): void {
    if (this.#running.has(id)) throw new NetError("PROTOCOL", "The other host used the number of a request twice.");
    const running = { controller: new AbortController(), bytes: body.length };
    this.#running.set(id, running);
    this.#bytes += body.length;
    this.#begun += 1;
    void this.#answer(id, kind, body, running);
  }

  cancel(id: number): void {
    // The answer and the cancellation may have crossed; then there is nothing to cancel.
    this.#running.get(id)?.controller.abort(new PlatformError("CANCELLED", "The asking host does not want the answer any more."));
  }

  close(cause: Error | undefined): void {
    for (const { controller } of this.#running.values()) controller.abort(new NetError("UNREACHABLE", "The connection to the asking host was lost.", { cause }));
  }

  async #answer(id: number, kind: string, body: Uint8Array, running: Running): Promise<void> {
    const { signal } = running.controller;
    try {
      await this.#turns.run(kind, signal, async () => {
        while (this.#wire.queuedBytes > BEGIN_BELOW_BYTES) await this.#wire.room();
        signal.throwIfAborted();
        const answer = await this.#dispatch(kind, body, signal);
        // Sent before the next of its kind has its turn, so that the next sees how much waits.
        this.#checkAnswer(kind, answer.length);
        this.#end(id, running);
        this.#wire.send(CONTROL.answer, encodeId(id), answer);
      });
    } catch (error) {
      this.#end(id, running);
      this.#wire.send(CONTROL.failure, encodeFailureFrame(id, failureOf(error)));
    }
  }

  #checkAnswer(kind: string, bytes: number): void {
    if (bytes > MAX_MESSAGE) throw new NetError("TOO_LARGE", `The answer to "${kind}" has ${bytes} bytes, more than the ${MAX_MESSAGE} allowed.`);
    if (this.#wire.queuedBytes + bytes > MAX_WAITING_BYTES) throw new NetError("BUSY", "Too many answers wait to be read. Ask again when they are.");
  }

  #end(id: number, running: Running): void {
    this.#running.delete(id);
    this.#bytes -= running.bytes;
  }
}
