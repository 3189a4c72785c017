import type { Stream, StreamCloseEvent, StreamMessageEvent } from "@libp2p/interface";
import { concatBytes } from "../codec/index.ts";
import type { Env, Timer } from "../platform/index.ts";
import { NetError } from "./errors.ts";
import { FrameReader, frameHead } from "./frame-reader.ts";
import type { Wire, WireEvents } from "./wire.ts";
import { WIRE_QUEUE_BYTES } from "./wire.ts";

/** Small frames leave together in writes of about this size: each write costs a yamux frame and a TLS record. */
const BATCH_BYTES = 64 * 1024;
/** Longer parts are passed on without being copied. */
const COPY_BELOW_BYTES = 16 * 1024;
/**
 * A single write has at most this many bytes. Each is a yamux frame, of which the other side sees nothing before the whole of it is there:
 * a line that needs longer for one than a host may be silent (Keepalive) would be cut off each time anything large goes over it.
 */
export const WRITE_BYTES = 64 * 1024;
const NOTHING = new Uint8Array(0);
/** How long a closing stream may take to get rid of what is queued. */
const CLOSE_MS = 10_000;

/** A Wire over a libp2p stream. */
export class StreamWire implements Wire {
  readonly #env: Env;
  readonly #stream: Stream;
  readonly #events: WireEvents;
  readonly #reader: FrameReader;
  readonly #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #receivedBytes = 0;
  #movedMs = 0;
  #blocked = false;
  #flushing = false;
  #closing = false;
  #ended = false;
  #closeTimer: Timer | undefined;
  #waiting: (() => void)[] = [];

  constructor(env: Env, stream: Stream, events: WireEvents) {
    this.#env = env;
    this.#stream = stream;
    this.#events = events;
    this.#reader = new FrameReader(events);
    stream.addEventListener("drain", () => this.#unblock());
    stream.addEventListener("close", (event: StreamCloseEvent) => this.#end(event.error));
    stream.addEventListener("remoteCloseWrite", () => this.#remoteClosed());
    stream.addEventListener("message", (event: StreamMessageEvent) => this.#receive(event.data));
    if (stream.remoteWriteStatus === "closed") this.#remoteClosed();
    // Whoever makes a wire is not ready to hear of its end before the constructor has returned.
    if (stream.status !== "open") queueMicrotask(() => this.#end(new NetError("CLOSED", "The stream ended before it was used.")));
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  stuckForMs(): number {
    return this.#blocked ? this.#env.clock.monotonicMs() - this.#movedMs : 0;
  }

  send(type: number, ...parts: readonly Uint8Array[]): void {
    if (this.#ended || this.#closing) return;
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    for (const part of [frameHead(type, length), ...parts]) this.#enqueue(part);
    this.#scheduleFlush();
  }

  room(): Promise<void> {
    if (this.#ended || this.#queuedBytes <= WIRE_QUEUE_BYTES) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  close(): void {
    if (this.#ended || this.#closing) return;
    this.#closing = true;
    this.#closeTimer = this.#env.timers.after(CLOSE_MS, () => this.abort(new NetError("STALLED", "The other side did not take the last bytes of a stream.")));
    this.#scheduleFlush();
  }

  abort(error: Error): void {
    if (this.#ended) return;
    this.#stream.abort(error);
    this.#end(error);
  }

  #enqueue(part: Uint8Array): void {
    for (let at = 0; at < part.length; at += WRITE_BYTES) this.#queue.push(part.subarray(at, at + WRITE_BYTES));
    this.#queuedBytes += part.length;
  }

  // All frames of one turn of the event loop leave in one write.
  #scheduleFlush(): void {
    if (this.#flushing || this.#blocked) return;
    this.#flushing = true;
    setImmediate(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  #flush(): void {
    try {
      while (this.#queue.length > 0 && !this.#blocked && !this.#ended) this.#write(this.#takeBatch());
    } catch (error) {
      this.abort(error as Error);
      return;
    }
    if (this.#queuedBytes <= WIRE_QUEUE_BYTES) this.#wake();
    if (this.#closing && this.#queue.length === 0 && !this.#blocked && !this.#ended) void this.#closeStream();
  }

  #write(batch: Uint8Array): void {
    this.#queuedBytes -= batch.length;
    this.#movedMs = this.#env.clock.monotonicMs();
    // The stream keeps what it cannot send at once, and says by "drain" when it can take more.
    if (!this.#stream.send(batch)) this.#blocked = true;
  }

  #takeBatch(): Uint8Array {
    let count = 0;
    for (let bytes = 0; count < this.#queue.length && bytes < BATCH_BYTES; count += 1) {
      const { length } = this.#queue[count]!;
      if (length > COPY_BELOW_BYTES) break;
      bytes += length;
    }
    const batch = this.#queue.splice(0, Math.max(1, count));
    return batch.length === 1 ? batch[0]! : concatBytes(...batch);
  }

  // "drain" says that the stream may go on with what it holds, not that it holds nothing. It must be empty before it is given more,
  // or it would hold ever more; and it is made to go on here and now, before the other streams take the room.
  #unblock(): void {
    if (this.#ended) return;
    this.#movedMs = this.#env.clock.monotonicMs();
    try {
      if (this.#stream.writeBufferLength > 0) this.#stream.send(NOTHING);
    } catch (error) {
      this.abort(error as Error);
      return;
    }
    this.#blocked = this.#stream.writeBufferLength > 0 || this.#stream.writableNeedsDrain;
    this.#flush();
  }

  #receive(data: StreamMessageEvent["data"]): void {
    this.#receivedBytes += data.byteLength;
    try {
      if (data instanceof Uint8Array) this.#reader.push(data);
      else for (const chunk of data) this.#reader.push(chunk);
    } catch (error) {
      this.abort(error as Error);
    }
  }

  #remoteClosed(): void {
    // What came before the end may still be on its way through this stream's buffer.
    queueMicrotask(() => {
      if (this.#ended) return;
      this.#end(undefined);
      void this.#closeStream();
    });
  }

  async #closeStream(): Promise<void> {
    try {
      await this.#stream.close({ signal: AbortSignal.timeout(CLOSE_MS) });
    } catch (error) {
      this.#stream.abort(error as Error);
    }
  }

  #end(error: Error | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#reader.stop();
    this.#queue.length = 0;
    this.#queuedBytes = 0;
    this.#blocked = false;
    this.#closeTimer?.cancel();
    this.#wake();
    this.#events.closed(error);
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resume of waiting) resume();
  }
}
