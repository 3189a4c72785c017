import type { Code, WasmFunction } from "./wasm.ts";
import { I32, V128, add, and, assemble, bytes16, get, isBelow, load, number, relaxedSwizzle, repeat, set, shiftRight16, store, subtract, swizzle, xor } from "./wasm.ts";

// The kernel adds up products: output = c0·input0 + c1·input1 + … in GF(2^8), 16 bytes at a time. A product with a constant is linear in the
// bits of the byte, so c·byte = c·(low nibble) + c·(high nibble), and either is one look-up in a table of 16 bytes (Plank, Greenan, Miller:
// "Screaming Fast Galois Field Arithmetic Using Intel SIMD Instructions", FAST 2013). One function makes several outputs ("rows") at once, so
// that an input is loaded and split once for all of them; a row of ones alone, which the first parity is, needs no tables and is a sum.

/** Rows with tables in one function. Four, two vectors wide, are what 16 registers hold; more would spill. */
export const ROWS_AT_ONCE = 4;
const VECTOR_BYTES = 16;
/** A function works on as many bytes at a time; slots are multiples of it. */
export const GRAIN_BYTES = 64;
/** One coefficient's tables: products of the low nibbles, products of the high ones. */
export const TABLE_BYTES = 2 * VECTOR_BYTES;

/** What every function is called with, all i32. Slot i of the inputs begins at inputs + i · stride, of the outputs likewise. */
export type Kernel = (inputs: number, stride: number, inputCount: number, tables: number, outputs: number, lengthBytes: number) => void;
const [INPUTS, STRIDE, COUNT, TABLES, OUTPUTS, LENGTH, PARAMETERS] = [0, 1, 2, 3, 4, 5, 6] as const;

/** @param withSum whether the first output is the plain sum of the inputs @param rows outputs after it that have tables */
export function kernelName(withSum: boolean, rows: number): string {
  return `${withSum ? "sum+" : ""}${rows}`;
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at);

function kernel(withSum: boolean, rows: number, lookUp: typeof swizzle): WasmFunction {
  const outputs = (withSum ? 1 : 0) + rows;
  const locals: (typeof I32 | typeof V128)[] = [];
  const local = (type: typeof I32 | typeof V128): number => PARAMETERS + locals.push(type) - 1;
  const [at, input, table, left, output] = [local(I32), local(I32), local(I32), local(I32), local(I32)];
  const [mask, products] = [local(V128), local(V128)];
  /** Vectors side by side, so that a table is loaded once for all of them. */
  const lanes = upTo(outputs === 1 ? 4 : 2).map(() => ({ low: local(V128), high: local(V128), sums: upTo(outputs).map(() => local(V128)) }));

  const split = lanes.map(({ low, high }) => [set(high, and(shiftRight16(get(low), 4), get(mask))), set(low, and(get(low), get(mask)))]);
  const half = (row: number, which: "low" | "high"): Code => [
    set(products, load(get(table), row * TABLE_BYTES + (which === "low" ? 0 : VECTOR_BYTES))),
    lanes.map((lane) => {
      const sum = lane.sums.at(row - rows)!;
      return set(sum, xor(get(sum), lookUp(get(products), get(lane[which]))));
    }),
  ];
  const oneInput = [
    lanes.map(({ low }, lane) => set(low, load(get(input), lane * VECTOR_BYTES))),
    withSum ? lanes.map(({ low, sums }) => set(sums[0]!, xor(get(sums[0]!), get(low)))) : [],
    rows > 0 ? split : [],
    upTo(rows).map((row) => [half(row, "low"), half(row, "high")]),
    set(input, add(get(input), get(STRIDE))),
    set(table, add(get(table), number(rows * TABLE_BYTES))),
    set(left, subtract(get(left), number(1))),
  ];
  const onePlace = [
    lanes.map(({ sums }) => sums.map((sum) => set(sum, bytes16(0)))),
    set(input, add(get(INPUTS), get(at))),
    set(table, get(TABLES)),
    set(left, get(COUNT)),
    repeat(oneInput, get(left)),
    set(output, add(get(OUTPUTS), get(at))),
    upTo(outputs).map((which) => [lanes.map(({ sums }, lane) => store(get(output), lane * VECTOR_BYTES, get(sums[which]!))), set(output, add(get(output), get(STRIDE)))]),
    set(at, add(get(at), number(lanes.length * VECTOR_BYTES))),
  ];
  return { name: kernelName(withSum, rows), parameters: PARAMETERS, locals, body: [set(mask, bytes16(0x0f)), repeat(onePlace, isBelow(get(at), get(LENGTH)))] };
}

/**
 * The module's bytes: a kernel for each number of rows up to ROWS_AT_ONCE outputs, with and without a sum before them.
 * @param lookUp nibbles are always within a table, so the relaxed form does exactly the same; on x86 it saves an instruction for each look-up
 */
export function kernelModule(pages: number, lookUp: "relaxed" | "strict"): Uint8Array<ArrayBuffer> {
  const opcode = lookUp === "relaxed" ? relaxedSwizzle : swizzle;
  const counts = upTo(ROWS_AT_ONCE);
  return assemble(pages, [...counts.map((count) => kernel(false, count + 1, opcode)), ...counts.map((count) => kernel(true, count, opcode))]);
}
