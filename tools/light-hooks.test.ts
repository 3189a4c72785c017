import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";

const LIGHT_HOOKS = join(import.meta.dirname, "light-hooks.ts");

/** Errors that nobody awaits: as the test ends, and while another one runs. */
const STRAY = {
  "as-it-ends": 'test("passes", () => void Promise.reject(new Error("stray")));',
  "while-another-runs": 'test("passes", () => void setTimeout(() => { throw new Error("stray"); }, 10));\ntest("goes on", () => new Promise((resolve) => setTimeout(resolve, 50)));',
} as const;

test("an error that nobody awaits fails its file and is told, also where node:test follows only its own tests", async () => {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-hooks-"));
  try {
    for (const [name, body] of Object.entries(STRAY)) {
      const file = join(folder, `${name}.test.ts`);
      await writeFile(file, `import test from "node:test";\n${body}\n`);
      const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
      const { status, stdout } = spawnSync(process.execPath, ["--import", LIGHT_HOOKS, "--test", "--test-reporter=tap", file], { encoding: "utf8", env: environment });
      assert.equal(status, 1, stdout);
      assert.match(stdout, /stray/);
      // Without the hooks it is told with the name of the test in which it was set going.
      assert.doesNotMatch(stdout, /Test \\?"passes\\?" at/, "the hooks are at work");
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});
