import type { Combiner } from "./combiner.ts";
import { multiply } from "./field.ts";
import type { Kernel } from "./kernel.ts";
import { GRAIN_BYTES, ROWS_AT_ONCE, TABLE_BYTES, kernelModule, kernelName } from "./kernel.ts";
import { plainCombiner } from "./plain-combiner.ts";

// Content comes and goes through the instance's memory in strips: a strip of each input is copied into its slot, the kernels run, a strip of each
// output is copied out. All slots together stay in a processor's second-level cache, so the copies cost little, and the memory never grows.

/** What is used of the engine's WebAssembly: the types of Node leave it to those of browsers. */
declare const WebAssembly: {
  readonly Memory: new (size: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
  readonly Module: new (code: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object, imports: { env: { memory: object } }) => { readonly exports: object };
  validate(code: Uint8Array<ArrayBuffer>): boolean;
};

const PAGE_BYTES = 64 * 1024;
/** Slots in use at once. */
const SLOTS_MAX = 64;
/** Tables of 32 inputs and 32 outputs, the most that 64 slots allow. */
const TABLES_BYTES = (SLOTS_MAX / 2) ** 2 * TABLE_BYTES;
/** Small enough for the second-level cache of older processors; larger ones gained 4 % at most. */
const SLOTS_BYTES = 256 * 1024;
const PAGES = Math.ceil((TABLES_BYTES + SLOTS_BYTES) / PAGE_BYTES);

const NIBBLES = 16;
/** Both tables of every coefficient, one after the other, as numbers of 32 bits, which JavaScript copies fastest. */
const TABLES = new Uint32Array(
  Uint8Array.from({ length: 256 * TABLE_BYTES }, (_, at) => {
    const [coefficient, entry] = [Math.floor(at / TABLE_BYTES), at % TABLE_BYTES];
    return multiply(coefficient, entry < NIBBLES ? entry : (entry - NIBBLES) << 4);
  }).buffer,
);
const TABLE_WORDS = TABLE_BYTES / Uint32Array.BYTES_PER_ELEMENT;

/** Outputs that one call of a kernel makes. */
interface Group {
  readonly kernel: Kernel;
  /** Where its tables are in the memory. */
  readonly tables: number;
  /** In the order of their slots. */
  readonly outputs: readonly Uint8Array[];
}

class SimdCombiner implements Combiner {
  readonly #kernels: Readonly<Record<string, Kernel>>;
  readonly #bytes: Uint8Array;
  readonly #words: Uint32Array;

  constructor(code: Uint8Array<ArrayBuffer>) {
    const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES });
    this.#kernels = new WebAssembly.Instance(new WebAssembly.Module(code), { env: { memory } }).exports as Record<string, Kernel>;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#words = new Uint32Array(memory.buffer);
  }

  combine(rows: readonly Uint8Array[], inputs: readonly Uint8Array[], outputs: readonly Uint8Array[]): void {
    const length = outputs[0]?.length ?? 0;
    const slots = Math.floor(SLOTS_BYTES / (inputs.length + outputs.length) / GRAIN_BYTES) * GRAIN_BYTES;
    // A slot is one cache line longer than its strip, and the number of lines is odd: else all slots would fall into the same few sets of the cache.
    const strip = slots - (slots % (2 * GRAIN_BYTES) === 0 ? 2 : 1) * GRAIN_BYTES;
    const stride = strip + GRAIN_BYTES;
    const groups = this.#group(rows, inputs.length, outputs);
    for (let from = 0; from < length; from += strip) {
      const to = Math.min(from + strip, length);
      this.#run(groups, inputs, from, to, stride);
    }
  }

  #run(groups: readonly Group[], inputs: readonly Uint8Array[], from: number, to: number, stride: number): void {
    let slot = TABLES_BYTES;
    for (const input of inputs) {
      const end = Math.min(to, input.length);
      if (end > from) this.#bytes.set(input.subarray(from, end), slot);
      if (end < to) this.#bytes.fill(0, slot + Math.max(0, end - from), slot + to - from);
      slot += stride;
    }
    for (const { kernel, tables, outputs } of groups) {
      kernel(TABLES_BYTES, stride, inputs.length, tables, slot, to - from);
      for (const output of outputs) {
        output.set(this.#bytes.subarray(slot, slot + to - from), from);
        slot += stride;
      }
    }
  }

  /** Deals the rows out to kernels and writes their tables. */
  #group(rows: readonly Uint8Array[], inputCount: number, outputs: readonly Uint8Array[]): Group[] {
    const isSum = (row: Uint8Array): boolean => row.every((coefficient) => coefficient === 1);
    const all = rows.map((row, at) => ({ row, output: outputs[at]! }));
    const sums = all.filter(({ row }) => isSum(row));
    const others = all.filter(({ row }) => !isSum(row));
    const groups: Group[] = [];
    let tables = 0;
    while (sums.length + others.length > 0) {
      const sum = sums.splice(0, 1);
      const group = others.splice(0, ROWS_AT_ONCE - sum.length);
      groups.push({ kernel: this.#kernels[kernelName(sum.length > 0, group.length)]!, tables, outputs: [...sum, ...group].map(({ output }) => output) });
      for (let input = 0; input < inputCount; input += 1) {
        for (const { row } of group) {
          this.#writeTable(tables, row[input]!);
          tables += TABLE_BYTES;
        }
      }
    }
    return groups;
  }

  #writeTable(address: number, coefficient: number): void {
    const from = coefficient * TABLE_WORDS;
    const to = address / Uint32Array.BYTES_PER_ELEMENT;
    for (let word = 0; word < TABLE_WORDS; word += 1) this.#words[to + word] = TABLES[from + word]!;
  }
}

/** @param lookUp see kernelModule @returns undefined where the engine lacks such instructions */
export function simdCombiner(lookUp: "relaxed" | "strict"): Combiner | undefined {
  const code = kernelModule(PAGES, lookUp);
  return WebAssembly.validate(code) ? new SimdCombiner(code) : undefined;
}

/** The quickest that works here. */
export function quickestCombiner(): Combiner {
  return simdCombiner("relaxed") ?? simdCombiner("strict") ?? plainCombiner;
}
