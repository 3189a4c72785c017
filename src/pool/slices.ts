// Where the bytes of a coded pack lie in its pieces. Each blob is coded by itself: cut into k slices of equal length, the last ones filled up with
// zeros, to which m of parity are computed. Piece i is the i-th slice of each blob, one after another, so the slices of a blob lie at one offset of
// all pieces, and a range of the blob needs only the ranges of k pieces in which it lies. docs/formats/pool.md

import type { Coder } from "../erasure/index.ts";
import type { PackContent, PackedBlob } from "./port.ts";

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

/** All k + m pieces of a pack. Takes the processor for some milliseconds for a full pack. */
export function codePieces(coder: Coder, k: number, m: number, { bytes, blobs }: PackContent): Uint8Array[] {
  const pieces = Array.from({ length: k + m }, () => new Uint8Array(pieceBytesOf(blobs, k)));
  for (const { offset, length, sliceOffset, sliceBytes } of sliced(blobs, k)) {
    const blob = bytes.subarray(offset, offset + length);
    const slices = pieces.map((piece) => piece.subarray(sliceOffset, sliceOffset + sliceBytes));
    const data = slices.slice(0, k);
    // What is behind the blob's end stays zero, as it was made.
    for (const [index, slice] of data.entries()) slice.set(blob.subarray(index * sliceBytes, (index + 1) * sliceBytes));
    coder.encode(k, m, data, slices.slice(k));
  }
  return pieces;
}
