import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { bundlesOf } from "./bundles.ts";

test("every file is in one bundle, small ones in their order and within the bounds, large ones alone", () => {
  const sizes = fc.array(fc.oneof(fc.nat(300 * 1024), fc.nat(100)), { maxLength: 800 });
  fc.assert(
    fc.property(sizes, (given) => {
      const bundles = [...bundlesOf(given.entries(), ([, size]) => size)];
      assert.deepEqual(bundles.flat().map(([at]) => at).sort((a, b) => a - b), [...given.keys()]);
      const small = bundles.filter((bundle) => bundle[0]![1] <= 256 * 1024);
      assert.deepEqual(small.flat().map(([at]) => at), [...given.entries()].filter(([, size]) => size <= 256 * 1024).map(([at]) => at));
      for (const bundle of bundles) {
        const sizeBytes = bundle.reduce((sum, [, size]) => sum + size, 0);
        assert.ok(bundle.length === 1 || (sizeBytes <= 1024 * 1024 && bundle.length <= 200 && bundle.every(([, size]) => size <= 256 * 1024)));
      }
    }),
    { numRuns: 50 },
  );
});
