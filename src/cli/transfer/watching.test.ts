import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { machineEnv, silentLog } from "../../platform/index.ts";
import { changesIn } from "./watching.ts";

test("what the ignore file no longer names is watched from then on, and what it names is not", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-watching-"));
  t.after(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, "drafts"));
  await writeFile(join(folder, ".holdfastignore"), "drafts/\n");
  const stop = new AbortController();
  const watching = Promise.withResolvers<void>();
  const changes = changesIn(machineEnv(silentLog), folder, stop.signal, watching.resolve);
  let seen = 0;
  const next = async (): Promise<void> => {
    await changes.next();
    seen += 1;
  };
  const first = next();
  await watching.promise;
  await writeFile(join(folder, "drafts", "a"), "not yet");
  await writeFile(join(folder, ".holdfastignore"), "nothing/\n");
  await first;
  assert.equal(seen, 1);
  const second = next();
  await writeFile(join(folder, "drafts", "a"), "now");
  await second;
  const third = next();
  stop.abort(new Error("enough"));
  await assert.rejects(third, /enough/);
});
