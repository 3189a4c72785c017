import assert from "node:assert/strict";
import test from "node:test";
import { namespaceIdOf, shardOf } from "../cluster/index.ts";
import type { NamespaceId } from "../codec/index.ts";
import { hex, utf8 } from "../codec/index.ts";
import { MemoryLog } from "../store/index.ts";
import type { Change } from "./port.ts";
import { readHead } from "./row.ts";
import { rowKey, table } from "./tables.ts";
import type { TestHost } from "./test-hosts.ts";
import { TestHosts, env, everywhereId, kv, settled, textOf, until } from "./test-hosts.ts";

interface Reading {
  readonly changes: Change[];
  readonly keys: () => string[];
  stop(): Promise<void>;
}

function listen(host: TestHost, position?: string): Reading {
  const controller = new AbortController();
  const changes: Change[] = [];
  const reading = (async () => {
    for await (const change of host.records.changes(everywhereId, position, controller.signal)) changes.push(change);
  })();
  return {
    changes,
    keys: () => changes.map(({ state }) => state.key),
    async stop() {
      controller.abort();
      await reading;
    },
  };
}

test("the feed gives what there is and then what comes, deletions included, and goes on after a restart", async () => {
  await using all = await TestHosts.of("a", "b");
  const [a, b] = all.hosts as [TestHost, TestHost];
  await a.put(everywhereId, "one", "1");
  await a.put(everywhereId, "two", "2");
  const first = listen(a);
  await until("what is there has come", () => first.keys().length === 2);
  await b.put(everywhereId, "three", "3");
  await a.put(everywhereId, "one", null);
  await until("what came has come", () => first.keys().length === 4);
  assert.deepEqual(first.keys(), ["one", "two", "three", "one"]);
  assert.equal(textOf(first.changes[3]!.state), "");
  await first.stop();
  const { position } = first.changes[2]!;
  await a.stop();
  await all.restart(a);
  const second = listen(a, position);
  await until("only what is behind the position comes", () => second.keys().length === 1);
  assert.deepEqual(second.keys(), ["one"]);
  await second.stop();
});

test("a change whose entry in the index the disk has damaged comes when the disk has been checked", async () => {
  await using all = await TestHosts.of("a", "b");
  const [a] = all.hosts as [TestHost];
  for (const key of ["one", "two", "three"]) await a.put(everywhereId, key, "v");
  const isOfTwo = (value: Uint8Array): boolean => readHead(value)?.key === "two";
  const entry = new MemoryLog(env, a.disk).scan(table("q")).find(({ value }) => isOfTwo(value))!;
  a.disk.damage(entry.key);
  const reading = listen(a);
  await until("the others have come", () => reading.keys().includes("three"));
  await until("it has come too", () => reading.keys().includes("two"));
  await reading.stop();
});

test("a row that the disk has damaged is not shown as deleted, and comes when others have brought it", async () => {
  await using all = await TestHosts.of("a", "b");
  const [a, b] = all.hosts as [TestHost, TestHost];
  for (const key of ["one", "two", "three"]) await a.put(everywhereId, key, "v");
  await until("b has all", () => ["one", "two", "three"].every((key) => b.value(everywhereId, key) === "v"));
  a.disk.damage(rowKey(everywhereId, "two"));
  const reading = listen(a);
  await until("it has come", () => reading.keys().includes("two"));
  await reading.stop();
  assert.deepEqual(reading.changes.map(({ state }) => [state.key, textOf(state)]), [["one", "v"], ["three", "v"], ["two", "v"]]);
});

test("a row of which nothing counts any more is shown once, as a key that has gone, and what comes behind it is shown too", async () => {
  await using all = await TestHosts.of("a", "b", "x");
  const [a, b, x] = all.hosts as [TestHost, TestHost, TestHost];
  await x.put(everywhereId, "late", "v");
  await until("a has it", () => a.value(everywhereId, "late") === "v");
  all.admit([a, b]);
  // Without b no round ends, and the row stays.
  for (const host of [b, x]) await host.stop();
  a.excludes = [{ host: x.self, author: null, honoured: [] }];
  for (const worker of a.records.workers()) worker.nudge();
  await until("it counts no more", () => a.value(everywhereId, "late") === undefined);
  await a.put(everywhereId, "next", "v");
  const reading = listen(a);
  await until("both have come", () => reading.keys().includes("next"));
  await reading.stop();
  assert.deepEqual(reading.changes.map(({ state }) => [state.key, state.siblings.length]), [["late", 0], ["next", 1]]);
});

test("a row that could not be read for a moment is shown as soon as it can be", async () => {
  await using all = await TestHosts.of("a");
  const [a] = all.hosts as [TestHost];
  for (const key of ["one", "two", "three"]) await a.put(everywhereId, key, "v");
  let failures = 0;
  a.disk.isDamaged = (key) => hex(key) === hex(rowKey(everywhereId, "two")) && failures++ === 0;
  const reading = listen(a);
  await until("it has come", () => reading.keys().includes("two"));
  await reading.stop();
  assert.ok(failures > 0);
  assert.deepEqual(reading.changes.map(({ state }) => [state.key, textOf(state)]), [["one", "v"], ["three", "v"], ["two", "v"]]);
});

test("a position goes on at another replica from that one's own entry, and misses nothing", async () => {
  await using all = await TestHosts.of("a", "b");
  const [a, b] = all.hosts as [TestHost, TestHost];
  for (let at = 0; at < 20; at += 1) await (at % 2 === 0 ? a : b).put(everywhereId, `k${at}`, "x");
  const first = listen(a);
  await until("all have come", () => new Set(first.keys()).size === 20);
  // Until a has asked b how far it is, a position says nothing of b and b would begin anew. Whoever comes back is asked at once.
  await all.isolate(b);
  await all.connect();
  await until("a has compared with b", () => (a.records.counters()["heads compared"] ?? 0) >= 20);
  await a.put(everywhereId, "mark", "x");
  await until("the mark has come", () => first.keys().includes("mark"));
  await a.put(everywhereId, "last", "x");
  await until("the last has come", () => first.keys().includes("last"));
  await first.stop();
  const { position } = first.changes.at(-1)!;
  await all.isolate(a);
  await b.put(everywhereId, "only b", "x");
  const second = listen(b, position);
  await until("b's own has come", () => second.keys().includes("only b"));
  assert.ok(second.keys().length < 12, `${second.keys().length} repeated`);
  await second.stop();
});

test("a position that is none is refused, and a host that keeps no copy has no feed", async () => {
  await using all = await TestHosts.of("a", "b", "c");
  const [a] = all.hosts as [TestHost];
  await assert.rejects(a.records.changes(everywhereId, "!", new AbortController().signal)[Symbol.asyncIterator]().next(), { code: "BAD_POSITION" });
  await assert.rejects(a.records.changes(everywhereId, "AAAA", new AbortController().signal)[Symbol.asyncIterator]().next(), { code: "BAD_POSITION" });
  const genesis = kv(1, "feed");
  const namespace = namespaceIdOf(genesis);
  const replica = a.view().replicas(shardOf(namespace, genesis, ""), 1)[0]!;
  const other = all.hosts.find(({ self }) => self !== replica)!;
  await other.records.create(genesis);
  await assert.rejects(other.records.changes(namespace, undefined, new AbortController().signal)[Symbol.asyncIterator]().next(), { code: "NOT_HELD" });
});

test("who has been at a host that was behind is shown again what the others had shown before", async () => {
  await using all = await TestHosts.of("a", "b");
  const [a, b] = all.hosts as [TestHost, TestHost];
  await a.put(everywhereId, "k", "old");
  await until("b has the old value", () => b.value(everywhereId, "k") === "old");
  await all.isolate(b);
  await a.put(everywhereId, "k", "new");
  const atA = listen(a);
  await until("a shows the new value", () => atA.changes.length === 1);
  await atA.stop();
  const atB = listen(b, atA.changes[0]!.position);
  await until("b shows the old value", () => atB.changes.length === 1);
  await atB.stop();
  assert.equal(textOf(atB.changes[0]!.state), "old");
  const again = listen(a, atB.changes[0]!.position);
  await until("a shows the new value again", () => again.changes.some(({ state }) => textOf(state) === "new"));
  await again.stop();
});

/** A reader, in the middle of a page, of what its host follows. */
async function readFollowed(all: TestHosts): Promise<{ readonly follower: TestHost; readonly namespace: NamespaceId; readonly changes: AsyncIterator<Change>; readonly first: Change }> {
  const genesis = kv(1, "followed");
  const namespace = namespaceIdOf(genesis);
  for (const host of all.hosts) await host.records.create(genesis);
  await settled(all, genesis);
  const [keeper, follower] = all.list(shardOf(namespace, genesis, "")).map((id) => all.byId(id)) as [TestHost, TestHost];
  await keeper.records.write(Array.from({ length: 50 }, (_, at) => ({ namespace, key: `k${at}`, value: utf8("v") })));
  await follower.records.follow(namespace);
  await until("the follower has all", () => follower.value(namespace, "k49") === "v");
  const changes = follower.records.changes(namespace, undefined, new AbortController().signal)[Symbol.asyncIterator]();
  return { follower, namespace, changes, first: (await changes.next()).value as Change };
}

test("who reads on while the copy is given up is told so, and of no deletions", async () => {
  await using all = await TestHosts.of("a", "b");
  const { follower, namespace, changes, first } = await readFollowed(all);
  await follower.records.unfollow(namespace);
  await assert.rejects(changes.next(), { code: "NOT_HELD" });
  assert.equal(first.state.siblings.length, 1);
});

test("who reads on while the copy is given up and kept again is told of all of it once it has come, and of no deletions", async () => {
  await using all = await TestHosts.of("a", "b");
  const { follower, namespace, changes } = await readFollowed(all);
  await follower.records.unfollow(namespace);
  await follower.records.follow(namespace);
  const told: Change[] = [];
  while (told.length < 50) told.push((await changes.next()).value as Change);
  await changes.return!();
  assert.deepEqual(new Set(told.map(({ state }) => textOf(state))), new Set(["v"]));
  assert.equal(new Set(told.map(({ state }) => state.key)).size, 50);
});
