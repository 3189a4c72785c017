/** Four bytes of payload length, most significant first, and one byte of type stand before each payload. */
export const FRAME_HEAD_BYTES = 5;

export interface FrameSink {
  /**
   * A frame's head has come; nothing is allocated for its payload yet.
   * @throws NetError when such a frame may not come now; the stream is then at an end
   */
  head(type: number, length: number): void;
  /** The whole payload, in memory of its own. */
  frame(type: number, payload: Uint8Array): void;
}

/** Cuts a stream of bytes into frames, however the bytes arrive. */
export class FrameReader {
  readonly #sink: FrameSink;
  readonly #head = new Uint8Array(FRAME_HEAD_BYTES);
  #headFilled = 0;
  #type = 0;
  #payload: Uint8Array | undefined;
  #payloadFilled = 0;
  #stopped = false;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** Whatever comes from now on is dropped. */
  stop(): void {
    this.#stopped = true;
    this.#payload = undefined;
  }

  /** @throws what the sink throws; the reader then takes nothing more */
  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length && !this.#stopped) {
      at = this.#payload === undefined ? this.#takeHead(chunk, at) : this.#takePayload(this.#payload, chunk, at);
    }
  }

  #takeHead(chunk: Uint8Array, at: number): number {
    const taken = Math.min(FRAME_HEAD_BYTES - this.#headFilled, chunk.length - at);
    this.#head.set(chunk.subarray(at, at + taken), this.#headFilled);
    this.#headFilled += taken;
    if (this.#headFilled === FRAME_HEAD_BYTES) this.#begin();
    return at + taken;
  }

  #begin(): void {
    const [a = 0, b = 0, c = 0, d = 0, type = 0] = this.#head;
    const length = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
    this.#headFilled = 0;
    this.#type = type;
    this.#guarded(() => this.#sink.head(type, length));
    if (this.#stopped) return;
    // Filled completely before anybody sees it, so clearing it first would be wasted; never from Node's shared pool.
    this.#payload = new Uint8Array(Buffer.allocUnsafeSlow(length).buffer);
    this.#payloadFilled = 0;
    if (length === 0) this.#end(this.#payload);
  }

  #takePayload(payload: Uint8Array, chunk: Uint8Array, at: number): number {
    const taken = Math.min(payload.length - this.#payloadFilled, chunk.length - at);
    payload.set(chunk.subarray(at, at + taken), this.#payloadFilled);
    this.#payloadFilled += taken;
    if (this.#payloadFilled === payload.length) this.#end(payload);
    return at + taken;
  }

  #end(payload: Uint8Array): void {
    this.#payload = undefined;
    this.#guarded(() => this.#sink.frame(this.#type, payload));
  }

  #guarded(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.stop();
      throw error;
    }
  }
}

/** The head of a frame whose payload has `length` bytes. */
export function frameHead(type: number, length: number): Uint8Array {
  return Uint8Array.of(length >>> 24, (length >>> 16) & 255, (length >>> 8) & 255, length & 255, type);
}
