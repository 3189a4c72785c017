import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { hunt, plantedBugs } from "./bugs/hunt.ts";

/** 1 in the soak: everything in full. */
const isFull = process.env["HOLDFAST_SIZE"] === "1";

/** Seeds of five to nine hosts; where they are not played in full, as many as this time holds. */
const SEEDS = 2_000;
const SECONDS = 120;
/** Each host talks with each other one: twice the hosts take four times as long. */
const LARGE_HOSTS = isFull ? 200 : 100;
const LARGE_SEEDS = isFull ? 20 : 1;

const RUN = join(import.meta.dirname, "run.ts");

/** Plays seeds in a process of their own. @returns what it said */
function play(...args: readonly string[]): Promise<{ readonly said: string; readonly code: number | null }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--max-semi-space-size=64", RUN, ...args], { stdio: ["ignore", "pipe", "inherit"] });
    let said = "";
    child.stdout.setEncoding("utf8").on("data", (part: string) => (said += part));
    child.on("error", reject);
    child.on("close", (code) => resolve({ said: said.trim(), code }));
  });
}

test("the same seed twice gives the same, another one something else", async () => {
  const short = ["--hosts", "5", "--operations", "100"];
  const [once, again, other] = await Promise.all([play("--seed", "1", ...short), play("--seed", "1", ...short), play("--seed", "2", ...short)]);
  const traceOf = ({ said }: { readonly said: string }): string | undefined => /trace: ([0-9a-f]{64})/.exec(said)?.[1];
  assert.match(traceOf(once) ?? "", /./);
  assert.equal(traceOf(once), traceOf(again));
  assert.notEqual(traceOf(once), traceOf(other));
});

test("whole hosts keep their promises under faults, over many seeds", async (t) => {
  const processes = isFull ? availableParallelism() : 1;
  const share = Math.ceil(SEEDS / processes);
  const runs = Array.from({ length: processes }, (_, at) => play("--seed", String(1 + at * share), "--seeds", String(share), ...(isFull ? [] : ["--for", String(SECONDS)])));
  for (const { said, code } of await Promise.all(runs)) {
    t.diagnostic(said.split("\n").at(-1)!);
    assert.equal(code, 0, said);
  }
});

test("hundreds of hosts keep their promises under faults", async (t) => {
  const { said, code } = await play("--seed", "1", "--seeds", String(LARGE_SEEDS), "--hosts", String(LARGE_HOSTS), "--operations", "300");
  t.diagnostic(said.split("\n").at(-1)!);
  assert.equal(code, 0, said);
});

for (const bug of await plantedBugs()) {
  if (!isFull && !bug.isQuick) continue;
  test(`the simulation finds a planted bug: ${bug.name}`, async () => {
    await hunt(bug);
  });
}
