import assert from "node:assert/strict";
import test from "node:test";
import type { Env } from "../platform/index.ts";
import { machineEnv, silentLog } from "../platform/index.ts";
import { unhurried } from "./patience.ts";

const machine = machineEnv(silentLog);
/** Four milliseconds, and the item in which they pass. */
const LONGEST_MS = 5;

test("looking through a long list leaves others their turn, however long its items take", async () => {
  let [now, since, longest] = [0, 0, 0];
  const sleep = async (): Promise<void> => {
    longest = Math.max(longest, now - since);
    since = now;
  };
  const env: Env = { ...machine, clock: { ...machine.clock, monotonicMs: () => now }, timers: { ...machine.timers, sleep } };
  const slow = function* (): Generator<number> {
    for (let item = 0; item < 2_000; item += 1) {
      now += item < 1_000 ? 0.01 : 0.5;
      yield item;
    }
  };
  const seen: number[] = [];
  for await (const item of unhurried(env, slow(), new AbortController().signal)) seen.push(item);
  longest = Math.max(longest, now - since);
  assert.deepEqual([seen.length, seen.at(-1)], [2_000, 1_999]);
  assert.ok(longest < LONGEST_MS, `${longest} ms`);
});

test("looking through a long list ends when it is no longer wanted", async () => {
  const stop = new AbortController();
  const reason = new Error("enough");
  const looking = async (): Promise<void> => {
    for await (const item of unhurried(machine, Array(2_000).keys(), stop.signal)) if (item === 300) stop.abort(reason);
  };
  await assert.rejects(looking(), reason);
});
