import assert from "node:assert/strict";
import test from "node:test";
import { TokenBucket } from "../platform/index.ts";
import { fetchPages } from "./fetching.ts";
import type { Peers } from "./peers.ts";
import { batch, specimenKeys } from "./specimens.ts";
import { env } from "./test-hosts.ts";

test("the first pages come at once, and the rest at the pace that was set; cancelling ends the waiting", async () => {
  let nowMs = 0;
  const slept: number[] = [];
  const clock = { wallMs: () => 0, monotonicMs: () => nowMs };
  const sleep = async (delayMs: number, signal?: AbortSignal): Promise<void> => {
    signal?.throwIfAborted();
    slept.push(delayMs);
    nowMs += delayMs;
  };
  const pace = new TokenBucket(clock, { perSecond: 100, burst: 1000 });
  const peers = { ask: async () => ({ parcel: { geneses: [], seals: [], items: [] }, keysDone: 1, skip: 0, isReady: true }), open: () => [batch[0]!] } as unknown as Peers;
  const parts = { env: { ...env, clock, timers: { ...env.timers, sleep } }, peers, pace };
  const stop = new AbortController();
  let pages = 0;
  for await (const { isLast } of fetchPages(parts, specimenKeys.host, Array.from({ length: 6 }, (_, at) => ({ namespace: specimenKeys.namespace, key: `${at}` })), stop.signal)) {
    pages += 1;
    assert.equal(isLast, pages === 6);
  }
  assert.ok(slept.length >= 1 && slept.length < 6, `${slept.length} pauses`);
  stop.abort(new Error("enough"));
  pace.take(10_000);
  await assert.rejects(fetchPages(parts, specimenKeys.host, [{ namespace: specimenKeys.namespace, key: "k" }], stop.signal).next(), /enough/);
});
