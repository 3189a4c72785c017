import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { temporaryFolder } from "./harness.ts";
import { lockDirectory } from "./lock.ts";

test("a second process is kept out, until the first is killed", async (t) => {
  const directory = temporaryFolder(t);
  const first = spawn(process.execPath, [join(import.meta.dirname, "fixtures/hold-lock.ts"), directory], { stdio: ["pipe", "pipe", "inherit"] });
  t.after(() => first.kill("SIGKILL"));
  await once(first.stdout, "data");
  await assert.rejects(lockDirectory(directory), (error: Error & { code?: string }) => error.code === "DIRECTORY_IN_USE" && error.message.includes(directory));
  const ended = once(first, "exit");
  first.kill("SIGKILL");
  await ended;
  (await lockDirectory(directory)).release();
});

test("a second lock in the same process is refused, until the first is released", async (t) => {
  const directory = temporaryFolder(t);
  const first = await lockDirectory(directory);
  await assert.rejects(lockDirectory(directory), { code: "DIRECTORY_IN_USE" });
  // The refusal must not have let go of the first one's lock.
  await assert.rejects(lockDirectory(directory), { code: "DIRECTORY_IN_USE" });
  first.release();
  first.release();
  (await lockDirectory(directory)).release();
});

test("a directory that is not there, or whose lock is damaged, cannot be locked", async (t) => {
  const directory = temporaryFolder(t);
  await assert.rejects(lockDirectory(join(directory, "absent")), { code: "LOCK_FAILED" });
  writeFileSync(join(directory, "lock.db"), "no database".repeat(100));
  await assert.rejects(lockDirectory(directory), { code: "LOCK_FAILED" });
});
