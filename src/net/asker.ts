import type { HostId } from "../codec/index.ts";
import { concatBytes } from "../codec/index.ts";
import { Limiter } from "../platform/index.ts";
import { CONTROL, checkKind, encodeId, encodeRequestHead } from "./control-frames.ts";
import type { Failure } from "./errors.ts";
import { NetError, remoteError, unreachable } from "./errors.ts";
import { MAX_MESSAGE } from "./port.ts";
import type { Wire } from "./wire.ts";

/** Requests that one side of a channel may have under way. The asker waits; the other side ends the channel when it is exceeded. */
export const REQUESTS_AT_ONCE = 256;
/** Bytes of their bodies together. Four of the longest fit. */
export const REQUEST_BYTES_AT_ONCE = 4 * MAX_MESSAGE;

interface Pending {
  /** Undefined once the asker has lost interest; the place is still taken until the answer is here. */
  readonly settle: { answer(body: Uint8Array): void; fail(error: Error): void } | undefined;
  readonly release: () => void;
}

/** The asking half of a channel: numbers requests, keeps within the agreed bounds, and matches answers. */
export class Asker {
  readonly #peer: HostId;
  readonly #wire: Wire;
  readonly #onIdle: () => void;
  readonly #places = new Limiter(REQUESTS_AT_ONCE);
  readonly #bytes = new Limiter(REQUEST_BYTES_AT_ONCE);
  readonly #pending = new Map<number, Pending>();
  #nextId = 0;
  #closed: Error | undefined;

  /** @param onIdle called whenever nothing is under way any more */
  constructor(peer: HostId, wire: Wire, onIdle: () => void) {
    this.#peer = peer;
    this.#wire = wire;
    this.#onIdle = onIdle;
  }

  get underWay(): number {
    return this.#pending.size + this.#places.waiting + this.#bytes.waiting;
  }

  /** @throws NetError UNREACHABLE, REMOTE, TOO_LARGE; the signal's reason when it is aborted */
  async ask(kind: string, body: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    checkKind(kind);
    if (body.length > MAX_MESSAGE) throw new NetError("TOO_LARGE", `A request "${kind}" has ${body.length} bytes, more than the ${MAX_MESSAGE} allowed. Send large content as bulk.`);
    const release = await this.#takePlace(body.length, signal);
    if (this.#closed !== undefined || signal.aborted) {
      release();
      throw this.#closed ?? signal.reason;
    }
    return this.#send(kind, body, signal, release);
  }

  answered(id: number, body: Uint8Array): void {
    this.#take(id).settle?.answer(body);
    this.#checkIdle();
  }

  failed(id: number, failure: Failure): void {
    this.#take(id).settle?.fail(remoteError(this.#peer, failure));
    this.#checkIdle();
  }

  close(cause: Error | undefined): void {
    if (this.#closed !== undefined) return;
    this.#closed = unreachable(this.#peer, "the connection to it was lost while it was being asked. Try again.", cause);
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { settle, release } of pending) {
      settle?.fail(this.#closed);
      release();
    }
  }

  async #takePlace(bytes: number, signal: AbortSignal): Promise<() => void> {
    const givePlace = await this.#places.take(1, signal);
    try {
      const giveBytes = await this.#bytes.take(bytes, signal);
      return () => {
        giveBytes();
        givePlace();
      };
    } catch (error) {
      givePlace();
      throw error;
    }
  }

  #send(kind: string, body: Uint8Array, signal: AbortSignal, release: () => void): Promise<Uint8Array> {
    const id = this.#newId();
    return new Promise((resolve, reject) => {
      const cancel = (): void => {
        this.#pending.set(id, { settle: undefined, release });
        this.#wire.send(CONTROL.cancel, encodeId(id));
        reject(signal.reason as Error);
      };
      signal.addEventListener("abort", cancel, { once: true });
      const settled = <T>(settle: (value: T) => void) => (value: T) => {
        signal.removeEventListener("abort", cancel);
        settle(value);
      };
      this.#pending.set(id, { settle: { answer: settled(resolve), fail: settled<Error>(reject) }, release });
      this.#wire.send(CONTROL.request, encodeRequestHead(id, kind), ownedBytes(body));
    });
  }

  #newId(): number {
    do this.#nextId = (this.#nextId + 1) >>> 0;
    while (this.#pending.has(this.#nextId));
    return this.#nextId;
  }

  #take(id: number): Pending {
    const pending = this.#pending.get(id);
    if (pending === undefined) throw new NetError("PROTOCOL", "The other host answered a request that was not made.");
    this.#pending.delete(id);
    pending.release();
    return pending;
  }

  #checkIdle(): void {
    if (this.underWay === 0) this.#onIdle();
  }
}

/** A short body is copied, so that whoever asked may use its memory again; a long one is lent until it is answered. */
function ownedBytes(body: Uint8Array): Uint8Array {
  return body.length < 4096 ? concatBytes(body) : body;
}
