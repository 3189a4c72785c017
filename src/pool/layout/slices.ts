// Where the bytes of a coded pack lie in its pieces. Each blob is coded by itself: cut into k slices of equal length, the last ones filled up with
// zeros, to which m of parity are computed. Piece i is the i-th slice of each blob, one after another, so the slices of a blob lie at one offset of
// all pieces, and a range of the blob needs only the ranges of k pieces in which it lies. docs/formats/pool.md

import type { Coder } from "../../erasure/index.ts";
import type { PackContent, PackedBlob } from "../port.ts";

/** Of each slice of a blob. */
export function sliceBytesOf(blobBytes: number, k: number): number {
  return Math.ceil(blobBytes / k);
}

/** Of each piece of a coded pack with these blobs. */
export function pieceBytesOf(blobs: readonly Pick<PackedBlob, "length">[], k: number): number {
  return blobs.reduce((sum, { length }) => sum + sliceBytesOf(length, k), 0);
}

/** A blob, and where in every piece its slice lies. */
export interface SlicedBlob extends PackedBlob {
  readonly sliceOffset: number;
  readonly sliceBytes: number;
}

/** The blobs of a coded pack in their order, which is that of their slices too. */
export function sliced(blobs: readonly PackedBlob[], k: number): SlicedBlob[] {
  let sliceOffset = 0;
  return blobs.map((blob) => {
    const placed = { ...blob, sliceOffset, sliceBytes: sliceBytesOf(blob.length, k) };
    sliceOffset += placed.sliceBytes;
    return placed;
  });
}

/** The bytes of one data piece that are the next bytes of a blob. */
export interface Run {
  readonly index: number;
  /** In the piece. */
  readonly from: number;
  readonly to: number;
}

/** What of a coded pack is needed for a range of one of its blobs. */
export interface BlobRange {
  readonly sizeBytes: number;
  /** The data, in the order of the blob's bytes. */
  readonly runs: readonly Run[];
  /** The part of every piece in which they lie. */
  readonly from: number;
  readonly to: number;
}

/** @param to behind the last byte that is wanted, and beyond `from` */
function rangeOfBlob({ sliceOffset, sliceBytes }: SlicedBlob, from: number, to: number): BlobRange {
  const runs: Run[] = [];
  for (let at = from; at < to; at = Math.min(to, (Math.floor(at / sliceBytes) + 1) * sliceBytes)) {
    const index = Math.floor(at / sliceBytes);
    const start = sliceOffset - index * sliceBytes;
    runs.push({ index, from: start + at, to: start + Math.min(to, (index + 1) * sliceBytes) });
  }
  return { sizeBytes: to - from, runs, from: Math.min(...runs.map((run) => run.from)), to: Math.max(...runs.map((run) => run.to)) };
}

/** The ranges of blobs that make up a range of the content, without those of no bytes. */
export function rangesWithin(blobs: readonly SlicedBlob[], offset: number, end: number): BlobRange[] {
  let [low, high] = [0, blobs.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (blobs[middle]!.offset + blobs[middle]!.length <= offset) low = middle + 1;
    else high = middle;
  }
  const found: BlobRange[] = [];
  for (let blob = blobs[low]; blob !== undefined && blob.offset < end; blob = blobs[++low]) {
    const [from, to] = [Math.max(0, offset - blob.offset), Math.min(blob.length, end - blob.offset)];
    if (from < to) found.push(rangeOfBlob(blob, from, to));
  }
  return found;
}

/**
 * All k + m pieces of a pack, one blob after another, so that who codes can let others have their turn in between.
 * @param take gives memory for all of them, one behind the other, with whatever is in it
 */
export function* codeStepwise(coder: Coder, k: number, m: number, { bytes, blobs }: PackContent, take = (sizeBytes: number): Uint8Array => new Uint8Array(sizeBytes)): Generator<number, Uint8Array[]> {
  const pieceBytes = pieceBytesOf(blobs, k);
  const all = take((k + m) * pieceBytes);
  const pieces = Array.from({ length: k + m }, (_, index) => all.subarray(index * pieceBytes, (index + 1) * pieceBytes));
  for (const { offset, length, sliceOffset, sliceBytes } of sliced(blobs, k)) {
    const blob = bytes.subarray(offset, offset + length);
    const slices = pieces.map((piece) => piece.subarray(sliceOffset, sliceOffset + sliceBytes));
    const data = slices.slice(0, k);
    for (const [index, slice] of data.entries()) {
      const part = blob.subarray(index * sliceBytes, (index + 1) * sliceBytes);
      slice.set(part);
      slice.fill(0, part.length);
    }
    coder.encode(k, m, data, slices.slice(k));
    yield length;
  }
  return pieces;
}

/** The same in one go. Takes the processor for some milliseconds for a full pack. */
export function codePieces(coder: Coder, k: number, m: number, content: PackContent): Uint8Array[] {
  const steps = codeStepwise(coder, k, m, content);
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  return step.value;
}
