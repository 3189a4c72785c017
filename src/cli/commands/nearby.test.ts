import assert from "node:assert/strict";
import test from "node:test";
import { applicantsTable, digitsOf } from "./nearby.ts";

test("digits are typed as they stand on the other screen, in one group or in two, and all six of them", () => {
  for (const typed of [["482913"], ["482", "913"], ["482 913"]]) assert.equal(digitsOf(typed), "482913");
  for (const typed of [["48291"], ["4829133"], ["den"], ["482", "91x"]]) assert.throws(() => digitsOf(typed), { code: "USAGE" });
});

test("the list of machines that ask does not tell the digits, which are to be read from their screens", () => {
  const listed = applicantsTable([{ id: "a", host: "den", address: "192.168.1.7", digits: "482913", askedMs: 0, expiresMs: 600_000 }], 60_000);
  assert.match(listed, /NAME +FROM +WAITS FOR\nden +192\.168\.1\.7 +9 minutes\n/);
  assert.doesNotMatch(listed, /482/);
  assert.match(applicantsTable([], 0), /^No machine nearby asks to be let in\./);
});
