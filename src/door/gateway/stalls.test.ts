import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { ServerResponse } from "node:http";
import test from "node:test";
import { env } from "../fakes/harness.ts";
import { Traffic } from "../traffic.ts";
import { Stalls } from "./stalls.ts";

class SlowResponse extends EventEmitter {
  readonly writableLength: number;
  destroyed = false;
  readonly closed = false;

  constructor(bytes: number) {
    super();
    this.writableLength = bytes;
  }

  destroy(): void {
    this.destroyed = true;
    this.emit("close");
  }
}

function waiting(stalls: Stalls, bytes: number): { response: SlowResponse; outcome: Promise<string> } {
  const response = new SlowResponse(bytes);
  const outcome = stalls.drained(response as unknown as ServerResponse).then(() => "drained", (error: { code: string }) => error.code);
  return { response, outcome };
}

test("stalled clients are cut off from the one that has waited longest, only as far as memory asks for", async () => {
  let nowMs = 0;
  const traffic = new Traffic();
  const stalls = new Stalls({ ...env, clock: { ...env.clock, monotonicMs: () => nowMs } }, traffic, 100, 1000);
  const [first, second] = [waiting(stalls, 40), waiting(stalls, 40)];
  nowMs = 5000;
  const third = waiting(stalls, 40);
  assert.deepEqual([first, second, third].map((each) => each.response.destroyed), [true, false, false]);
  assert.equal(await first.outcome, "CLIENT_GONE");
  assert.equal(traffic.cutOffClients, 1);
  second.response.emit("drain");
  third.response.emit("drain");
  assert.deepEqual(await Promise.all([second.outcome, third.outcome]), ["drained", "drained"]);
});

test("clients that have only begun to wait are cut off, those first that came first, when together they hold very much", async () => {
  const stalls = new Stalls(env, new Traffic(), 100, 60_000);
  const all = Array.from({ length: 12 }, () => waiting(stalls, 40));
  assert.deepEqual(all.map((each) => each.response.destroyed), all.map((_, at) => at < 2));
  for (const each of all) each.response.emit("drain");
  assert.equal((await Promise.all(all.map((each) => each.outcome))).filter((outcome) => outcome === "CLIENT_GONE").length, 2);
});

test("clients that have only begun to wait are not cut off while they do not hold very much", async () => {
  const stalls = new Stalls(env, new Traffic(), 100, 60_000);
  const all = Array.from({ length: 10 }, () => waiting(stalls, 40));
  assert.ok(all.every((each) => !each.response.destroyed));
  for (const each of all) each.response.emit("drain");
  assert.ok((await Promise.all(all.map((each) => each.outcome))).every((outcome) => outcome === "drained"));
});
