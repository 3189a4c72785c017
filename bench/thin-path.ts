// The thinnest way from a client to a host: each frame its length, a number that question and answer share, and a body.

const HEAD_BYTES = 8;

export function frame(id: number, body: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + body.length);
  bytes.writeUInt32BE(body.length, 0);
  bytes.writeUInt32BE(id, 4);
  bytes.set(body, HEAD_BYTES);
  return bytes;
}

/** Cuts what comes over a socket into frames. */
export class FrameReader {
  readonly #onFrame: (id: number, body: Buffer) => void;
  #rest: Buffer = Buffer.alloc(0);

  constructor(onFrame: (id: number, body: Buffer) => void) {
    this.#onFrame = onFrame;
  }

  take(data: Buffer): void {
    const bytes = this.#rest.length === 0 ? data : Buffer.concat([this.#rest, data]);
    let at = 0;
    while (bytes.length - at >= HEAD_BYTES) {
      const end = at + HEAD_BYTES + bytes.readUInt32BE(at);
      if (end > bytes.length) break;
      this.#onFrame(bytes.readUInt32BE(at + 4), bytes.subarray(at + HEAD_BYTES, end));
      at = end;
    }
    this.#rest = bytes.subarray(at);
  }
}
