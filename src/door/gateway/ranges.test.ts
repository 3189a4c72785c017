import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { parseRange } from "./ranges.ts";

/** The same question answered by listing the positions that a valid single range names. */
function positions(header: string, size: number): number[] | undefined {
  const [, from, to] = /^bytes=(\d*)-(\d*)$/.exec(header) ?? [];
  if (from === undefined || to === undefined || from + to === "") return undefined;
  if (from !== "" && to !== "" && Number(to) < Number(from)) return undefined;
  const all = Array.from({ length: size }, (_, at) => at);
  if (from === "") return Number(to) === 0 ? [] : all.slice(-Number(to));
  return all.filter((at) => at >= Number(from) && (to === "" || at <= Number(to)));
}

test("parseRange agrees with a simple model on every single range", () => {
  const number = fc.oneof(fc.constant(""), fc.nat({ max: 30 }).map(String), fc.constantFrom("007", "99999999999999999999"));
  fc.assert(
    fc.property(number, number, fc.nat({ max: 20 }), (from, to, size) => {
      const header = `bytes=${from}-${to}`;
      const wanted = positions(header, size);
      const found = parseRange(header, size);
      if (wanted === undefined) assert.equal(found, "whole");
      else if (wanted.length === 0) assert.equal(found, from === "" && Number(to) > 0 ? "whole" : "unsatisfiable");
      else assert.deepEqual(found, [{ first: wanted[0], last: wanted.at(-1) }]);
    }),
    { numRuns: 2000 },
  );
});

test("parseRange never gives a range outside the file, whatever the header", () => {
  const header = fc.oneof(fc.string(), fc.array(fc.constantFrom("bytes", "=", "-", ",", " ", "0", "5", "99", "x")).map((each) => each.join("")));
  fc.assert(
    fc.property(header, fc.nat({ max: 50 }), (text, size) => {
      const found = parseRange(text, size);
      for (const { first, last } of typeof found === "string" ? [] : found) assert.ok(first >= 0 && first <= last && last < size);
    }),
    { numRuns: 2000 },
  );
});

test("parseRange gives of several ranges every byte asked for, none twice, and hardly any that was not", () => {
  const range = fc.tuple(fc.nat({ max: 2000 }), fc.nat({ max: 200 })).map(([first, more]) => ({ first, last: first + more }));
  fc.assert(
    fc.property(fc.array(range, { minLength: 1, maxLength: 20 }), (wanted) => {
      const found = parseRange(`bytes=${wanted.map(({ first, last }) => `${first}-${last}`).join(", ")}`, 3000);
      assert.ok(typeof found !== "string");
      for (const { first, last } of wanted) assert.equal(found.filter((each) => each.first <= first && last <= each.last).length, 1);
      for (const [at, each] of found.entries()) for (const other of found.slice(at + 1)) assert.ok(each.last + 80 < other.first || other.last + 80 < each.first);
    }),
  );
});

for (const [header, size, wanted] of [
  ["bytes=0-0", 10, [{ first: 0, last: 0 }]],
  ["BYTES = 2-3 ", 10, [{ first: 2, last: 3 }]],
  ["bytes=0-1,4-5", 10, [{ first: 0, last: 5 }]],
  ["bytes=500-501,0-1", 1000, [{ first: 500, last: 501 }, { first: 0, last: 1 }]],
  ["bytes=0-1,500-501,-2,1-2", 1000, [{ first: 0, last: 2 }, { first: 500, last: 501 }, { first: 998, last: 999 }]],
  ["bytes=0-0,160-160,80-80", 1000, [{ first: 0, last: 160 }]],
  ["bytes=20-30, 4-5", 10, [{ first: 4, last: 5 }]],
  ["bytes=,0-1,", 10, [{ first: 0, last: 1 }]],
  ["bytes=20-30,40-", 10, "unsatisfiable"],
  ["bytes=0-1,x", 10, "whole"],
  ["lines=0-1", 10, "whole"],
  ["bytes=", 10, "whole"],
  ["bytes=--1", 10, "whole"],
  [`bytes=${"0-0,".repeat(100)}0-0`, 10, "whole"],
] as const) {
  test(`parseRange answers ${header.slice(0, 40)} with ${JSON.stringify(wanted)}`, () => {
    assert.deepEqual(parseRange(header, size), wanted);
  });
}
