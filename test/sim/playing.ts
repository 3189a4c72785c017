import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

/** 1 in the soak: everything in full. */
export const isFull = process.env["HOLDFAST_SIZE"] === "1";

/** In the short run other tests go on beside. */
export const PROCESSES = isFull ? availableParallelism() : 1;

const RUN = join(import.meta.dirname, "run.ts");

/** Plays seeds in a process of their own. @returns what it said */
export function play(...args: readonly string[]): Promise<{ readonly said: string; readonly code: number | null }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--max-semi-space-size=64", RUN, ...args], { stdio: ["ignore", "pipe", "inherit"] });
    let said = "";
    child.stdout.setEncoding("utf8").on("data", (part: string) => (said += part));
    child.on("error", reject);
    child.on("close", (code) => resolve({ said: said.trim(), code }));
  });
}

/** Plays seeds from 1 on, and has none with findings. */
export async function playMany(t: TestContext, seeds: number, ...args: readonly string[]): Promise<void> {
  const share = Math.ceil(seeds / PROCESSES);
  const runs = Array.from({ length: PROCESSES }, (_, at) => play("--seed", String(1 + at * share), "--seeds", String(share), ...args));
  for (const { said, code } of await Promise.all(runs)) {
    t.diagnostic(said.split("\n").at(-1)!);
    assert.equal(code, 0, said);
  }
}
