import assert from "node:assert/strict";
import test from "node:test";
import type { ApplicantRow } from "../../door/index.ts";
import { ApiError } from "../errors.ts";
import { admitted, applicantsTable, digitsOf } from "./nearby.ts";

test("digits are typed as they stand on the other screen, in one group or in two, and all six of them", () => {
  for (const typed of [["482913"], ["482", "913"], ["482 913"]]) assert.equal(digitsOf(typed), "482913");
  for (const typed of [["48291"], ["4829133"], ["den"], ["482", "91x"]]) assert.throws(() => digitsOf(typed), { code: "USAGE" });
});

test("digits let in the machine that has them, and a machine that has gone meanwhile is no obstacle", async () => {
  const digitsOfEach = new Map([["a", "111111"], ["b", "482913"], ["c", "482913"]]);
  const rows = ["gone", ...digitsOfEach.keys()].map((id) => ({ id, host: `host ${id}`, address: "192.168.1.7", askedMs: 0, expiresMs: 600_000 }));
  const admit = async (id: string, digits: string): Promise<ApplicantRow> => {
    if (id === "gone") throw new ApiError(404, "NO_APPLICATION", "It has gone.");
    if (digits === "000000") throw new ApiError(503, "UNAVAILABLE", "Not now.");
    if (digitsOfEach.get(id) !== digits) throw new ApiError(403, "WRONG_DIGITS", "Others.");
    return rows.find((row) => row.id === id)!;
  };
  const api = { list: async () => rows, admit };
  assert.equal((await admitted(api, "482913")).id, "b");
  await assert.rejects(admitted(api, "222222"), { code: "NO_APPLICATION", message: /another machine stands between/ });
  await assert.rejects(admitted(api, "000000"), { code: "UNAVAILABLE" });
});

test("the list of machines that ask says from where each does and how long it waits", () => {
  const listed = applicantsTable([{ id: "a", host: "den", address: "192.168.1.7", askedMs: 0, expiresMs: 600_000 }], 60_000);
  assert.match(listed, /NAME +FROM +WAITS FOR\nden +192\.168\.1\.7 +9 minutes\n/);
  assert.match(applicantsTable([], 0), /^No machine nearby asks to be let in\./);
});
