import assert from "node:assert/strict";
import test from "node:test";
import type { HostId } from "../codec/index.ts";
import { FairTurns } from "./fair-turns.ts";

function busyFor(ms: number): void {
  for (const endMs = performance.now() + ms; performance.now() < endMs; );
}

test("turns let a web page through between dear requests, and a host with few requests before the rest of one with many", async () => {
  const turns = new FairTurns();
  const order: string[] = [];
  const ask = async (from: string, costMs: number): Promise<void> => {
    const turn = turns.next(from as HostId);
    if (turn !== undefined) await turn;
    busyFor(costMs);
    order.push(from);
  };
  const asked = [...Array.from({ length: 10 }, () => ask("many", 15)), ask("few", 1)];
  setImmediate(() => order.push("page"));
  await Promise.all(asked);
  assert.ok(order.indexOf("page") <= 2, order.join());
  assert.ok(order.indexOf("few") <= 4, order.join());
  assert.equal(order.length, 12);
});

test("turns hold up nothing while there is little to do", async () => {
  const turns = new FairTurns();
  for (let at = 0; at < 100; at += 1) assert.equal(turns.next("one" as HostId), undefined);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(turns.next("one" as HostId), undefined);
});
