import assert from "node:assert/strict";
import test from "node:test";
import type { Env } from "../../platform/index.ts";
import { quickEnv } from "../fakes/quick-env.ts";
import { Throttle } from "./throttle.ts";

const MIB = 2 ** 20;
const CHUNKS = 20;
const RATE = 20 * MIB;

/** How long it takes to move 20 MiB at 20 MiB/s by an own clock, where each timer is so late. */
async function movedWithin(lateMs: number): Promise<number> {
  let nowMs = 0;
  const env: Env = {
    ...quickEnv(1),
    clock: { wallMs: () => nowMs, monotonicMs: () => nowMs },
    timers: { after: () => assert.fail("nothing is waited for in this way"), sleep: async (delayMs) => void (nowMs += delayMs + lateMs) },
  };
  // eslint-disable-next-line typescript/require-await
  const source = async function* (): AsyncGenerator<Uint8Array> {
    for (let chunk = 0; chunk < CHUNKS; chunk += 1) yield new Uint8Array(MIB);
  };
  let moved = 0;
  for await (const { length } of new Throttle(env, RATE).paced(source(), new AbortController().signal)) moved += length;
  assert.equal(moved, CHUNKS * MIB);
  return nowMs;
}

test("repair moves at its rate while timers are on time", async () => {
  const tookMs = await movedWithin(0);
  assert.ok(tookMs > 900 && tookMs < 1_100, `${tookMs} ms`);
});

test("repair rests while timers are late, and goes on all the same however late they are", async () => {
  assert.ok((await movedWithin(20)) > 20 * 8 * CHUNKS, "most of the time it rests");
  const tookMs = await movedWithin(400);
  assert.ok(tookMs < (500 + 3 * 400) * (CHUNKS + 1), `${tookMs} ms`);
});
