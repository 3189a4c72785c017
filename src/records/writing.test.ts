import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import type { HostId, NamespaceId } from "../codec/index.ts";
import { idFromBytes, utf8 } from "../codec/index.ts";
import { newSeed, sha256 } from "../crypto/index.ts";
import { MemoryDisk, MemoryLog, SqliteLog } from "../store/index.ts";
import type { RecordLog } from "../store/index.ts";
import { hostSealer } from "./batch.ts";
import { MAX_BATCH_RECORDS, MAX_VALUE_BYTES } from "./limits.ts";
import { EMPTY_CONTEXT } from "./port.ts";
import { Replica } from "./replica.ts";
import type { TestHost } from "./test-hosts.ts";
import { TestHosts, env, everywhere, everywhereId, kv, network, settled, until } from "./test-hosts.ts";

const write = (key: string, value: Uint8Array | null = utf8("v")) => ({ namespace: everywhereId, key, value });

test("writes beyond the bounds, to unknown namespaces or in nobody's name are refused and take nothing", async () => {
  await using all = await TestHosts.of("a");
  const { records } = all.hosts[0]!;
  const unknown = idFromBytes<NamespaceId>(newSeed());
  await assert.rejects(records.write([write("")]), { code: "TOO_LARGE" });
  await assert.rejects(records.write([write("k".repeat(1025))]), { code: "TOO_LARGE" });
  await assert.rejects(records.write([write("\uD800")]), { code: "TOO_LARGE" });
  await assert.rejects(records.write([write("k", new Uint8Array(MAX_VALUE_BYTES + 1))]), { code: "TOO_LARGE" });
  await assert.rejects(records.write(Array.from({ length: MAX_BATCH_RECORDS + 1 }, (_, at) => write(`${at}`))), { code: "TOO_LARGE" });
  await assert.rejects(records.write([write("fine"), { ...write("k"), namespace: unknown }]), { code: "UNKNOWN_NAMESPACE" });
  await assert.rejects(records.write([{ ...write("k"), context: [{ actor: { host: all.hosts[0]!.self, incarnation: 1 }, upTo: 0, extra: [] }] }]), { code: "BAD_RECORD" });
  await assert.rejects(records.read(unknown, "k"), { code: "UNKNOWN_NAMESPACE" });
  assert.deepEqual(records.localScan(everywhereId, {}).entries, []);
  assert.deepEqual((await records.write([write("fine")])).dots.map(({ counter }) => counter), [1]);
});

test("the largest batch and the largest value reach another host", async () => {
  await using all = await TestHosts.of("a", "b");
  const [a, b] = all.hosts as [TestHost, TestHost];
  await a.records.write(Array.from({ length: MAX_BATCH_RECORDS }, (_, at) => write(`${at}`)));
  await a.records.write(Array.from({ length: 6 }, (_, at) => write(`large ${at}`, new Uint8Array(MAX_VALUE_BYTES))));
  await until("b has all", () => b.records.local(everywhereId, "large 5") !== undefined && b.records.local(everywhereId, `${MAX_BATCH_RECORDS - 1}`) !== undefined);
});

test("a write is refused when what its keys were read as makes it too much for a batch, and goes into one of its own when it is too much for one with others", async () => {
  await using all = await TestHosts.of("a");
  const [a] = all.hosts as [TestHost];
  const actors = Array.from({ length: 2000 }, (_, at) => ({ host: idFromBytes<HostId>(sha256(utf8(`${at}`))), incarnation: 1 }));
  const context = actors.sort((one, other) => (one.host < other.host ? -1 : 1)).map((actor) => ({ actor, upTo: 1, extra: [] }));
  const keys = Array.from({ length: 30 }, (_, at) => `${at}`);
  for (const at of [0, 15]) await a.records.write(keys.slice(at, at + 15).map((key) => ({ ...write(key), context })));
  await assert.rejects(a.records.write(keys.map((key) => write(key))), { code: "TOO_LARGE" });
  const [few, many] = await Promise.all([keys.slice(0, 10), keys.slice(10)].map((some) => a.records.write(some.map((key) => write(key)))));
  assert.deepEqual([few!.dots.length, many!.dots.length], [10, 20]);
  await a.stop();
  await all.restart(a);
  assert.equal(a.records.local(everywhereId, "29")?.siblings[0]?.dot.counter, 2);
});

test("calls at one moment into more namespaces than a batch spans are all taken, and one call into so many is refused", async () => {
  await using all = await TestHosts.of("a");
  const [a] = all.hosts as [TestHost];
  const writes = await Promise.all(Array.from({ length: 80 }, async (_, at) => ({ namespace: await a.records.create(kv(3, `n${at}`)), key: "k", value: utf8("v") })));
  await Promise.all(writes.map((write) => a.records.write([write])));
  assert.ok(writes.every(({ namespace }) => a.value(namespace, "k") === "v"));
  await assert.rejects(a.records.write(writes.slice(0, 65)), { code: "TOO_LARGE" });
  await a.records.write(writes.slice(0, 64));
});

test("a key that is written blindly again and again is stopped before it outgrows its row", async () => {
  await using all = await TestHosts.of("a");
  const { records } = all.hosts[0]!;
  const blind = () => records.write([{ ...write("k"), context: EMPTY_CONTEXT }]);
  const results = await Promise.allSettled(Array.from({ length: 80 }, blind));
  assert.equal(results.filter(({ status }) => status === "fulfilled").length, 64);
  await assert.rejects(blind(), { code: "TOO_LARGE" });
  await records.write([write("k", utf8("all of them"))]);
  assert.equal(records.local(everywhereId, "k")?.siblings.length, 1);
});

test("large values that are written blindly are stopped while hosts that know nothing of them still find room, and none waits for ever", async () => {
  await using all = await TestHosts.of("a", "b");
  await settled(all);
  const [a, b] = all.hosts as [TestHost, TestHost];
  const large = (by: TestHost) => by.records.write([{ ...write("k", new Uint8Array(MAX_VALUE_BYTES).fill(1)), context: EMPTY_CONTEXT }]);
  await all.isolate(a);
  for (const host of [a, b]) {
    for (let at = 0; at < 3; at += 1) await large(host);
    await assert.rejects(large(host), { code: "TOO_LARGE", message: /Read it and write with the context/ });
  }
  await all.connect();
  await until("all have all and nothing waits", () => all.hosts.every(({ records }) => records.local(everywhereId, "k")?.siblings.length === 6 && records.counters()["outbox batches"] === 0));
  await assert.rejects(large(a), { code: "TOO_LARGE" });
  await b.records.write([{ ...write("k", utf8("all of them")), context: b.records.local(everywhereId, "k")!.context }]);
  await until("it is written", () => a.value(everywhereId, "k") === "all of them");
});

test("large values blindly written to one key in one call are counted together", async () => {
  await using all = await TestHosts.of("a");
  const { records } = all.hosts[0]!;
  const large = (count: number) => records.write(Array.from({ length: count }, () => ({ ...write("k", new Uint8Array(MAX_VALUE_BYTES)), context: EMPTY_CONTEXT })));
  await assert.rejects(large(4), { code: "TOO_LARGE" });
  await large(3);
  assert.equal(records.local(everywhereId, "k")?.siblings.length, 3);
});

async function openReplica(host: TestHost, log: RecordLog): Promise<Replica> {
  const replica = await Replica.open(env, { log, cluster: host.view(), network, seal: hostSealer(host.key, network), delegation: () => undefined });
  await replica.know(everywhereId, everywhere);
  return replica;
}

test("writing in a person's name needs their delegation, writing as the host does not", async () => {
  const replica = await openReplica(new TestHosts(["a"]).hosts[0]!, new MemoryLog(env, new MemoryDisk(env.random)));
  await assert.rejects(replica.write([write("k")], "account"), { code: "NOT_DELEGATED" });
  await replica.write([write("k")], "host");
  assert.equal(replica.rows.siblings(everywhereId, "k")[0]?.body.author, null);
  await replica.close();
  await assert.rejects(replica.write([write("k")], "host"), { code: "CLOSED" });
});

test("a write whose commit fails is rejected and not shown, and no later one is taken for it", async () => {
  const disk = new MemoryDisk(env.random);
  const host = new TestHosts(["a"]).hosts[0]!;
  const replica = await openReplica(host, new MemoryLog(env, disk));
  await replica.write([write("k", utf8("one"))], "host");
  disk.isFull = true;
  await assert.rejects(replica.write([write("k", utf8("lost"))], "host"), { code: "LOG_FULL" });
  assert.deepEqual(replica.rows.siblings(everywhereId, "k").map(({ dot }) => dot.counter), [1]);
  disk.isFull = false;
  const { dots } = await replica.write([write("k", utf8("two"))], "host");
  assert.equal(dots[0]!.counter, 2, "the dot of what was never written is free");
  disk.failNextSync();
  await assert.rejects(replica.write([write("k", utf8("in doubt"))], "host"), { code: "LOG_BROKEN" });
  disk.crash();
  const again = await openReplica(host, new MemoryLog(env, disk));
  assert.deepEqual(again.rows.siblings(everywhereId, "k").map(({ body }) => body.value), [utf8("two")]);
});

test("everything that was answered is there after the real log was closed and opened again", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-records-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const host = new TestHosts(["a"]).hosts[0]!;
  for (let round = 0; round < 3; round += 1) {
    const log = await SqliteLog.open(env, join(folder, "records.db"));
    const replica = await openReplica(host, log);
    await Promise.all(Array.from({ length: 50 }, (_, at) => replica.write([write(`key ${at}`, utf8(`${round}`)), write(`only ${round} ${at}`)], "host")));
    assert.equal(replica.rows.page(everywhereId, { prefix: "key " }, 100).keys.length, 50);
    assert.equal(replica.rows.page(everywhereId, {}, 1000).keys.length, 50 * (2 + round));
    assert.ok(replica.rows.page(everywhereId, { prefix: "key " }, 100).keys.every(({ siblings }) => siblings.length === 1));
    await replica.close();
    await log.close();
  }
});
