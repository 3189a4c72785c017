import assert from "node:assert/strict";
import test from "node:test";
import { utf8 } from "../codec/index.ts";
import { machineEnv, silentLog } from "../platform/index.ts";
import { commitUntilBroken, put, recordLogContract } from "./log.contract.ts";
import { MemoryDisk } from "./memory-disk.ts";
import { MemoryLog } from "./memory-log.ts";

const env = machineEnv(silentLog);

for (const [what, check] of Object.entries(recordLogContract)) {
  test(`in memory, ${what}`, async () => {
    const disk = new MemoryDisk(env.random);
    let log = new MemoryLog(env, disk);
    const reopen = async (): Promise<MemoryLog> => {
      await log.close();
      return (log = new MemoryLog(env, disk));
    };
    const damage = async (key: string): Promise<MemoryLog> => {
      disk.damage(utf8(key));
      return log;
    };
    await check({ log, reopen, damage });
    await log.close();
  });
}

test("a crash loses what was not synced, and nothing that was acknowledged", async () => {
  const disk = new MemoryDisk(env.random);
  const log = new MemoryLog(env, disk);
  await log.commit([put("a", "1")]);
  const lost = assert.rejects(log.commit([put("b", "2")]), { code: "LOG_BROKEN" });
  disk.crash();
  await lost;
  assert.throws(() => log.get(utf8("a")), { code: "LOG_BROKEN" });
  const next = new MemoryLog(env, disk);
  assert.equal(next.storeId, log.storeId);
  assert.deepEqual(next.get(utf8("a")), utf8("1"));
  assert.equal(next.get(utf8("b")), undefined);
});

test("a crash that tears keeps the first of the unsynced commits, each whole", async () => {
  const disk = new MemoryDisk(env.random);
  const log = new MemoryLog(env, disk);
  const lost = ["1", "2", "3"].map((n) => assert.rejects(log.commit([put(`a${n}`, n), put(`b${n}`, n)]), { code: "LOG_BROKEN" }));
  assert.equal(disk.unsyncedCommits, 3);
  disk.crash(2);
  await Promise.all(lost);
  const keys = new MemoryLog(env, disk).scan({ from: utf8("a"), to: utf8("c") }).map(({ key }) => Buffer.from(key).toString());
  assert.deepEqual(keys, ["a1", "a2", "b1", "b2"]);
});

test("a failed sync breaks the log, and leaves its commit in doubt until the crash", async () => {
  for (const [kept, expected] of [[0, undefined], [1, utf8("?")]] as const) {
    const disk = new MemoryDisk(env.random);
    const log = new MemoryLog(env, disk);
    await log.commit([put("a", "1")]);
    disk.failNextSync();
    await assert.rejects(log.commit([put("doubt", "?")]), { code: "LOG_BROKEN" });
    assert.equal(log.get(utf8("doubt")), undefined);
    disk.crash(kept);
    const next = new MemoryLog(env, disk);
    assert.deepEqual(next.get(utf8("doubt")), expected);
    await next.commit([put("b", "2")]);
    assert.deepEqual(next.get(utf8("b")), utf8("2"));
  }
});

test("a log in memory stays broken after a failed sync", async () => {
  const disk = new MemoryDisk(env.random);
  const log = new MemoryLog(env, disk);
  await log.commit([put("until/0", new Uint8Array(65_536)), put("until", "0")]);
  const commit = log.commit.bind(log);
  let calls = 0;
  log.commit = (operations) => {
    if (++calls === 3) disk.failNextSync();
    return commit(operations);
  };
  assert.equal(await commitUntilBroken(log), 2);
});

test("a full disk refuses commits only while it is full", async () => {
  const disk = new MemoryDisk(env.random);
  const log = new MemoryLog(env, disk);
  disk.isFull = true;
  await assert.rejects(log.commit([put("a", "1")]), { code: "LOG_FULL" });
  disk.isFull = false;
  await log.commit([put("a", "2")]);
  assert.deepEqual(log.get(utf8("a")), utf8("2"));
});

test("a slow sync holds its group back, and what comes meanwhile waits for the next", async () => {
  const disk = new MemoryDisk(env.random);
  const log = new MemoryLog(env, disk);
  disk.syncMs = 5;
  const order: string[] = [];
  const first = log.commit([put("a", "1")]).then(() => order.push("first"));
  await env.timers.sleep(1);
  const second = log.commit([put("b", "2")]).then(() => order.push("second"));
  await first;
  assert.deepEqual(order, ["first"]);
  assert.equal(log.get(utf8("b")), undefined);
  await second;
  assert.deepEqual(log.get(utf8("b")), utf8("2"));
});

test("a wiped disk has another id and nothing on it", async () => {
  const disk = new MemoryDisk(env.random);
  const log = new MemoryLog(env, disk);
  await log.commit([put("a", "1")]);
  disk.wipe();
  const next = new MemoryLog(env, disk);
  assert.notEqual(next.storeId, log.storeId);
  assert.equal(next.get(utf8("a")), undefined);
});

test("a restored backup has the old id and the old entries", async () => {
  const disk = new MemoryDisk(env.random);
  const log = new MemoryLog(env, disk);
  await log.commit([put("a", "old")]);
  const image = disk.image();
  await log.commit([put("a", "new"), put("b", "new")]);
  disk.restore(image);
  const next = new MemoryLog(env, disk);
  assert.equal(next.storeId, log.storeId);
  assert.deepEqual(next.get(utf8("a")), utf8("old"));
  await next.commit([put("a", "newer")]);
  assert.deepEqual(image.entries.get(utf8("a")), utf8("old"));
});
