import { coefficients } from "./code.ts";
import type { Combiner } from "./combiner.ts";
import { ErasureError } from "./errors.ts";
import { quickestCombiner } from "./simd-combiner.ts";

/** Pieces of a code, k + m. */
export const MAX_PIECES = 64;

/** The same range of bytes of one piece. */
export interface Slice {
  /** Number of the piece: data from 0 to k − 1, parity from k to k + m − 1. */
  readonly index: number;
  readonly bytes: Uint8Array;
}

/**
 * Computes slices from slices. Every byte depends only on the bytes at the same place of other pieces, so a slice may be any range of a piece, as long as all of a
 * call have the same. Works at once, without waiting, in memory of its own that does not grow; a thread makes its own.
 */
export interface Coder {
  /**
   * Writes the m parity slices of k data slices.
   * @param data in the order of their numbers; one that is shorter than the parity counts as followed by zeros @param parity is written to; all of one length
   * @throws ErasureError BAD_CODE, BAD_SLICES
   */
  encode(k: number, m: number, data: readonly Uint8Array[], parity: readonly Uint8Array[]): void;
  /**
   * Writes any slices that are not given, and only those.
   * @param given exactly k, in any order @param wanted their bytes are written to; as long as the given ones
   * @throws ErasureError BAD_CODE, BAD_SLICES
   */
  reconstruct(k: number, m: number, given: readonly Slice[], wanted: readonly Slice[]): void;
}

const isCount = (value: number, least: number): boolean => Number.isInteger(value) && value >= least;

function checkCode(k: number, m: number): void {
  if (isCount(k, 1) && isCount(m, 0) && k + m <= MAX_PIECES) return;
  throw new ErasureError("BAD_CODE", `There is no code ${k}+${m}: at least one data piece is needed, and at most ${MAX_PIECES} pieces in all.`);
}

function refuse(k: number, m: number, what: string): never {
  throw new ErasureError("BAD_SLICES", `These slices do not fit the code ${k}+${m}: ${what}.`);
}

function indexes(count: number, from = 0): number[] {
  return Array.from({ length: count }, (_, at) => from + at);
}

class PieceCoder implements Coder {
  readonly #combiner: Combiner;

  constructor(combiner: Combiner) {
    this.#combiner = combiner;
  }

  encode(k: number, m: number, data: readonly Uint8Array[], parity: readonly Uint8Array[]): void {
    checkCode(k, m);
    if (data.length !== k || parity.length !== m) refuse(k, m, `${data.length} of data and ${parity.length} of parity are not ${k} and ${m}`);
    const length = parity[0]?.length ?? 0;
    if (parity.some((slice) => slice.length !== length)) refuse(k, m, "those of parity differ in length");
    if (m > 0 && data.some((slice) => slice.length > length)) refuse(k, m, "one of data is longer than those of parity");
    this.#combine(coefficients(k, indexes(k), indexes(m, k)), data, parity);
  }

  reconstruct(k: number, m: number, given: readonly Slice[], wanted: readonly Slice[]): void {
    checkCode(k, m);
    const all = [...given, ...wanted];
    if (given.length !== k) refuse(k, m, `${given.length} are given, and it takes exactly ${k}`);
    if (all.some(({ index }) => !isCount(index, 0) || index >= k + m)) refuse(k, m, `their numbers must be from 0 to ${k + m - 1}`);
    if (new Set(all.map(({ index }) => index)).size !== all.length) refuse(k, m, "one number occurs twice");
    if (all.some(({ bytes }) => bytes.length !== given[0]!.bytes.length)) refuse(k, m, "they differ in length");
    const numbers = (slices: readonly Slice[]): number[] => slices.map(({ index }) => index);
    const bytes = (slices: readonly Slice[]): Uint8Array[] => slices.map((slice) => slice.bytes);
    this.#combine(coefficients(k, numbers(given), numbers(wanted)), bytes(given), bytes(wanted));
  }

  #combine(rows: readonly Uint8Array[], inputs: readonly Uint8Array[], outputs: readonly Uint8Array[]): void {
    if (inputs.length > 1) return this.#combiner.combine(rows, inputs, outputs);
    // All pieces of a code with one data piece are alike.
    for (const output of outputs) {
      output.set(inputs[0]!);
      output.fill(0, inputs[0]!.length);
    }
  }
}

export function createCoder(combiner: Combiner = quickestCombiner()): Coder {
  return new PieceCoder(combiner);
}
