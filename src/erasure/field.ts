// GF(2^8): bytes as polynomials over GF(2), modulo x^8 + x^4 + x^3 + x^2 + 1 (0x11d), of which 2 is a generator. Addition is XOR.

const POLYNOMIAL = 0x11d;
/** Order of the multiplicative group. */
const ORDER = 255;

/** 2 to the power of the index, twice over, so that a sum of two logarithms needs no reduction. */
const EXP = new Uint8Array(2 * ORDER);
const LOG = new Uint8Array(256);

for (let power = 0, value = 1; power < ORDER; power += 1) {
  EXP[power] = value;
  EXP[power + ORDER] = value;
  LOG[value] = power;
  value = value << 1 < 256 ? value << 1 : (value << 1) ^ POLYNOMIAL;
}

export function multiply(a: number, b: number): number {
  return a === 0 || b === 0 ? 0 : EXP[LOG[a]! + LOG[b]!]!;
}

/** `b` is not 0. */
export function divide(a: number, b: number): number {
  return a === 0 ? 0 : EXP[LOG[a]! + ORDER - LOG[b]!]!;
}
