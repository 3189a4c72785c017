import assert from "node:assert/strict";
import { test } from "node:test";
import type { HostId } from "../codec/index.ts";
import { machineEnv, silentLog } from "../platform/index.ts";
import { BulkService } from "./bulk-service.ts";
import { Handlers } from "./handlers.ts";
import { MemoryWire } from "./memory-wire.ts";
import { ReceiveBudget } from "./receive-budget.ts";

const env = machineEnv(silentLog);
const MIB = 1024 * 1024;

test("an opening that is aborted in the moment in which its stream is there gives its place back and ends the stream", async () => {
  const budget = new ReceiveBudget(16 * MIB);
  let [controller, ended] = [new AbortController(), 0];
  const service = new BulkService(env, {
    budget,
    stallMs: 300,
    handlers: new Handlers(env, () => "member"),
    openWire: () => {
      const [near] = MemoryWire.pair((step) => queueMicrotask(step), () => {}, { nowMs: () => env.clock.monotonicMs(), onEnd: (wire) => void (wire === near && (ended += 1)) });
      controller.abort(new Error("nobody wants it any more"));
      return Promise.resolve((events) => near.attach(events));
    },
  });
  // More often than there are places.
  for (let times = 1; times <= 5; times += 1) {
    controller = new AbortController();
    await assert.rejects(service.open({ to: "b" as HostId, kind: "x", header: new Uint8Array(0), signal: controller.signal }), /nobody wants it/);
    assert.deepEqual([budget.inUseBytes, ended], [0, times]);
  }
});
