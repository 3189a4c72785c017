import assert from "node:assert/strict";
import test from "node:test";
import { evaluate, rangeCounts } from "./conditions.ts";
import { httpDate } from "./http-date.ts";

const file = { etag: '"abc"', modifiedSeconds: 1_000_000 };
const before = httpDate(999_999);
const same = httpDate(1_000_000);
const after = httpDate(1_000_001);

for (const [headers, outcome] of [
  [{}, "proceed"],
  [{ "if-none-match": '"abc"' }, "not-modified"],
  [{ "if-none-match": 'W/"abc"' }, "not-modified"],
  [{ "if-none-match": '"x", W/"y" ,"abc"' }, "not-modified"],
  [{ "if-none-match": '"x,\\"abc"' }, "proceed"],
  [{ "if-none-match": '"a,b", "abc"' }, "not-modified"],
  [{ "if-none-match": "*" }, "not-modified"],
  [{ "if-none-match": "abc" }, "proceed"],
  [{ "if-none-match": '"ab"' }, "proceed"],
  [{ "if-none-match": '"x"', "if-modified-since": same }, "proceed"],
  [{ "if-modified-since": same }, "not-modified"],
  [{ "if-modified-since": before }, "proceed"],
  [{ "if-modified-since": after }, "proceed"],
  [{ "if-modified-since": "never" }, "proceed"],
  [{ "if-match": '"abc"' }, "proceed"],
  [{ "if-match": "*" }, "proceed"],
  [{ "if-match": 'W/"abc"' }, "failed"],
  [{ "if-match": '"x"' }, "failed"],
  [{ "if-match": '"abc"', "if-unmodified-since": before }, "proceed"],
  [{ "if-match": '"abc"', "if-none-match": '"abc"' }, "not-modified"],
  [{ "if-unmodified-since": before }, "failed"],
  [{ "if-unmodified-since": same }, "proceed"],
  [{ "if-unmodified-since": after }, "proceed"],
  [{ "if-unmodified-since": "never" }, "proceed"],
] as const) {
  test(`evaluate says ${outcome} to ${JSON.stringify(headers)}`, () => {
    assert.equal(evaluate(headers, file), outcome);
  });
}

test("evaluate takes time in proportion to a hostile list of entity tags", () => {
  const started = performance.now();
  for (const list of [`${'"x", '.repeat(3000)}!`, " ".repeat(16_000), ",".repeat(16_000), `"${"x".repeat(16_000)}`, 'W/'.repeat(8000)]) {
    for (let round = 0; round < 20; round++) assert.equal(evaluate({ "if-none-match": list }, file), "proceed");
  }
  assert.ok(performance.now() - started < 1000);
});

for (const [condition, counts] of [
  [undefined, true],
  ['"abc"', true],
  ['W/"abc"', false],
  ['"x"', false],
  [same, true],
  [before, false],
  ["garbage", false],
] as const) {
  test(`a range ${counts ? "counts" : "does not count"} under If-Range ${condition}`, () => {
    assert.equal(rangeCounts(condition === undefined ? {} : { "if-range": condition }, file, 2_000_000), counts);
  });
}

test("a range does not count under a date within the second in which the file was made", () => {
  assert.equal(rangeCounts({ "if-range": same }, file, file.modifiedSeconds), false);
});
