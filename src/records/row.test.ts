import assert from "node:assert/strict";
import test from "node:test";
import { encodeRow, rowIsDeleted, rowSequence, rowSiblings, rowUnsealed, soundSiblings } from "./row.ts";
import { batch } from "./specimens.ts";

const [siblings, other] = [batch.slice(0, 1), batch.slice(1, 2)];
const bare = (records: readonly { readonly sealed: unknown }[]): unknown[] => records.map(({ sealed }) => sealed);

test("a row shows the same siblings when it is read for the first time and when it is remembered, under whatever number", () => {
  for (const sequence of [7, 7, 8]) {
    const row = encodeRow(sequence, siblings);
    assert.deepEqual(bare(soundSiblings(row)!), bare(siblings));
    assert.deepEqual(bare(rowSiblings(row)), bare(siblings));
    assert.deepEqual(rowUnsealed(row).map(({ body }) => body.key), siblings.map(({ body }) => body.key));
    assert.equal(rowSequence(row), sequence);
  }
});

test("a row that is remembered is seen to be damaged when any byte of its tag or of a record has changed", () => {
  const row = encodeRow(7, siblings);
  assert.notEqual(soundSiblings(row), undefined);
  const leaf = row.length - siblings[0]!.sealed.leaf.length;
  for (let at = 9; at < row.length; at = at === 24 ? leaf : at + 1) {
    const damaged = row.slice();
    damaged[at]! ^= 1;
    assert.equal(soundSiblings(damaged), undefined, `byte ${at}`);
  }
  assert.notEqual(soundSiblings(row), undefined);
});

test("rows of one tag and other siblings are not taken for each other", () => {
  const row = encodeRow(7, siblings);
  assert.notEqual(soundSiblings(row), undefined);
  const forged = encodeRow(7, other);
  forged.set(row.subarray(9, 25), 9);
  assert.equal(soundSiblings(forged), undefined);
  assert.equal(rowIsDeleted(encodeRow(7, other)), other[0]!.body.value === null);
});
