import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { promisify } from "node:util";
import { raceAbort } from "../../src/platform/index.ts";
import type { TestHost } from "../cluster/harness.ts";
import { Bench } from "../cluster/harness.ts";

const FILES = 200;
const LOSING = join(import.meta.dirname, "../fixtures/thread-pool/lose.c");

test("a command goes on where the C library loses wake-ups of its thread pool", { timeout: 60_000 }, async (t) => {
  await using bench = await Bench.make();
  const library = join(bench.folder, "lose.so");
  await promisify(execFile)("tcc", ["-shared", "-nostdlib", "-o", library, LOSING]);
  const losing = { LD_PRELOAD: library, LOSE: "150" };
  const [attic] = (await bench.network(["attic"])) as [TestHost];
  const folder = join(bench.folder, "site");
  await mkdir(folder);
  for (let file = 0; file < FILES; file++) await writeFile(join(folder, `${file}.txt`), `page ${file}`);

  const published = bench.run(["publish", folder, "--name", "blog", "--data", attic.data], { config: attic.config, environment: losing });
  const { code, stderr } = await raceAbort(published, t.signal);
  assert.equal(code, 0, stderr);
  const lost = stderr.split("wake-up lost").length - 1;
  assert.ok(lost > 1, `${lost} were lost`);
});
