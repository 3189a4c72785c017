import assert from "node:assert/strict";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { idFromBytes } from "../codec/index.ts";
import type { HostId, NetworkId } from "../codec/index.ts";
import { temporaryFolder } from "./harness.ts";
import { MARKER_NAME, checkMarker, readMarker, writeMarker } from "./marker.ts";

const id = <Id extends HostId | NetworkId>(n: number): Id => idFromBytes<Id>(new Uint8Array(32).fill(n));
const owner = { host: id<HostId>(1), network: id<NetworkId>(2) };

test("a marker says whose directory it is", async (t) => {
  const directory = temporaryFolder(t);
  const marker = await writeMarker(directory, owner);
  assert.deepEqual(await checkMarker(directory, owner), marker);
  assert.deepEqual(await checkMarker(directory, {}), marker);
  assert.deepEqual(await checkMarker(directory, { store: marker.store }), marker);
  assert.equal(statSync(join(directory, MARKER_NAME)).mode & 0o777, 0o600);
  assert.notEqual((await writeMarker(directory, owner)).store, marker.store);
});

test("a directory without its marker is refused with the thought of a disk that is not mounted", async (t) => {
  const directory = temporaryFolder(t);
  assert.equal(await readMarker(directory), undefined);
  for (const path of [directory, join(directory, "absent")]) {
    await assert.rejects(checkMarker(path, owner), (error: Error & { code?: string }) => error.code === "NOT_PRIMED" && error.message.includes("may not be mounted"));
  }
});

test("another's marker is refused, naming both", async (t) => {
  const directory = temporaryFolder(t);
  const marker = await writeMarker(directory, owner);
  const other = id<HostId>(9);
  await assert.rejects(checkMarker(directory, { host: other }), (error: Error & { code?: string }) => error.code === "WRONG_STORE" && error.message.includes(other) && error.message.includes(marker.host));
  await assert.rejects(checkMarker(directory, { ...owner, network: id<NetworkId>(9) }), { code: "WRONG_STORE" });
});

test("a marker that cannot be read is an error, and never taken for none", async (t) => {
  const directory = temporaryFolder(t);
  await writeMarker(directory, owner);
  const whole = readFileSync(join(directory, MARKER_NAME), "utf8");
  for (const damaged of ["", "null", "[]", "{}", whole.slice(0, -10), whole.replace('"format": 1', '"format": 2'), whole.replace(/"host": "../, '"host": "'), `${whole}${" ".repeat(5000)}`]) {
    writeFileSync(join(directory, MARKER_NAME), damaged);
    await assert.rejects(checkMarker(directory, {}), { code: "MARKER_DAMAGED" }, damaged);
  }
});

test("a marker with any one byte flipped is refused, or says of its owner what it said", async (t) => {
  const directory = temporaryFolder(t);
  const marker = await writeMarker(directory, owner);
  const whole = readFileSync(join(directory, MARKER_NAME));
  let refused = 0;
  for (let at = 0; at < whole.length; at += 1) {
    writeFileSync(join(directory, MARKER_NAME), whole.map((byte, each) => (each === at ? byte ^ 0xff : byte)));
    const found = await checkMarker(directory, { ...owner, store: marker.store }).catch((error: Error & { code?: string }) => String(error.code));
    if (typeof found === "string") assert.ok(["MARKER_DAMAGED", "WRONG_STORE"].includes(found), `${found} with byte ${at}`);
    else assert.deepEqual({ ...found, created: "" }, { ...marker, created: "" });
    refused += typeof found === "string" ? 1 : 0;
  }
  assert.ok(refused > 200, `${refused} of ${whole.length} flips were noticed; the others are in the date`);
});
