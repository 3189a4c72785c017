import { TAG_BYTES } from "../crypto/index.ts";

/** So that a sealed chunk is a blob, which has a MiB at most. */
export const MAX_CHUNK_BYTES = 1024 * 1024 - TAG_BYTES;
/** No chunk but a file's last is smaller. */
export const MIN_CHUNK_BYTES = 256 * 1024;
/** Where cutting becomes easier. Chunks come out a little larger on average. */
const NORMAL_CHUNK_BYTES = 512 * 1024;
// Bits of the hash that must be zero: two more than the average asks for before the normal size, two fewer behind it, so that sizes keep
// close to it ("normalised" chunking). The upper bits: those in which the most bytes have had a part.
const STRICT_MASK = -1 << (32 - 21);
const EASY_MASK = -1 << (32 - 17);
/** As much as may come at once beside an uncut rest. */
const BUFFER_BYTES = 4 * 1024 * 1024;

/**
 * Cuts content where the content itself says so, so that an insertion changes the chunks around it and no other: FastCDC (Xia et al.,
 * USENIX ATC 2016) with a gear table that follows from a secret, without which the places of the cuts say nothing.
 */
export class Chunker {
  readonly #gear: Int32Array;
  #buffer = new Uint8Array(BUFFER_BYTES);
  #start = 0;
  #end = 0;

  /** @param gear 1,024 secret bytes */
  constructor(gear: Uint8Array) {
    const view = new DataView(gear.buffer, gear.byteOffset, gear.byteLength);
    this.#gear = Int32Array.from({ length: 256 }, (_, byte) => view.getInt32(byte * 4));
  }

  /** The chunks that are complete with these bytes, at most 2 MiB of them. They are good until the next call. */
  *push(bytes: Uint8Array): Generator<Uint8Array> {
    this.#take(bytes);
    // A chunk is looked for only when the longest is there: so no byte is looked at twice.
    while (this.#end - this.#start >= MAX_CHUNK_BYTES) yield this.#cut();
  }

  /** What is left at the end of the content. */
  *finish(): Generator<Uint8Array> {
    while (this.#end > this.#start) yield this.#cut();
  }

  /** Forgets what is left. */
  reset(): void {
    this.#start = this.#end;
  }

  #take(bytes: Uint8Array): void {
    if (this.#end + bytes.length > this.#buffer.length) {
      this.#buffer.copyWithin(0, this.#start, this.#end);
      this.#end -= this.#start;
      this.#start = 0;
    }
    this.#buffer.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  #cut(): Uint8Array {
    const end = boundary(this.#gear, this.#buffer, this.#start, this.#end);
    const chunk = this.#buffer.subarray(this.#start, end);
    this.#start = end;
    return chunk;
  }
}

/** Where the chunk that begins at `start` ends. */
function boundary(gear: Int32Array, bytes: Uint8Array, start: number, end: number): number {
  const last = Math.min(end, start + MAX_CHUNK_BYTES);
  const normal = Math.min(last, start + NORMAL_CHUNK_BYTES);
  let hash = 0;
  let at = start + MIN_CHUNK_BYTES;
  for (; at < normal; at += 1) {
    hash = ((hash << 1) + gear[bytes[at]!]!) | 0;
    if ((hash & STRICT_MASK) === 0) return at + 1;
  }
  for (; at < last; at += 1) {
    hash = ((hash << 1) + gear[bytes[at]!]!) | 0;
    if ((hash & EASY_MASK) === 0) return at + 1;
  }
  return last;
}
