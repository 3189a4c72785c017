import assert from "node:assert/strict";
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { idFromBytes } from "../codec/index.ts";
import type { HostId, NetworkId } from "../codec/index.ts";
import { space } from "../platform/index.ts";
import { temporaryFolder } from "./harness.ts";
import { writeMarker } from "./marker.ts";
import { prepareDataDirectory } from "./prime.ts";
import { verifyFsync } from "./verify-fsync.ts";

const FOLDERS = ["cache", "incoming", "pieces", "quarantine"];

test("a folder that is absent or empty is made ready, for its owner only", async (t) => {
  const parent = temporaryFolder(t);
  mkdirSync(join(parent, "empty"));
  mkdirSync(join(parent, "disk/lost+found"), { recursive: true });
  for (const name of ["empty", "absent/deep", "disk"]) {
    const directory = join(parent, name);
    assert.equal(await prepareDataDirectory(directory, { capacityBytes: 1000 }), 1000);
    assert.deepEqual(readdirSync(directory).filter((each) => each !== "lost+found").sort(), FOLDERS);
    for (const folder of FOLDERS) assert.equal(statSync(join(directory, folder)).mode & 0o777, 0o700);
  }
  assert.equal(statSync(join(parent, "absent/deep")).mode & 0o777, 0o700);
});

test("a folder that holds something is refused, and nothing in it changes", async (t) => {
  const directory = temporaryFolder(t);
  writeFileSync(join(directory, "photo.jpg"), "mine");
  await assert.rejects(prepareDataDirectory(directory), (error: Error & { code?: string }) => error.code === "NOT_EMPTY" && error.message.includes("photo.jpg"));
  assert.deepEqual(readdirSync(directory), ["photo.jpg"]);
  await prepareDataDirectory(directory, { mayHold: ["photo.jpg"] });
});

test("a try that was interrupted may be made again, but not over pieces or a marker", async (t) => {
  const directory = temporaryFolder(t);
  await prepareDataDirectory(directory);
  await prepareDataDirectory(directory);
  writeFileSync(join(directory, "pieces/aa"), "held");
  await assert.rejects(prepareDataDirectory(directory), { code: "NOT_EMPTY" });
  rmSync(join(directory, "pieces/aa"));
  await writeMarker(directory, { host: idFromBytes<HostId>(new Uint8Array(32)), network: idFromBytes<NetworkId>(new Uint8Array(32)) });
  await assert.rejects(prepareDataDirectory(directory), (error: Error & { code?: string }) => error.code === "NOT_EMPTY" && error.message.includes("holdfast up"));
});

test("a file in place of the folder is refused", async (t) => {
  const path = join(temporaryFolder(t), "file");
  writeFileSync(path, "");
  await assert.rejects(prepareDataDirectory(path), { code: "NOT_A_FOLDER" });
});

test("a capacity beyond the disk is refused with what the disk has, and the default is half of what is free", async (t) => {
  const parent = temporaryFolder(t);
  const { totalBytes, freeBytes } = await space(parent);
  const directory = join(parent, "absent");
  await assert.rejects(prepareDataDirectory(directory, { capacityBytes: totalBytes + 1 }), (error: Error & { code?: string }) => error.code === "CAPACITY_TOO_LARGE" && error.message.includes(`${totalBytes} bytes`));
  assert.deepEqual(readdirSync(parent), []);
  const capacityBytes = await prepareDataDirectory(directory);
  assert.ok(Math.abs(capacityBytes - freeBytes / 2) < freeBytes / 4);
});

test("a durable write is tried and timed, and leaves nothing", async (t) => {
  const directory = temporaryFolder(t);
  const tookMs = await verifyFsync(directory);
  assert.ok(tookMs > 0 && tookMs < 60_000);
  assert.deepEqual(readdirSync(directory), []);
  await assert.rejects(verifyFsync(join(directory, "absent")), { code: "NOT_FOUND" });
});
