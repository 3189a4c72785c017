import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import test from "node:test";
import { hex } from "../codec/index.ts";
import { auditCodec } from "./audits.ts";
import { drainingCodec, quotaCodec, settingCodec } from "./entries.ts";

const FIXTURES = resolve(import.meta.dirname, "../../test/fixtures/network");

const fixtures: Readonly<Record<string, Uint8Array>> = {
  "audit.v1": auditCodec.encode({ provenBytes: 30_000_000_000, failures: 3, isSuspect: true, toldMs: 1_763_700_000_000 }),
  "draining.v1": drainingCodec.encode({ sinceMs: 1_763_700_000_000 }),
  "quota.v1": quotaCodec.encode({ bytes: 50_000_000_000 }),
  "setting.v1": settingCodec.encode({ ms: 3_600_000 }),
};

test("the bytes of the network's records are those of their fixtures", () => {
  for (const [name, bytes] of Object.entries(fixtures)) {
    const file = join(FIXTURES, `${name}.hex`);
    // A new format's fixture is written once, on purpose, and then kept for good.
    if (process.env["HOLDFAST_WRITE_FIXTURES"] === "1") writeFileSync(file, `${hex(bytes)}\n`, { flag: "wx" });
    assert.equal(hex(bytes), readFileSync(file, "utf8").trim(), name);
  }
});

test("the network's records are read back as they were written", () => {
  assert.deepEqual(auditCodec.decode(fixtures["audit.v1"]!), { provenBytes: 30_000_000_000, failures: 3, isSuspect: true, toldMs: 1_763_700_000_000 });
  assert.deepEqual(drainingCodec.decode(fixtures["draining.v1"]!), { sinceMs: 1_763_700_000_000 });
  assert.deepEqual(quotaCodec.decode(fixtures["quota.v1"]!), { bytes: 50_000_000_000 });
  assert.deepEqual(settingCodec.decode(fixtures["setting.v1"]!), { ms: 3_600_000 });
});
