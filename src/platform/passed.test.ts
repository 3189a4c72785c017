import assert from "node:assert/strict";
import test from "node:test";
import { timePassed } from "./passed.ts";

test("time passes while the machine sleeps, while the program is stopped, and when the clock on the wall is set", () => {
  let [wallMs, monotonicMs] = [1_000_000, 7];
  const pass = (onWallMs: number, ownMs: number): number => {
    const passedMs = timePassed({ wallMs: () => wallMs, monotonicMs: () => monotonicMs });
    wallMs += onWallMs;
    monotonicMs += ownMs;
    return passedMs();
  };
  assert.deepEqual([pass(10, 10), pass(5_000, 10), pass(5_000, 5_000), pass(-3_000, 10), pass(0, 10)], [10, 5_000, 5_000, 3_000, 10]);
});
