import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import type { BlobId } from "../../codec/index.ts";
import { createCoder } from "../../erasure/index.ts";
import { decoded } from "../fakes/stored-pack.ts";
import type { PackContent } from "../port.ts";
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

test("any k pieces of a pack give all of its blobs, of whatever lengths", () => {
  fc.assert(
    fc.property(contents, fc.integer({ min: 2, max: 6 }), fc.integer({ min: 1, max: 4 }), fc.nat(), (content, k, m, seed) => {
      const pieces = codePieces(createCoder(), k, m, content).map((bytes, index) => ({ index, bytes }));
      assert.equal(pieces.length, k + m);
      assert.ok(pieces.every(({ bytes }) => bytes.length === pieceBytesOf(content.blobs, k)));
      // Which pieces are kept follows from the seed: a step that has no factor in common with their number goes through all.
      const kept = pieces.map((_, at) => pieces[(at * (seed % 2 === 0 ? 1 : k + m - 1) + seed) % (k + m)]!).slice(0, k);
      assert.deepEqual(decoded(k, m, kept, content), new Uint8Array(content.bytes));
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
