import assert from "node:assert/strict";
import test from "node:test";
import { machineEnv, silentLog } from "../platform/index.ts";
import { unhurried } from "./patience.ts";

const env = machineEnv(silentLog);

test("looking through a long list leaves others their turn", async () => {
  let turns = 0;
  const other = setInterval(() => (turns += 1), 0);
  const seen: number[] = [];
  for await (const item of unhurried(env, Array(2_000).keys(), new AbortController().signal)) seen.push(item);
  clearInterval(other);
  assert.deepEqual([seen.length, seen.at(-1)], [2_000, 1_999]);
  assert.ok(turns > 0);
});

test("looking through a long list ends when it is no longer wanted", async () => {
  const stop = new AbortController();
  const reason = new Error("enough");
  const looking = async (): Promise<void> => {
    for await (const item of unhurried(env, Array(2_000).keys(), stop.signal)) if (item === 300) stop.abort(reason);
  };
  await assert.rejects(looking(), reason);
});
