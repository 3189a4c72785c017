import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { ServerResponse } from "node:http";
import test from "node:test";
import { TestDoor, env } from "../fakes/harness.ts";
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

function waiting(stalls: Stalls, bytes: number, view?: Uint8Array): { response: SlowResponse; outcome: Promise<string> } {
  const response = new SlowResponse(bytes);
  const outcome = stalls.drained(response as unknown as ServerResponse, view).then(() => "drained", (error: { code: string }) => error.code);
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

test("what several clients hold of one piece of memory is counted once, until the last of them has it", async () => {
  const stalls = new Stalls(env, new Traffic(), 100, 0);
  const file = new Uint8Array(80);
  const [first, second] = [waiting(stalls, 30, file.subarray(0, 30)), waiting(stalls, 30, file.subarray(30, 60))];
  first.response.emit("drain");
  assert.equal(await first.outcome, "drained");
  const third = waiting(stalls, 20);
  assert.ok(!second.response.destroyed);
  const fourth = waiting(stalls, 1);
  assert.deepEqual([second, third, fourth].map((each) => each.response.destroyed), [true, false, false]);
  third.response.emit("drain");
  fourth.response.emit("drain");
  assert.deepEqual(await Promise.all([second, third, fourth].map((each) => each.outcome)), ["CLIENT_GONE", "drained", "drained"]);
});

test("what is left of ended answers is counted until it is gone, and what the next moment takes is not", async () => {
  const stalls = new Stalls(env, new Traffic(), 100_000, 0);
  const [first, little, second, third] = [90_000, 60_000, 90_000, 90_000].map((bytes) => new SlowResponse(bytes));
  const linger = (response: SlowResponse): void => stalls.linger(response as unknown as ServerResponse);
  for (const each of [first!, little!, second!]) linger(each);
  assert.deepEqual([first, little, second].map((each) => each!.destroyed), [true, false, false]);
  second!.emit("finish");
  await Promise.resolve();
  linger(third!);
  assert.deepEqual([little, second, third].map((each) => each!.destroyed), [false, false, false]);
});

test("a list of a folder is counted until it is read, as files from memory are", async (t) => {
  await using door = await TestDoor.open();
  door.sites.put("blog", { "folder/a": "x", small: "tiny", larger: "x".repeat(5000) });
  const { mock } = t.mock.method(Stalls.prototype, "linger");
  for (const [path, calls] of [["/folder/", 1], ["/larger", 2], ["/larger", 3], ["/small", 3]] as const) {
    await door.site("blog", path);
    assert.equal(mock.callCount(), calls, path);
  }
});
