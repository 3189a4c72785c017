import assert from "node:assert/strict";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import test from "node:test";
import { fromHex, hex } from "../codec/index.ts";
import { formerSpecimens, specimens } from "./specimens.ts";

const FIXTURES = resolve(import.meta.dirname, "../../test/fixtures/network");

const fixture = (name: string): Uint8Array => fromHex(readFileSync(join(FIXTURES, `${name}.hex`), "utf8").trim());

for (const [name, { codec, value }] of Object.entries(specimens)) {
  test(`the bytes of ${name} are those of their fixture, and are read back as they were written`, () => {
    const bytes = codec.encode(value);
    // A new format's fixture is written once, on purpose, and then kept for good.
    if (process.env["HOLDFAST_WRITE_FIXTURES"] === "1") writeFileSync(join(FIXTURES, `${name}.hex`), `${hex(bytes)}\n`, { flag: "wx" });
    assert.equal(hex(bytes), hex(fixture(name)), "A format has changed. Give it a new version and keep reading the old one.");
    assert.deepEqual(codec.decode(fixture(name)), value);
  });
}

test("what earlier versions wrote is read as what it was", () => {
  for (const [name, { codec, value }] of Object.entries(formerSpecimens)) assert.deepEqual(codec.decode(fixture(name)), value, name);
});

test("every fixture of the network is looked at", () => {
  const names = readdirSync(FIXTURES).map((file) => file.replace(".hex", ""));
  assert.deepEqual(names.sort(), [...Object.keys(specimens), ...Object.keys(formerSpecimens)].sort());
});
