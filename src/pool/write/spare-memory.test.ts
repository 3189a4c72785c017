import assert from "node:assert/strict";
import test from "node:test";
import { SpareMemory } from "./spare-memory.ts";

test("memory that was given back is given again to whoever needs about as much, and once only", () => {
  const spare = new SpareMemory();
  const first = spare.take(5_000_000);
  assert.equal(first.length, 5_000_000);
  spare.give(first);
  assert.notEqual(spare.take(100).buffer, first.buffer, "a little does not take up much");
  assert.notEqual(spare.take(6_000_000).buffer, first.buffer);
  const again = spare.take(4_900_000);
  assert.equal(again.buffer, first.buffer);
  assert.equal(again.length, 4_900_000);
  assert.notEqual(spare.take(4_900_000).buffer, first.buffer);
});

test("memory that was let go is made anew", () => {
  const spare = new SpareMemory();
  const first = spare.take(10);
  spare.give(first);
  spare.clear();
  assert.notEqual(spare.take(10).buffer, first.buffer);
});
