import assert from "node:assert/strict";
import test from "node:test";
import { namespaceIdOf, shardOf } from "../cluster/index.ts";
import { utf8 } from "../codec/index.ts";
import { EMPTY_CONTEXT } from "./port.ts";
import { TestHosts, env, everywhereId, kv, textOf, until } from "./test-hosts.ts";

test("a write is on all hosts as soon as it is answered, or soon after", async () => {
  await using all = await TestHosts.of("a", "b", "c");
  const [a, b, c] = all.hosts as [TestHosts["hosts"][0], TestHosts["hosts"][0], TestHosts["hosts"][0]];
  const result = await a.put(everywhereId, "greeting", "hello");
  assert.equal(result.safe, true);
  assert.ok(result.copies >= 2);
  await until("all have it", () => all.hosts.every((host) => host.value(everywhereId, "greeting") === "hello"));
  await b.put(everywhereId, "greeting", "hello from b");
  await until("all have the new one and not the old", () => all.hosts.every((host) => host.value(everywhereId, "greeting") === "hello from b"));
  await c.put(everywhereId, "greeting", null);
  await until("it is deleted everywhere", () => all.hosts.every((host) => host.value(everywhereId, "greeting") === undefined && host.records.deleted(everywhereId, "greeting")));
  assert.deepEqual(a.records.localScan(everywhereId, {}).entries, []);
});

test("concurrent writes stay beside each other in one order on all hosts, until one who has read them writes", async () => {
  await using all = await TestHosts.of("a", "b", "c");
  const [a, b] = all.hosts;
  const blind = (value: string) => [{ namespace: everywhereId, key: "k", value: utf8(value), context: EMPTY_CONTEXT }];
  await Promise.all([a!.records.write(blind("one")), b!.records.write(blind("two"))]);
  await until("all have both", () => all.hosts.every((host) => host.value(everywhereId, "k")?.length === 7));
  assert.equal(new Set(all.hosts.map((host) => host.value(everywhereId, "k"))).size, 1);
  await a!.put(everywhereId, "k", "both");
  await until("one is left", () => all.hosts.every((host) => host.value(everywhereId, "k") === "both"));
});

test("writes that come at once share a batch and keep their order", async () => {
  await using all = await TestHosts.of("a", "b");
  const a = all.hosts[0]!;
  const results = await Promise.all(Array.from({ length: 50 }, (_, at) => a.put(everywhereId, "count", String(at))));
  assert.deepEqual(results.map(({ dots }) => dots[0]!.counter), Array.from({ length: 50 }, (_, at) => at + 1));
  assert.equal(a.value(everywhereId, "count"), "49");
  // One more when the host has told the others meanwhile that it is ready.
  assert.ok((await a.records.honouredOf(a.self))[0]!.batch <= 2);
  await until("b has the last", () => all.hosts[1]!.value(everywhereId, "count") === "49");
});

test("a cut-off host answers within moments that a write is not safe, and brings it later", async () => {
  await using all = await TestHosts.of("a", "b", "c");
  const a = all.hosts[0]!;
  await all.isolate(a);
  const begunMs = env.clock.monotonicMs();
  const result = await a.put(everywhereId, "alone", "still here");
  assert.ok(env.clock.monotonicMs() - begunMs < 1500);
  assert.deepEqual({ copies: result.copies, safe: result.safe }, { copies: 1, safe: false });
  assert.equal(a.value(everywhereId, "alone"), "still here");
  await all.connect();
  await until("the others have it", () => all.hosts.every((host) => host.value(everywhereId, "alone") === "still here"));
});

test("a write that asks for more durable copies than usual waits for them, and is not safe with fewer", async () => {
  await using all = await TestHosts.of("a", "b", "c", "d");
  const [a, , , d] = all.hosts;
  const write = [{ namespace: everywhereId, key: "k", value: utf8("v") }];
  const full = await a!.records.write(write, { copies: 4 });
  assert.deepEqual({ copies: full.copies, safe: full.safe }, { copies: 4, safe: true });
  // No more than there are hosts for it can be asked for.
  assert.equal((await a!.records.write(write, { copies: 9 })).safe, true);
  await all.isolate(d!);
  const short = await a!.records.write(write, { copies: 4 });
  assert.deepEqual({ copies: short.copies, safe: short.safe }, { copies: 3, safe: false });
  assert.equal((await a!.records.write(write, { copies: 3 })).safe, true);
});

test("a host that accepts and then hangs delays a write by two seconds at most, and no other host", async () => {
  await using all = await TestHosts.of("a", "b");
  const [a, b] = all.hosts;
  all.wire.paths.cut(a!.self, b!.self);
  const begunMs = env.clock.monotonicMs();
  const result = await a!.put(everywhereId, "k", "v");
  const tookMs = env.clock.monotonicMs() - begunMs;
  assert.ok(tookMs < 3000, `${tookMs} ms`);
  assert.equal(result.safe, false);
});

test("a network of one host is safe by itself, and says so", async () => {
  await using all = await TestHosts.of("a");
  const { copies, safe } = await all.hosts[0]!.put(everywhereId, "k", "v");
  assert.deepEqual({ copies, safe }, { copies: 1, safe: true });
});

test("a host that was away gets what it missed, deletions included, and nothing that was there before", async () => {
  await using all = await TestHosts.of("a", "b", "c");
  const [a, b, c] = all.hosts;
  await a!.records.write(Array.from({ length: 400 }, (_, at) => ({ namespace: everywhereId, key: `old ${at}`, value: utf8("x") })));
  await until("c has all", () => c!.records.localScan(everywhereId, { limit: 1000 }).entries.length === 400);
  c!.records.workers()[0]!.nudge();
  await until("c knows how far it came with both", () => (c!.records.counters()["heads compared"] ?? 0) >= 800);
  await c!.stop();
  await a!.put(everywhereId, "old 7", null);
  await b!.put(everywhereId, "new", "from b");
  await a!.put(everywhereId, "old 8", "changed");
  await all.restart(c!);
  await until("c has caught up", () => c!.value(everywhereId, "new") === "from b" && c!.records.deleted(everywhereId, "old 7") && c!.value(everywhereId, "old 8") === "changed");
  assert.equal(c!.value(everywhereId, "old 7"), undefined);
  c!.records.workers()[0]!.nudge();
  await until("c has asked both", () => (c!.records.counters()["heads compared"] ?? 0) >= 6);
  assert.ok((c!.records.counters()["heads compared"] ?? 0) <= 12, "only what changed is compared");
  assert.ok((c!.records.counters()["records fetched"] ?? 0) <= 6, "and less is fetched");
});

test("the outbox survives a restart and is delivered then", async () => {
  await using all = await TestHosts.of("a", "b", "c");
  const [a] = all.hosts;
  const genesis = kv(2, "outbox");
  const namespace = namespaceIdOf(genesis);
  const replicas = a!.view().replicas(shardOf(namespace, genesis, ""), 2);
  const writer = all.hosts.find(({ self }) => !replicas.includes(self))!;
  await writer.records.create(genesis);
  await all.isolate(writer);
  const result = await writer.put(namespace, "k", "kept");
  assert.equal(result.safe, false);
  assert.equal(writer.value(namespace, "k"), "kept", "the outbox overlays reads");
  assert.equal(writer.records.localScan(namespace, {}).entries.length, 1);
  await writer.stop();
  await writer.start();
  assert.equal(writer.value(namespace, "k"), "kept");
  await all.connect();
  await until("its replicas have it", () => replicas.every((id) => all.byId(id).value(namespace, "k") === "kept"));
  await until("the outbox is empty", () => writer.records.counters()["outbox batches"] === 0);
  assert.equal(writer.value(namespace, "k"), undefined, "a host that is no replica keeps no copy");
  assert.equal(textOf(await writer.records.read(namespace, "k")), "kept");
});
