import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { plainCombiner } from "./plain-combiner.ts";
import { simdCombiner } from "./simd-combiner.ts";

/** Bytes that differ with the seed and look random. */
function noise(length: number, seed: number): Uint8Array {
  let state = (seed + 1) * 0x9e3779b1;
  return Uint8Array.from({ length }, () => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x6d2b79f5;
    return state >>> 24;
  });
}

const shape = fc.record({
  inputs: fc.integer({ min: 1, max: 32 }),
  outputs: fc.integer({ min: 0, max: 32 }),
  length: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 3000, max: 20_000 })),
  /** How much shorter than the outputs each input is. */
  missing: fc.array(fc.nat(200), { minLength: 32, maxLength: 32 }),
  /** Where the buffers begin in larger ones. */
  offset: fc.nat(70),
  sums: fc.array(fc.boolean(), { minLength: 32, maxLength: 32 }),
  seed: fc.nat(),
});

for (const lookUp of ["relaxed", "strict"] as const) {
  const simd = simdCombiner(lookUp)!;

  test(`the kernel with ${lookUp} look-ups gives its twin's bytes and touches no others`, () => {
    fc.assert(
      fc.property(shape, ({ inputs: k, outputs: m, length, missing, offset, sums, seed }) => {
        const inputs = Array.from({ length: k }, (_, at) => noise(offset + length, seed + at).subarray(offset + Math.min(length, at % 3 === 0 ? 0 : missing[at]!)));
        const rows = Array.from({ length: m }, (_, at) => (sums[at]! ? new Uint8Array(k).fill(1) : noise(k, seed + 100 + at)));
        const frames = (): Uint8Array[] => rows.map(() => new Uint8Array(offset + length + 70).fill(0xa5));
        const bodies = (all: readonly Uint8Array[]): Uint8Array[] => all.map((each) => each.subarray(offset, offset + length));
        const [expected, actual] = [frames(), frames()];
        plainCombiner.combine(rows, inputs, bodies(expected));
        simd.combine(rows, inputs, bodies(actual));
        assert.deepEqual(actual, expected);
      }),
      { numRuns: process.env["HOLDFAST_SIZE"] === "1" ? 150 : 40 },
    );
  });

  test(`each product of two bytes with ${lookUp} look-ups is its twin's, for every number of rows`, () => {
    const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    for (let count = 1; count <= 9; count += 1) {
      for (let coefficient = 0; coefficient < 256; coefficient += count) {
        const rows = Array.from({ length: count }, (_, at) => Uint8Array.of((coefficient + at) % 256));
        const [expected, actual] = [rows.map(() => new Uint8Array(256)), rows.map(() => new Uint8Array(256))];
        plainCombiner.combine(rows, [all], expected);
        simd.combine(rows, [all], actual);
        assert.deepEqual(actual, expected);
      }
    }
  });
}
