import { divide, multiply } from "./field.ts";

// The code in one line (docs/formats/erasure.md): parity piece w has at each place the sum over the data pieces g of C(w, g) · data g, where
// C(w, g) = w · (k + g) / ((w + g) · k), numbers of pieces being taken as elements of the field, in which + is XOR.
// That is a Cauchy matrix 1 / (w + g) whose rows and columns are multiplied by constants, such that its first row and first column are ones.
// Every such code is a generalised Reed–Solomon code: piece i is v(i) · f(i) for some polynomial f of degree below k. So any piece follows from any
// k others by Lagrange's interpolation, the same way for data and parity, without inverting a matrix.

/** The product of (at + other) over `others` that are not `at`. */
function distances(at: number, others: readonly number[]): number {
  let product = 1;
  for (const other of others) if (other !== at) product = multiply(product, at ^ other);
  return product;
}

/**
 * For each wanted piece the k coefficients by which the given ones are multiplied to add up to it.
 * @param given numbers of k pieces, all different @param wanted numbers of pieces that are not among them
 */
export function coefficients(k: number, given: readonly number[], wanted: readonly number[]): Uint8Array[] {
  const data = Array.from({ length: k }, (_, at) => at);
  /** v(piece). */
  const multiplier = (piece: number): number => (piece < k ? divide(k, multiply(k ^ piece, distances(piece, data))) : divide(piece, distances(piece, data)));
  const divisors = given.map((piece) => multiply(multiplier(piece), distances(piece, given)));
  return wanted.map((piece) => {
    const all = multiply(multiplier(piece), distances(piece, given));
    const row = new Uint8Array(k);
    for (const [at, other] of given.entries()) row[at] = divide(all, multiply(divisors[at]!, piece ^ other));
    return row;
  });
}
