import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { compareBytes, concatBytes, copyOfBytes, equalBytes, zeros } from "./bytes.ts";

const LENGTHS = fc.integer({ min: 0, max: 3000 });

test("memory that is given is all zeros and nobody else's, whatever was given before and was written into", () => {
  fc.assert(
    fc.property(fc.array(LENGTHS, { maxLength: 40 }), (lengths) => {
      const given = lengths.map((length, at) => {
        const bytes = zeros(length);
        assert.ok(bytes.every((byte) => byte === 0));
        return bytes.fill(at + 1);
      });
      given.forEach((bytes, at) => assert.deepEqual([bytes.length, bytes.every((byte) => byte === at + 1)], [lengths[at], true]));
    }),
    { numRuns: 50 },
  );
});

test("a copy stays as it is when what it was made of changes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
      const before = [...bytes];
      const copy = copyOfBytes(bytes);
      bytes.fill(255);
      assert.deepEqual([...copy], before);
      assert.deepEqual([...concatBytes(copy, copy)], [...before, ...before]);
    }),
    { numRuns: 100 },
  );
});

test("bytes are equal just when neither comes before the other, short ones and long ones", () => {
  const bytes = fc.uint8Array({ maxLength: 70 });
  fc.assert(fc.property(bytes, bytes, (a, b) => assert.equal(equalBytes(a, b), compareBytes(a, b) === 0)));
  fc.assert(
    fc.property(bytes, fc.nat(), (a, place) => {
      const other = a.slice();
      assert.ok(equalBytes(a, other));
      if (a.length === 0) return;
      other[place % a.length]! ^= 1;
      assert.equal(equalBytes(a, other), false);
    }),
  );
});
