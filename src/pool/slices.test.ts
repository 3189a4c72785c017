import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import type { BlobId } from "../codec/index.ts";
import { createCoder } from "../erasure/index.ts";
import type { PackContent } from "./port.ts";
import { codePieces, pieceBytesOf, sliced } from "./slices.ts";

const contents = fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 6 }).map((blobs): PackContent => {
  let offset = 0;
  const placed = blobs.map((blob, at) => {
    const found = { id: `blob ${at}` as BlobId, offset, length: blob.length };
    offset += blob.length;
    return found;
  });
  return { bytes: Buffer.concat(blobs), blobs: placed };
});

/** Any k pieces, the others lost, back to the content. */
function decode(k: number, m: number, kept: readonly { index: number; bytes: Uint8Array }[], { blobs, bytes }: PackContent): Uint8Array {
  const coder = createCoder();
  const data = Array.from({ length: k }, (_, index) => kept.find((piece) => piece.index === index) ?? { index, bytes: new Uint8Array(kept[0]!.bytes.length) });
  coder.reconstruct(k, m, kept, data.filter((piece) => !kept.includes(piece)));
  const out = new Uint8Array(bytes.length);
  for (const { offset, length, sliceOffset, sliceBytes } of sliced(blobs, k)) {
    const whole = Buffer.concat(data.map((piece) => piece.bytes.subarray(sliceOffset, sliceOffset + sliceBytes)));
    out.set(whole.subarray(0, length), offset);
  }
  return out;
}

test("any k pieces of a pack give all of its blobs, of whatever lengths", () => {
  fc.assert(
    fc.property(contents, fc.integer({ min: 2, max: 6 }), fc.integer({ min: 1, max: 4 }), fc.nat(), (content, k, m, seed) => {
      const pieces = codePieces(createCoder(), k, m, content).map((bytes, index) => ({ index, bytes }));
      assert.equal(pieces.length, k + m);
      assert.ok(pieces.every(({ bytes }) => bytes.length === pieceBytesOf(content.blobs, k)));
      // Which pieces are kept follows from the seed: a step that has no factor in common with their number goes through all.
      const kept = pieces.map((_, at) => pieces[(at * (seed % 2 === 0 ? 1 : k + m - 1) + seed) % (k + m)]!).slice(0, k);
      assert.deepEqual(decode(k, m, kept, content), new Uint8Array(content.bytes));
    }),
    { numRuns: 200 },
  );
});

test("no piece of a coded pack contains a whole blob of more than a byte", () => {
  fc.assert(
    fc.property(contents, fc.integer({ min: 2, max: 6 }), (content, k) => {
      for (const { length, sliceBytes } of sliced(content.blobs, k)) assert.ok(sliceBytes < length || length <= 1);
    }),
  );
});
