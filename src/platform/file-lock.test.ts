import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { promisify } from "node:util";
import { lockFile } from "./index.ts";

test("a file is locked by one at a time, and one that is no lock is not", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-lock-"));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, "lock");
  const first = await lockFile(path);
  assert.equal(await lockFile(path), undefined);
  assert.deepEqual(await readdir(folder), ["lock"]);
  // The first holds the file, whatever its name is by now: another one under the old name is another lock.
  await rename(path, join(folder, "moved"));
  const second = await lockFile(path);
  assert.ok(second !== undefined);
  assert.equal(await lockFile(join(folder, "moved")), undefined);
  first!.release();
  first!.release();
  (await lockFile(join(folder, "moved")))!.release();
  second.release();
  await writeFile(join(folder, "words"), "no lock".repeat(100));
  await assert.rejects(lockFile(join(folder, "words")), { code: "ERR_SQLITE_ERROR" });
  assert.equal(await readFile(join(folder, "words"), "utf8"), "no lock".repeat(100));
  await assert.rejects(lockFile(join(folder, "absent", "lock")), { code: "NOT_FOUND" });
});

test("a lock keeps other processes out, also after this process has tried to lock the same file again", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-lock-"));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, "lock");
  const script = `import { lockFile } from ${JSON.stringify(import.meta.resolve("./file-lock.ts"))}; console.log((await lockFile(process.argv[1])) !== undefined);`;
  const elsewhere = async (): Promise<string> => (await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script, path])).stdout.trim();
  const lock = await lockFile(path);
  assert.equal(await lockFile(path), undefined);
  assert.equal(await elsewhere(), "false");
  lock!.release();
  assert.equal(await elsewhere(), "true");
});
