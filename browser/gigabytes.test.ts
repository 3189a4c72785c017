import assert from "node:assert/strict";
import test from "node:test";
import { bytesOf, gigabytesOf } from "./gigabytes.ts";

test("gigabytes are typed with a point or a comma, and what is no number is none", () => {
  assert.deepEqual([bytesOf("20"), bytesOf(" 1,5 "), bytesOf("0.001")], [20e9, 1.5e9, 1e6]);
  for (const typed of ["", "  ", "much", "1,000,000", "20GB"]) assert.ok(Number.isNaN(bytesOf(typed)), typed);
});

test("a size is shown in gigabytes with three digits that count", () => {
  assert.deepEqual([gigabytesOf(20e9), gigabytesOf(1.5e9), gigabytesOf(123_456_789_012)], ["20", "1.5", "123"]);
});
