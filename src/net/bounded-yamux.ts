import { yamux } from "@libp2p/yamux";
import type { MessageStream, StreamMessageEvent, StreamMuxerFactory } from "@libp2p/interface";
import { NetError } from "./errors.ts";

/** Large enough for any path; nobody pays for it in memory, because our streams are always read. */
const WINDOW_BYTES = 16 * 1024 * 1024;
/** What a stream may pile up before anybody reads it: its first frames, during the negotiation of its protocol. */
const UNREAD_BYTES = 1024 * 1024;
/** Streams of both kinds, those just ending and those just beginning. */
const STREAMS_MAX = 128;
/** Far more than a sender of ours makes of one write (WRITE_BYTES) and what yamux adds of the write before; hosts that write more at once are heard too. */
const DATA_FRAME_MAX = 2 * 1024 * 1024;
const HEAD_BYTES = 12;
const TYPE_DATA = 0;

/** yamux, with bounds on what another host can make it hold. Spec: https://github.com/hashicorp/yamux/blob/master/spec.md */
export function boundedYamux(): () => StreamMuxerFactory {
  return () => {
    const factory = yamux({
      maxInboundStreams: STREAMS_MAX,
      maxOutboundStreams: STREAMS_MAX,
      streamOptions: { maxStreamWindowSize: WINDOW_BYTES, maxReadBufferLength: UNREAD_BYTES },
    })();
    return {
      protocol: factory.protocol,
      createStreamMuxer(connection: MessageStream) {
        boundFrames(connection);
        announceRoomLate(connection);
        return factory.createStreamMuxer(connection);
      },
    };
  };
}

// yamux collects a whole frame before it asks whether the window allows it, so an announced frame of 4 GiB would be collected.
// This listener is registered before the muxer's own and sees the same bytes first.
function boundFrames(connection: MessageStream): void {
  const scanner = new YamuxScanner();
  connection.addEventListener("message", (event: StreamMessageEvent) => {
    try {
      if (event.data instanceof Uint8Array) scanner.push(event.data);
      else for (const chunk of event.data) scanner.push(chunk);
    } catch (error) {
      connection.abort(error as Error);
    }
  });
}

// The connection says "drain" before it has sent what it already holds, and each stream answers by writing more: what it holds then
// grows with every round. So the muxer hears of it only when nothing is held any more, and every stream may write once.
function announceRoomLate(connection: MessageStream): void {
  const listen = connection.addEventListener.bind(connection) as (type: string, listener: (event: Event) => void) => void;
  const late = (type: string, listener: (event: Event) => void): void => {
    if (type !== "drain") return listen(type, listener);
    listen("drain", (event) => {
      // The connection itself goes on sending in a microtask that was queued before this one.
      queueMicrotask(() => {
        if (connection.writeBufferLength === 0 && !connection.writableNeedsDrain) listener(event);
      });
    });
  };
  connection.addEventListener = late as MessageStream["addEventListener"];
}

/** Follows the heads of yamux frames through a connection's bytes. */
export class YamuxScanner {
  readonly #head = new Uint8Array(HEAD_BYTES);
  #filled = 0;
  #skip = 0;

  /** @throws NetError PROTOCOL for a frame that announces too much */
  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      const skipped = Math.min(this.#skip, chunk.length - at);
      this.#skip -= skipped;
      at += skipped;
      const taken = Math.min(HEAD_BYTES - this.#filled, chunk.length - at);
      this.#head.set(chunk.subarray(at, at + taken), this.#filled);
      this.#filled += taken;
      at += taken;
      if (this.#filled === HEAD_BYTES) this.#begin();
    }
  }

  #begin(): void {
    this.#filled = 0;
    if (this.#head[1] !== TYPE_DATA) return;
    this.#skip = new DataView(this.#head.buffer).getUint32(8);
    if (this.#skip > DATA_FRAME_MAX) throw new NetError("PROTOCOL", `The other host announced a yamux frame of ${this.#skip} bytes, more than the ${DATA_FRAME_MAX} allowed.`);
  }
}
