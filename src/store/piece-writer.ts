import { equalBytes } from "../codec/index.ts";
import { leafHash, merkleRoot } from "../crypto/index.ts";
import { raceAbort } from "../platform/index.ts";
import { StoreError } from "./errors.ts";
import type { NewFile } from "./files.ts";
import { encodeTrailer } from "./piece-trailer.ts";
import { LEAF_BYTES } from "./port.ts";
import type { HeldPiece } from "./port.ts";

/** 256 KiB are written at once: large enough for the disk, and little memory for each of many slow senders. */
const STAGE_BYTES = 4 * LEAF_BYTES;

/** Writes one piece into a file, hashing as it goes. */
export class PieceWriter {
  readonly #piece: HeldPiece;
  readonly #file: NewFile;
  readonly #stage: Uint8Array;
  readonly #leaves: Uint8Array[] = [];
  #staged = 0;
  #received = 0;

  constructor(piece: HeldPiece, file: NewFile) {
    this.#piece = piece;
    this.#file = file;
    this.#stage = new Uint8Array(Math.min(STAGE_BYTES, piece.sizeBytes));
  }

  /** Takes a chunk of any size, by copying it. @throws StoreError PIECE_MISMATCH when it is one too many */
  async add(chunk: Uint8Array): Promise<void> {
    this.#received += chunk.length;
    if (this.#received > this.#piece.sizeBytes) throw this.#mismatch("more bytes came");
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + this.#stage.length - this.#staged);
      this.#stage.set(part, this.#staged);
      this.#staged += part.length;
      at += part.length;
      if (this.#staged === this.#stage.length) await this.#flush();
    }
  }

  /** Writes the trailer and syncs. @throws StoreError PIECE_MISMATCH when these are not the bytes that were meant */
  async finish(packRecord: Uint8Array): Promise<void> {
    await this.#flush();
    if (this.#received < this.#piece.sizeBytes) throw this.#mismatch(`only ${this.#received} came`);
    if (!equalBytes(merkleRoot(this.#leaves), this.#piece.root)) throw this.#mismatch("their hash is another");
    await this.#file.write(encodeTrailer({ piece: this.#piece, leaves: this.#leaves, packRecord }));
    await this.#file.sync();
  }

  async #flush(): Promise<void> {
    const bytes = this.#stage.subarray(0, this.#staged);
    this.#staged = 0;
    for (let at = 0; at < bytes.length; at += LEAF_BYTES) this.#leaves.push(leafHash(bytes.subarray(at, at + LEAF_BYTES)));
    if (bytes.length > 0) await this.#file.write(bytes);
  }

  #mismatch(how: string): StoreError {
    const { pack, index, sizeBytes } = this.#piece;
    return new StoreError("PIECE_MISMATCH", `Piece ${index} of pack ${pack} should have ${sizeBytes} bytes under the root that its record gives, but ${how}. Nothing was kept; fetch it from another host.`);
  }
}

/** The source's chunks, until the signal is aborted: also while the source keeps one waiting. */
export async function* interruptible(source: AsyncIterable<Uint8Array>, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  if (signal === undefined) {
    yield* source;
    return;
  }
  const chunks = source[Symbol.asyncIterator]();
  let isDone = false;
  try {
    while (!isDone) {
      const next = await raceAbort(chunks.next(), signal);
      isDone = next.done === true;
      if (next.done !== true) yield next.value;
    }
  } finally {
    // A source that hangs would also hang here, so nobody waits for it.
    if (!isDone) chunks.return?.().catch(() => {});
  }
}
