import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { concatBytes } from "../codec/index.ts";
import { TAG_BYTES } from "../crypto/index.ts";
import { MAX_BLOB_BYTES } from "../pool/index.ts";
import { Chunker, MAX_CHUNK_BYTES, MIN_CHUNK_BYTES } from "./chunker.ts";
import { MIB, noise } from "./fakes/persons.ts";

const gear = noise(1024, 1);

function cut(bytes: Uint8Array, blockBytes = MIB, chunker = new Chunker(gear)): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += blockBytes) for (const chunk of chunker.push(bytes.subarray(at, at + blockBytes))) chunks.push(chunk.slice());
  for (const chunk of chunker.finish()) chunks.push(chunk.slice());
  return chunks;
}

test("a sealed chunk is as large as a blob may be, and no larger", () => {
  assert.equal(MAX_CHUNK_BYTES + TAG_BYTES, MAX_BLOB_BYTES);
});

test("chunks make up the content, none but the last below the minimum, none above the maximum, about 600 KiB on average", () => {
  const bytes = noise(24 * MIB + 17, 2);
  const chunks = cut(bytes);
  assert.deepEqual(Buffer.from(concatBytes(...chunks)), Buffer.from(bytes));
  assert.ok(chunks.slice(0, -1).every(({ length }) => length >= MIN_CHUNK_BYTES) && chunks.every(({ length }) => length <= MAX_CHUNK_BYTES));
  const average = bytes.length / chunks.length / 1024;
  assert.ok(average > 450 && average < 750, `${average} KiB`);
});

test("the cuts are the same however the content comes in, and with a chunker that was used before", () => {
  const bytes = noise(3 * MIB, 3);
  const expected = cut(bytes).map(({ length }) => length);
  const used = new Chunker(gear);
  fc.assert(
    fc.property(fc.integer({ min: 10_000, max: MIB }), (blockBytes) => {
      assert.deepEqual(cut(bytes, blockBytes).map(({ length }) => length), expected);
      [...used.push(noise(1000, blockBytes))].forEach(() => {});
      used.reset();
      assert.deepEqual(cut(bytes, blockBytes, used).map(({ length }) => length), expected);
    }),
    { numRuns: 5 },
  );
});

test("another secret cuts the same content elsewhere, and content that never cuts itself is cut at the maximum", () => {
  const bytes = noise(4 * MIB, 4);
  const lengths = (chunker: Chunker): number[] => cut(bytes, MIB, chunker).map(({ length }) => length);
  assert.notDeepEqual(lengths(new Chunker(gear)), lengths(new Chunker(noise(1024, 9))));
  const zeros = cut(new Uint8Array(3 * MIB));
  assert.ok(zeros.every(({ length }) => length <= MAX_CHUNK_BYTES) && zeros.length >= 3);
});

test("nothing has no chunks", () => {
  assert.deepEqual(cut(new Uint8Array(0)), []);
});
