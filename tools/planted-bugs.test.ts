import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { basename, resolve } from "node:path";
import test from "node:test";
import { plantedBugs } from "../test/sim/bugs/hunt.ts";

const ROOT = resolve(import.meta.dirname, "..");

// One of them is hunted in `npm test`, and all only in the soak: that a change of the program has left one behind should be known before.
test("every bug that the simulation must find can still be planted", async () => {
  const bugs = await plantedBugs();
  assert.ok(bugs.length >= 12);
  const said = bugs.map(({ patch }) => ({ name: basename(patch), ...spawnSync("git", ["apply", "--check", "--whitespace=nowarn", "-C1", patch], { cwd: ROOT, encoding: "utf8" }) }));
  assert.deepEqual(said.filter(({ status }) => status !== 0).map(({ name, stderr }) => `${name}: ${stderr}`), []);
});
