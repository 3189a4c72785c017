import assert from "node:assert/strict";
import test from "node:test";
import { Worker, machineEnv, silentLog, withDeadline, PlatformError } from "./index.ts";

const env = machineEnv(silentLog);

test("a worker takes one turn at a time, and one more after a nudge that came during a turn", async () => {
  let running = 0;
  let turns = 0;
  const second = Promise.withResolvers<void>();
  const worker = new Worker(env, {
    name: "test",
    everyMs: 60_000,
    work: async ({ report }) => {
      running += 1;
      turns += 1;
      assert.equal(running, 1);
      report(`turn ${turns}`);
      if (turns === 1) worker.nudge();
      await Promise.resolve();
      running -= 1;
      if (turns === 2) second.resolve();
    },
  });
  worker.start();
  await second.promise;
  await worker.stop();
  assert.deepEqual({ ...worker.status(), lastRunWallMs: 0 }, { name: "test", state: "stopped", progress: "turn 2", lastError: undefined, runs: 2, lastRunWallMs: 0 });
});

test("a nudge before the start begins nothing", async () => {
  const worker = new Worker(env, { name: "test", everyMs: 60_000, work: () => assert.fail("it was not started") });
  worker.nudge();
  await env.timers.sleep(1);
  assert.equal(worker.status().runs, 0);
  await worker.stop();
});

test("a worker whose turn fails says so and goes on", async () => {
  let turns = 0;
  const done = Promise.withResolvers<void>();
  const worker = new Worker(env, {
    name: "test",
    everyMs: 1,
    work: () => {
      turns += 1;
      if (turns === 1) return Promise.reject(new Error("no disk"));
      assert.equal(worker.status().lastError, "no disk");
      done.resolve();
      return Promise.resolve();
    },
  });
  worker.start();
  await done.promise;
  await worker.stop();
  assert.equal(worker.status().lastError, undefined);
});

test("stopping a worker aborts its turn and waits for it", async () => {
  const started = Promise.withResolvers<void>();
  let ended = false;
  const worker = new Worker(env, {
    name: "test",
    everyMs: 1,
    work: async ({ signal }) => {
      started.resolve();
      await env.timers.sleep(60_000, signal).finally(() => (ended = true));
    },
  });
  worker.start();
  await started.promise;
  await worker.stop();
  assert.ok(ended);
  worker.nudge();
  assert.equal(worker.status().runs, 1);
});

test("a deadline ends the waiting with its own error, an outer signal with its reason, and a result comes through", async () => {
  const hang = (signal: AbortSignal): Promise<never> => env.timers.sleep(60_000, signal).then(() => assert.fail());
  await assert.rejects(withDeadline(env, 5, "Waiting", undefined, hang), (error) => error instanceof PlatformError && error.code === "DEADLINE");
  const outer = new AbortController();
  const waiting = withDeadline(env, 60_000, "Waiting", outer.signal, hang);
  outer.abort(new Error("never mind"));
  await assert.rejects(waiting, /never mind/);
  assert.equal(await withDeadline(env, 60_000, "Waiting", undefined, () => Promise.resolve(3)), 3);
});
