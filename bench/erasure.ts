import { randomFillSync } from "node:crypto";
import type { Coder, Slice } from "../src/erasure/index.ts";
import { createCoder } from "../src/erasure/index.ts";
import { plainCombiner } from "../src/erasure/plain-combiner.ts";
import { MIB, median } from "./figures.ts";
import type { Benchmark, Row } from "./plan.ts";
import { rates } from "./processor-rate.ts";
import { sized } from "./plan.ts";

const CODES = [[1, 1], [2, 1], [4, 2], [5, 3], [10, 4], [40, 24]] as const;
const BLOB_BYTES = MIB;
const STRIP_BYTES = 16 * 1024;
const WARM_UP = 50;

/** Everything that one code is tried with: a blob, and what can be lost of it. */
function specimen(k: number, m: number): { data: Uint8Array[]; parity: Uint8Array[]; given: Slice[]; lost: Slice[] } {
  const length = Math.floor(BLOB_BYTES / k);
  const slices = Array.from({ length: k + m }, () => randomFillSync(new Uint8Array(length)));
  const lost = Math.min(k, m);
  const all = slices.map((bytes, index) => ({ index, bytes }));
  return { data: slices.slice(0, k), parity: slices.slice(k), given: all.slice(lost, lost + k), lost: all.slice(0, lost).map(({ index }) => ({ index, bytes: new Uint8Array(length) })) };
}

/** The copies alone that the work makes: every slice through the memory of the kernel, in strips. */
function copying(slices: readonly Uint8Array[]): () => void {
  const memory = new Uint8Array(2 * STRIP_BYTES);
  return () => {
    for (const slice of slices) for (let from = 0; from < slice.length; from += STRIP_BYTES) memory.set(slice.subarray(from, from + STRIP_BYTES));
  };
}

/** Coding blobs of a MiB in memory on one thread, beside the plain twin of the kernel. */
export const erasure: Benchmark = {
  name: "erasure",
  async run({ size, say }) {
    const [quick, plain] = [createCoder(), createCoder(plainCombiner)];
    const rows: Row[] = [];
    for (const [k, m] of CODES) {
      const { data, parity, given, lost } = specimen(k, m);
      const ways: [string, readonly Uint8Array[], (coder: Coder) => void][] = [
        ["encode", [...data, ...parity], (coder) => coder.encode(k, m, data, parity)],
        [`reconstruct ${lost.length} of data`, [...given, ...lost].map(({ bytes }) => bytes), (coder) => coder.reconstruct(k, m, given, lost)],
      ];
      for (const [what, moved, work] of ways) {
        for (let time = 0; time < WARM_UP; time += 1) work(quick);
        // The optimising compiler works in another thread; what it made is taken from the next call on.
        await new Promise((done) => setTimeout(done, 100));
        const runs = rates(() => work(quick), BLOB_BYTES, sized(size, 5, 15), 50);
        const value = median(runs);
        const twin = median(rates(() => work(plain), BLOB_BYTES, 3, 50));
        const copies = value / median(rates(copying(moved), BLOB_BYTES, 5, 20));
        say(`${k}+${m} ${what}: ${value.toFixed(2)} GB/s, twin ${twin.toFixed(2)}`);
        const limit = k === 1 ? "nothing is computed: the copies" : `copies in and out ${(copies * 100).toFixed(0)} %, the kernel's look-ups the rest`;
        rows.push({ what: `${k}+${m} ${what}`, value, unit: "GB/s", beside: { what: "plain twin", value: twin, unit: "" }, limit, runs });
      }
    }
    return rows;
  },
};
