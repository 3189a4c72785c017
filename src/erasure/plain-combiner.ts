import type { Combiner } from "./combiner.ts";
import { multiply } from "./field.ts";

function products(coefficient: number): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => multiply(coefficient, byte));
}

/** The twin of the kernel: a table of all products of each coefficient, one byte after the other. Tests hold the kernel to it; it works where WebAssembly has no vectors. */
export const plainCombiner: Combiner = {
  combine(rows, inputs, outputs) {
    for (const [at, output] of outputs.entries()) {
      output.fill(0);
      for (const [which, input] of inputs.entries()) {
        const table = products(rows[at]![which]!);
        for (let place = 0; place < input.length; place += 1) output[place]! ^= table[input[place]!]!;
      }
    }
  },
};
