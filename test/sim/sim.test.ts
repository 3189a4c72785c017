import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import test, { describe } from "node:test";
import { hunt, plantedBugs } from "./bugs/hunt.ts";

/** 1 in the soak: everything in full. */
const isFull = process.env["HOLDFAST_SIZE"] === "1";

/** Seeds of five to nine hosts; where they are not played in full, as many as this time holds. */
const SEEDS = 2_000;
const SECONDS = 120;
/** Each host talks with each other one: twice the hosts take four times as long. */
const LARGE_HOSTS = isFull ? 200 : 100;
const LARGE_SEEDS = isFull ? 20 : 1;

/** In the short run other tests go on beside. */
const PROCESSES = isFull ? availableParallelism() : 1;

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

/** Plays seeds from 1 on, and has none with findings. */
async function playMany(t: TestContext, seeds: number, ...args: readonly string[]): Promise<void> {
  const share = Math.ceil(seeds / PROCESSES);
  const runs = Array.from({ length: PROCESSES }, (_, at) => play("--seed", String(1 + at * share), "--seeds", String(share), ...args));
  for (const { said, code } of await Promise.all(runs)) {
    t.diagnostic(said.split("\n").at(-1)!);
    assert.equal(code, 0, said);
  }
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
  await playMany(t, SEEDS, ...(isFull ? [] : ["--for", String(SECONDS)]));
});

test("hundreds of hosts keep their promises under faults", async (t) => {
  await playMany(t, LARGE_SEEDS, "--hosts", String(LARGE_HOSTS), "--operations", "300");
});

describe("the simulation finds a planted bug", { concurrency: PROCESSES }, async () => {
  for (const bug of await plantedBugs()) {
    if (isFull || bug.isQuick) test(bug.name, () => hunt(bug).then(() => undefined));
  }
});
