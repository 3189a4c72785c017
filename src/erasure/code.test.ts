import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { coefficients } from "./code.ts";
import { divide, multiply } from "./field.ts";

const upTo = (count: number, from = 0): number[] => Array.from({ length: count }, (_, at) => from + at);

/** The product by the school's method: shift, add, reduce. */
function slowProduct(a: number, b: number): number {
  let product = 0;
  for (let bit = 7; bit >= 0; bit -= 1) {
    product = product & 0x80 ? (product << 1) ^ 0x11d : product << 1;
    if ((b >> bit) & 1) product ^= a;
  }
  return product;
}

test("products and quotients are those of GF(2^8) modulo 0x11d", () => {
  for (const a of upTo(256)) {
    for (const b of upTo(256)) {
      assert.equal(multiply(a, b), slowProduct(a, b));
      if (b !== 0) assert.equal(multiply(divide(a, b), b), a);
    }
  }
});

/** What each of the pieces is of the data: the unit matrix, and below it the formula of docs/formats/erasure.md as it stands there. */
function generator(k: number, pieces: readonly number[]): Uint8Array[] {
  return pieces.map((w) => Uint8Array.from(upTo(k), (g) => (w < k ? Number(w === g) : divide(multiply(w, k ^ g), multiply(w ^ g, k)))));
}

test("parity follows the formula, and its first row and column are ones", () => {
  for (const k of upTo(63, 1)) {
    const rows = coefficients(k, upTo(k), upTo(64 - k, k));
    assert.deepEqual(rows, generator(k, upTo(64 - k, k)), `k = ${k}`);
    assert.ok(rows[0]!.every((coefficient) => coefficient === 1));
    assert.ok(rows.every((row) => row[0] === 1));
  }
});

const codeAndPieces = fc.integer({ min: 1, max: 64 }).chain((k) => fc.record({ k: fc.constant(k), pieces: fc.shuffledSubarray(upTo(64), { minLength: 64 }) }));

test("the coefficients for any k given pieces, times those pieces, are the wanted ones: so any k are enough", () => {
  fc.assert(
    fc.property(codeAndPieces, ({ k, pieces }) => {
      const [given, wanted] = [pieces.slice(0, k), pieces.slice(k)];
      const known = generator(k, given);
      const product = coefficients(k, given, wanted).map((row) => Uint8Array.from(upTo(k), (column) => row.reduce((sum, each, at) => sum ^ multiply(each, known[at]![column]!), 0)));
      assert.deepEqual(product, generator(k, wanted));
    }),
    { numRuns: 60 },
  );
});
