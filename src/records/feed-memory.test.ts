import assert from "node:assert/strict";
import test from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { namespaceIdOf } from "../cluster/index.ts";
import type { Change } from "./port.ts";
import type { TestHost } from "./test-hosts.ts";
import { TestHosts, env, kv, until } from "./test-hosts.ts";

/** The full number in the soak. */
const CHANGES = process.env["HOLDFAST_SIZE"] === "1" ? 100_000 : 20_000;
const BATCH = 1000;
/** Divides the number of changes. */
const KEYS = 4000;
const VALUE_BYTES = 3000;
/** By then every key has been written several times, and what the host itself holds grows no more. */
const STEADY = 10_000;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

async function heldBytes({ records }: TestHost): Promise<number> {
  await until("the outbox is empty", () => records.counters()["outbox batches"] === 0);
  let least = Infinity;
  // Memory outside the heap is given back by another thread, in its own time: what is held is what stays.
  for (let round = 0; round < 5; round += 1) {
    collect();
    await env.timers.sleep(20);
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    least = Math.min(least, heapUsed + arrayBuffers);
  }
  return least;
}

test("a reader that takes a change now and then costs no memory while they come by the ten thousand, and then sees what every key has become", { timeout: 120_000 }, async (t) => {
  await using all = await TestHosts.of("a");
  const [a] = all.hosts as [TestHost];
  const genesis = kv(1, "slow");
  const namespace = namespaceIdOf(genesis);
  await a.records.create(genesis);
  const stop = new AbortController();
  const feed = a.records.changes(namespace, undefined, stop.signal)[Symbol.asyncIterator]();
  const known = new Map<string, number>();
  const take = async (): Promise<void> => {
    const { state } = ((await feed.next()) as { value: Change }).value;
    known.set(state.key, stamp(state.siblings[0]!.value!));
  };
  let steadyBytes = 0;
  for (let at = 0; at < CHANGES; at += BATCH) {
    await a.records.write(Array.from({ length: BATCH }, (_, each) => ({ namespace, key: `k${(at + each) % KEYS}`, value: valueOf(at + each) })));
    await take();
    // Workers, which are started by timers, have their turn too.
    await env.timers.sleep(0);
    if (at + BATCH === STEADY) steadyBytes = await heldBytes(a);
  }
  const grownBytes = (await heldBytes(a)) - steadyBytes;
  const wanted = new Map(Array.from({ length: KEYS }, (_, key) => [`k${key}`, CHANGES - KEYS + key]));
  let late = 0;
  for (; [...wanted].some(([key, value]) => known.get(key) !== value); late += 1) await take();
  stop.abort();
  t.diagnostic(`${Math.round((grownBytes / 1e6) * 10) / 10} MB more after ${CHANGES - STEADY} changes of ${VALUE_BYTES} bytes that nobody took; ${late} changes for ${KEYS} keys afterwards`);
  assert.ok(grownBytes < ((CHANGES - STEADY) * VALUE_BYTES) / 3, `${grownBytes} bytes`);
  assert.ok(late <= KEYS + 256, "a key that has changed often since comes once");
});

function valueOf(number: number): Uint8Array {
  const bytes = new Uint8Array(VALUE_BYTES);
  new DataView(bytes.buffer).setUint32(0, number);
  return bytes;
}

function stamp(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
}
