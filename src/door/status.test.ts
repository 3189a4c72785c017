import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import test from "node:test";
import { HoldfastError } from "../platform/index.ts";
import { EXIT, exitCodeOf, httpStatusOf, knownCodes } from "./status.ts";

/** The rooms whose errors come out at a door. */
const ROOMS = ["platform", "codec", "crypto", "store", "net", "cluster", "records", "kv", "pool", "account", "site", "door"];

function codesOf(room: string): string[] {
  const file = resolve(import.meta.dirname, "..", room, "errors.ts");
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  return [...text.matchAll(/^export type \w+Code =([^;]+);/gm)].flatMap(([, union]) => [...union!.matchAll(/"([A-Z_]+)"/g)].map(([, code]) => code!));
}

for (const room of ROOMS) {
  test(`every error code of ${room} has its meaning in the doors' table`, () => {
    const known = new Set(knownCodes());
    assert.deepEqual(codesOf(room).filter((code) => !known.has(code)), [], "add these to src/door/status.ts");
  });
}

test("an error's code decides its HTTP status and exit code; others are unexpected", () => {
  assert.equal(httpStatusOf(new HoldfastError("NAME_TAKEN", "x")), 409);
  assert.equal(exitCodeOf("NAME_TAKEN"), EXIT.refused);
  assert.equal(httpStatusOf(new Error("x")), 500);
  assert.equal(httpStatusOf("x"), 500);
  assert.equal(exitCodeOf(undefined), EXIT.unexpected);
});
