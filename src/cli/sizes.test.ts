import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { CliError } from "./errors.ts";
import { formatBytes, formatDuration, parseBytes, parseDuration } from "./sizes.ts";

test("sizes are read as people type them", () => {
  const typed = { "20GB": 20e9, "50 GiB": 50 * 2 ** 30, "500MB": 500e6, "1.5tb": 1.5e12, " 1,5 TB ": 1.5e12, "7 b": 7, "10G": 10e9, "4KiB": 4096 };
  for (const [words, bytes] of Object.entries(typed)) assert.equal(parseBytes(words), bytes, words);
});

test("a size that means nothing is refused with what to type", () => {
  const advice = { "20": /no unit\. Type 20GB/, "": /20GB/, GB: /20GB/, "-5GB": /not a size/, "20 gigs": /not a size/, "0GB": /above zero/, "9999999PB": /more than any disk/, "1e9GB": /not a size/ };
  for (const [words, says] of Object.entries(advice)) {
    assert.throws(() => parseBytes(words), (error: unknown) => error instanceof CliError && error.code === "BAD_SIZE" && says.test(error.message), words);
  }
});

test("a printed size is read back to within its three digits", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9e15 }), (bytes) => {
      const again = parseBytes(formatBytes(bytes));
      assert.ok(Math.abs(again - bytes) <= bytes * 0.00501, `${bytes} → ${formatBytes(bytes)} → ${again}`);
    }),
  );
});

test("whole numbers with a unit are read exactly", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8000 }), fc.constantFrom<[string, number]>(["GB", 1e9], ["GiB", 2 ** 30], ["MB", 1e6], ["TiB", 2 ** 40]), fc.constantFrom("", " "), (amount, [unit, factor], gap) => {
      assert.equal(parseBytes(`${amount}${gap}${unit}`), amount * factor);
    }),
  );
});

test("sizes and durations are printed in the unit that fits", () => {
  assert.deepEqual([0, 999, 1000, 999_999, 20e9, 1.5e12].map(formatBytes), ["0 B", "999 B", "1 kB", "1 MB", "20 GB", "1.5 TB"]);
  assert.deepEqual([0, 1000, 40_000, 180_000, 7_200_000, 86_400_000 * 7].map(formatDuration), ["0 seconds", "1 second", "40 seconds", "3 minutes", "2 hours", "7 days"]);
});

test("a length of time is read as people type it, and nothing else", () => {
  assert.deepEqual(["90m", "12h", "7d", "26 W"].map(parseDuration), [5_400_000, 43_200_000, 604_800_000, 15_724_800_000]);
  for (const wrong of ["", "7", "0d", "d", "-1d", "1.5d", "7 days", "1e3h"]) assert.throws(() => parseDuration(wrong), /length of time/, wrong);
});
