import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { silentLog } from "./log.ts";
import { machineEnv } from "./machine.ts";
import { watchFolder } from "./watch.ts";

test("a folder's changes are reported once they are at rest, those in new folders and those made meanwhile included, and nothing of what is skipped", async () => {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-watch-"));
  const watch = await watchFolder(machineEnv(silentLog), folder, (path) => path.startsWith("skipped"));
  const signal = new AbortController().signal;
  try {
    await writeFile(join(folder, "a.html"), "a");
    await writeFile(join(folder, "b.html"), "b");
    await watch.changed(signal);
    await mkdir(join(folder, "new"));
    await watch.changed(signal);
    await writeFile(join(folder, "new/c.html"), "c");
    await watch.changed(signal);
    await writeFile(join(folder, "skipped.html"), "x");
    await assert.rejects(watch.changed(AbortSignal.timeout(700)), { name: "TimeoutError" });
    await rm(join(folder, "a.html"));
    await watch.changed(signal);
  } finally {
    await watch.close();
    await rm(folder, { recursive: true });
  }
});
