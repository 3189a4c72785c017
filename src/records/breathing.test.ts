import assert from "node:assert/strict";
import test from "node:test";
import { concatBytes } from "../codec/index.ts";
import { sha256 } from "../crypto/index.ts";
import type { Env } from "../platform/index.ts";
import { Breathing } from "../platform/index.ts";
import type { LogEntry, LogOperation, LogRange } from "../store/index.ts";
import { MemoryDisk, MemoryLog } from "../store/index.ts";
import { hostSealer } from "./batch.ts";
import { MAX_RANGES } from "./compare-messages.ts";
import { CompareServer } from "./compare-serving.ts";
import { Feed } from "./feed.ts";
import { Ranges, wireSum } from "./ranges.ts";
import { Replica } from "./replica.ts";
import { GROUPS } from "./limits.ts";
import { EMPTY_CONTEXT } from "./port.ts";
import { encodeHead, encodeRow } from "./row.ts";
import { Sum } from "./sums.ts";
import { rowKey, sequenceKey, u64 } from "./tables.ts";
import { TestHosts, env, everywhere, everywhereId, network, networkNamespace } from "./test-hosts.ts";

const ROWS = 20_000;
/** Looks at the log, and rows read, that take a millisecond of the clock by which the work is measured: as slow as no disk is. */
const LOOKS_PER_MS = 20;
const ROWS_PER_MS = 100;

/** A log on whose clock time passes only by reading it. */
class MeteredLog extends MemoryLog {
  costMs = 0;

  override get(key: Uint8Array): Uint8Array | undefined {
    this.costMs += 1 / LOOKS_PER_MS;
    return super.get(key);
  }

  override scan(range: LogRange, damaged?: (key: Uint8Array) => void): LogEntry[] {
    const entries = super.scan(range, damaged);
    this.costMs += 1 / LOOKS_PER_MS + entries.length / ROWS_PER_MS;
    return entries;
  }
}

const keyAt = (at: number): string => `key ${String(at).padStart(6, "0")}`;

const ROW_ENTRIES = Array.from({ length: ROWS }, (_, at): LogOperation => {
  const key = rowKey(everywhereId, keyAt(at));
  return { kind: "put", key, value: concatBytes(Uint8Array.of(1), u64(at + 1), sha256(key).subarray(0, 16), new Uint8Array(100)) };
});

/** Changes of another namespace of the group, and behind them one of this. */
const FOREIGN_CHANGES = Array.from({ length: ROWS + 1 }, (_, at): LogOperation => {
  const head = { namespace: at < ROWS ? networkNamespace : everywhereId, tag: new Uint8Array(16), key: keyAt(at) };
  return { kind: "put", key: sequenceKey(GROUPS - 1, at + 1), value: encodeHead(head) };
});

/** The row of the last of these changes. */
function rowOfLast(): LogOperation {
  const [host] = new TestHosts(["a"]).hosts;
  const actor = { host: host!.self, incarnation: 1 };
  const body = { namespace: everywhereId, key: keyAt(ROWS), dot: { actor, counter: 1 }, context: EMPTY_CONTEXT, value: new Uint8Array(1), wallMs: 0, author: null };
  return { kind: "put", key: rowKey(everywhereId, keyAt(ROWS)), value: encodeRow(ROWS + 1, hostSealer(host!.key, network)(actor, 1, [body], null)) };
}

/** A replica with many entries, and the most that was done between two turns of all others. */
async function metered(operations: readonly LogOperation[]): Promise<{ readonly replica: Replica; readonly env: Env; readonly longestMs: () => number }> {
  const host = new TestHosts(["a"]).hosts[0]!;
  const disk = new MemoryDisk(env.random);
  const log = new MeteredLog(env, disk);
  await log.commit(operations);
  let [since, longest] = [0, 0];
  const sleep: Env["timers"]["sleep"] = async (ms, signal) => {
    longest = Math.max(longest, log.costMs - since);
    await env.timers.sleep(ms, signal);
    since = log.costMs;
  };
  const slow: Env = { ...env, clock: { ...env.clock, monotonicMs: () => log.costMs }, timers: { ...env.timers, sleep, after: (ms, then) => env.timers.after(ms, then) } };
  const replica = await Replica.open(env, { log, cluster: host.view(), network, seal: hostSealer(host.key, network), delegation: () => undefined });
  await replica.know(everywhereId, everywhere);
  replica.isCounted = true;
  since = log.costMs;
  return { replica, env: slow, longestMs: () => Math.max(longest, log.costMs - since) };
}

/** Four milliseconds, and the step in which they pass. */
const LONGEST_MS = 8;

test("looking through many small ranges lets others have their turns, as looking through a large one does", async () => {
  for (const size of [3, 40, ROWS]) {
    const { replica, env, longestMs } = await metered(ROW_ENTRIES);
    const ranges = new Ranges(replica);
    const breathing = new Breathing(env);
    let count = 0;
    for (let at = 0; at < ROWS; at += size) {
      const sum = await ranges.sum({ namespace: everywhereId, group: GROUPS - 1 }, { from: keyAt(at), to: at + size < ROWS ? keyAt(at + size) : null }, breathing);
      count += sum.count;
    }
    assert.equal(count, ROWS);
    assert.ok(longestMs() < LONGEST_MS, `ranges of ${size} rows: ${longestMs()} ms`);
  }
});

test("answering a peer that compares lets others have their turns", async () => {
  const { replica, env, longestMs } = await metered(ROW_ENTRIES);
  const server = new CompareServer({ env, replica, ranges: new Ranges(replica), differs: () => {} });
  const { self } = replica.holdings;
  const { signal } = new AbortController();
  const nothing = wireSum(new Sum());
  const ranges = Array.from({ length: MAX_RANGES }, (_, at) => ({ from: keyAt(at * 30), to: keyAt(at * 30 + 30), ...nothing }));
  const answer = await server.compare({ namespace: everywhereId, group: GROUPS - 1, ranges }, self, signal);
  assert.equal(answer.ranges.length, MAX_RANGES);
  const groups = Array.from({ length: GROUPS }, (_, group) => ({ group, scope: { rank: 0, followed: [] } }));
  await server.sums({ groups }, self, signal);
  assert.ok(longestMs() < LONGEST_MS, `${longestMs()} ms`);
});

test("a feed of a quiet namespace lets others have their turns while it passes over what its group holds of others, and ends in the midst of that when it is cancelled", async () => {
  const { replica, env: slow, longestMs } = await metered([...FOREIGN_CHANGES, rowOfLast()]);
  const read = async (controller: AbortController): Promise<string[]> => {
    const keys: string[] = [];
    for await (const { state } of new Feed(slow, replica, everywhereId, everywhere, undefined).run(controller.signal)) {
      keys.push(state.key);
      controller.abort();
    }
    return keys;
  };
  assert.deepEqual(await read(new AbortController()), [keyAt(ROWS)]);
  assert.ok(longestMs() < LONGEST_MS, `${longestMs()} ms`);
  const soon = new AbortController();
  env.timers.after(0, () => soon.abort());
  assert.deepEqual(await read(soon), []);
});
