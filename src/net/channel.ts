import type { HostId } from "../codec/index.ts";
import { hex } from "../codec/index.ts";
import type { Env } from "../platform/index.ts";
import type { AnswererLimits, Dispatch } from "./answerer.ts";
import { Answerer, MEMBER_LIMITS } from "./answerer.ts";
import { Asker } from "./asker.ts";
import { CONTROL, CONTROL_OVERHEAD, decodeAnswer, decodeFailureFrame, decodeHello, decodeId, decodeRequest, encodeHello, longestControlPayload } from "./control-frames.ts";
import { NetError, unreachable } from "./errors.ts";
import type { Liveness } from "./keepalive.ts";
import { Keepalive } from "./keepalive.ts";
import { MAX_MESSAGE } from "./port.ts";
import type { Wire, WireEvents } from "./wire.ts";
import { WIRE_QUEUE_BYTES } from "./wire.ts";

export interface ChannelPlan {
  readonly peer: HostId;
  /** Whether this host opened the channel, and dialled the connection under it. */
  readonly opened: boolean;
  readonly incarnation: Uint8Array;
  readonly liveness: Liveness;
  readonly limits?: AnswererLimits;
  /** The longest answer that is taken, in bytes; MAX_MESSAGE by default. */
  readonly answerBytesMax?: number;
  readonly dispatch: Dispatch;
  /** The other side asks for a connection for bulk. */
  readonly onWantBulk: () => void;
  /** Called once, when the channel is at an end. */
  readonly onClosed: (channel: Channel, cause: Error | undefined) => void;
}

/**
 * Requests in both directions over one wire. Both sides greet first; then each may ask. Neither ever stops reading: how many
 * requests and bytes may be under way is agreed (see Asker), so that an answer never waits behind a request.
 */
export class Channel {
  readonly peer: HostId;
  readonly opened: boolean;
  readonly #plan: ChannelPlan;
  readonly #wire: Wire;
  readonly #asker: Asker;
  readonly #answerer: Answerer;
  readonly #keepalive: Keepalive;
  readonly #greeted = Promise.withResolvers<void>();
  #remoteIncarnation: string | undefined;
  #state: "greeting" | "open" | "retiring" | "closed" = "greeting";
  #mustSayRetired = false;
  #mayClose = false;

  /** @param makeWire gets the events' receiver and returns the wire that feeds it */
  constructor(env: Env, plan: ChannelPlan, makeWire: (events: WireEvents) => Wire) {
    this.peer = plan.peer;
    this.opened = plan.opened;
    this.#plan = plan;
    this.#greeted.promise.catch(() => {});
    this.#wire = makeWire({
      head: (type, length) => this.#head(type, length),
      frame: (type, payload) => this.#frame(type, payload),
      closed: (cause) => this.#closed(cause),
    });
    this.#asker = new Asker(plan.peer, this.#wire, () => this.#stepRetiring());
    this.#answerer = new Answerer(this.#wire, plan.limits ?? MEMBER_LIMITS, plan.dispatch);
    this.#keepalive = new Keepalive(env, this.#wire, plan.liveness, (why) => this.abort(unreachable(plan.peer, why)));
    this.#wire.send(CONTROL.hello, encodeHello(plan.incarnation));
  }

  /** Resolves when the other side has greeted, which it does only when it admits this host. */
  get greeted(): Promise<void> {
    return this.#greeted.promise;
  }

  /** Differs after each start of the other host. */
  get remoteIncarnation(): string {
    return this.#remoteIncarnation ?? "";
  }

  get isOpen(): boolean {
    return this.#state === "open";
  }

  /** @throws NetError UNREACHABLE, REMOTE, TOO_LARGE; the signal's reason */
  ask(kind: string, body: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    return this.#asker.ask(kind, body, signal);
  }

  /** In milliseconds; undefined until it is known. */
  get roundTripMs(): number | undefined {
    return this.#keepalive.roundTripMs;
  }

  wantBulk(): void {
    this.#wire.send(CONTROL.wantBulk);
  }

  /** Has the other side prove now that it is there, instead of at the next ping. */
  probe(): void {
    this.#keepalive.probe();
  }

  /** Ends the channel once nothing is under way on it in either direction. For its opener, when there is another. */
  retire(): void {
    if (this.#state !== "open") return;
    this.#state = "retiring";
    this.#wire.send(CONTROL.retire);
  }

  abort(error: Error): void {
    this.#wire.abort(error);
    this.#closed(error);
  }

  #head(type: number, length: number): void {
    if (length > longestControlPayload(type)) throw new NetError("PROTOCOL", `The other host announced a frame of ${length} bytes, more than is allowed for its type.`);
    if ((type === CONTROL.hello) !== (this.#state === "greeting")) throw new NetError("PROTOCOL", "The other host did not greet first, or greeted twice.");
    if (type === CONTROL.request) this.#answerer.checkHead(length);
    if (type === CONTROL.answer && length > (this.#plan.answerBytesMax ?? MAX_MESSAGE) + CONTROL_OVERHEAD) throw new NetError("PROTOCOL", `The other host announced an answer of ${length} bytes, more than is allowed here.`);
  }

  #frame(type: number, payload: Uint8Array): void {
    switch (type) {
      case CONTROL.hello:
        return this.#onHello(payload);
      case CONTROL.request:
        return this.#answerer.begin(decodeRequest(payload));
      case CONTROL.answer: {
        const { id, body } = decodeAnswer(payload);
        return this.#asker.answered(id, body);
      }
      case CONTROL.failure: {
        const { id, failure } = decodeFailureFrame(payload);
        return this.#asker.failed(id, failure);
      }
      case CONTROL.cancel:
        return this.#answerer.cancel(decodeId(payload));
      case CONTROL.ping:
        return this.#pong();
      case CONTROL.pong:
        return this.#keepalive.ponged();
      case CONTROL.retire:
        return this.#onRetire();
      case CONTROL.retired:
        this.#mayClose = true;
        return this.#stepRetiring();
      case CONTROL.wantBulk:
        return this.#plan.onWantBulk();
      default:
        return undefined;
    }
  }

  #onHello(payload: Uint8Array): void {
    this.#remoteIncarnation = hex(decodeHello(payload));
    this.#state = "open";
    this.#keepalive.start();
    this.#greeted.resolve();
  }

  // Whoever asks again and again and does not read gets no heap of answers; what waits for it says enough.
  #pong(): void {
    if (this.#wire.queuedBytes <= WIRE_QUEUE_BYTES / 16) this.#wire.send(CONTROL.pong);
  }

  #onRetire(): void {
    if (this.opened || this.#state !== "open") throw new NetError("PROTOCOL", "The other host retired a channel that it had not opened, or twice.");
    this.#state = "retiring";
    this.#mustSayRetired = true;
    this.#stepRetiring();
  }

  #stepRetiring(): void {
    if (this.#state !== "retiring" || this.#asker.underWay > 0) return;
    if (this.#mustSayRetired) {
      this.#mustSayRetired = false;
      this.#wire.send(CONTROL.retired);
    }
    if (this.#mayClose) this.#wire.close();
  }

  #closed(cause: Error | undefined): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#keepalive.stop();
    this.#asker.close(cause);
    this.#answerer.close(cause);
    this.#greeted.reject(unreachable(this.peer, "it closed the connection instead of greeting. It may not know this host as a member.", cause));
    this.#plan.onClosed(this, cause);
  }
}
