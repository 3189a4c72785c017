import assert from "node:assert/strict";
import test from "node:test";
import { groupsOf, namespaceIdOf, shardOf } from "../cluster/index.ts";
import type { Genesis } from "../cluster/index.ts";
import type { NamespaceId } from "../codec/index.ts";
import { utf8 } from "../codec/index.ts";
import { EMPTY_CONTEXT } from "./port.ts";
import type { TestHost } from "./test-hosts.ts";
import { TestHosts, kv, settled, textOf, until } from "./test-hosts.ts";

const names = ["a", "b", "c", "d", "e"];

interface Sides {
  readonly namespace: NamespaceId;
  readonly replicas: readonly TestHost[];
  readonly others: readonly TestHost[];
}

function sides(all: TestHosts, genesis: Genesis): Sides {
  const namespace = namespaceIdOf(genesis);
  const ids = all.hosts[0]!.view().replicas(shardOf(namespace, genesis, ""), genesis.replicas);
  return { namespace, replicas: ids.map((id) => all.byId(id)), others: all.hosts.filter(({ self }) => !ids.includes(self)) };
}


test("a namespace with three replicas is on those, and on a host that follows it, and on no other", async () => {
  await using all = await TestHosts.of(...names);
  const genesis = kv(3, "three");
  const { namespace, replicas, others } = sides(all, genesis);
  const [writer, follower] = others as [TestHost, TestHost];
  await writer.records.create(genesis);
  const { safe } = await writer.put(namespace, "k", "v");
  assert.equal(safe, true);
  await until("the replicas have it", () => replicas.every((host) => host.value(namespace, "k") === "v"));
  assert.equal(follower.value(namespace, "k"), undefined);
  await follower.records.follow(namespace);
  await until("the follower has it", () => follower.value(namespace, "k") === "v");
  await writer.put(namespace, "k", null);
  await writer.put(namespace, "l", "w");
  follower.records.workers()[0]!.nudge();
  await until("the follower has the deletion and the next", () => follower.records.deleted(namespace, "k") && follower.value(namespace, "l") === "w");
  await follower.records.unfollow(namespace);
  assert.equal(follower.value(namespace, "l"), undefined);
  assert.equal(textOf(await follower.records.read(namespace, "l")), "w");
});

test("a host that keeps nothing reads and scans from the replicas, also when one of them is down, and says so when all are", async () => {
  await using all = await TestHosts.of(...names);
  const genesis = kv(3, "reading");
  const { namespace, replicas, others } = sides(all, genesis);
  const [writer, reader] = others as [TestHost, TestHost];
  await writer.records.create(genesis);
  await writer.records.write(["a/1", "a/2", "b/1"].map((key) => ({ namespace, key, value: utf8(key) })));
  await until("the replicas have all", () => replicas.every((host) => host.value(namespace, "b/1") === "b/1"));
  await settled(all, genesis);
  assert.equal(textOf(await reader.records.read(namespace, "a/1")), "a/1");
  await replicas[0]!.stop();
  assert.equal(textOf(await reader.records.read(namespace, "a/2")), "a/2");
  const page = await reader.records.scan(namespace, { prefix: "a/", limit: 1 });
  assert.deepEqual(page.entries.map(({ key }) => key), ["a/1"]);
  assert.deepEqual((await reader.records.scan(namespace, { prefix: "a/", after: page.next! })).entries.map(({ key }) => key), ["a/2"]);
  for (const host of [...replicas, writer]) await host.stop();
  await assert.rejects(reader.records.read(namespace, "a/1"), { code: "NOT_HELD" });
  await assert.rejects(reader.records.scan(namespace, {}), { code: "NOT_HELD" });
});

test("a fresh read merges what the replicas have and brings each what it lacks", async () => {
  await using all = await TestHosts.of(...names);
  const genesis = kv(3, "fresh");
  const { namespace, replicas, others } = sides(all, genesis);
  const [one, two] = replicas as [TestHost, TestHost];
  for (const host of all.hosts) await host.records.create(genesis);
  for (const host of replicas) await all.isolate(host);
  const blind = (value: string) => [{ namespace, key: "k", value: utf8(value), context: EMPTY_CONTEXT }];
  await Promise.all([one.records.write(blind("one")), two.records.write(blind("two"))]);
  const reader = others[0]!;
  for (const host of replicas) await reader.transport.connect(host.self, [all.wire.addressOf(host.self)]);
  const state = await reader.records.read(namespace, "k", { fresh: true });
  assert.equal(state?.siblings.length, 2);
  await until("all replicas have both", () => replicas.every((host) => host.records.local(namespace, "k")?.siblings.length === 2));
});

test("a namespace that is split at birth is spread over its parts' replicas and read as one", async () => {
  await using all = await TestHosts.of(...names);
  const genesis = kv(2, "split", 6);
  const namespace = namespaceIdOf(genesis);
  assert.ok(groupsOf(namespace, genesis).length > 1);
  const [writer, reader] = all.hosts as [TestHost, TestHost];
  await writer.records.create(genesis);
  const keys = Array.from({ length: 40 }, (_, at) => `key ${String(at).padStart(2, "0")}`);
  await writer.records.write(keys.map((key) => ({ namespace, key, value: utf8(key) })));
  for (const key of keys) await settled(all, genesis, key);
  await until("it has left the outbox", () => writer.records.counters()["outbox batches"] === 0);
  const first = await reader.records.scan(namespace, { limit: 25 });
  const rest = await reader.records.scan(namespace, { after: first.next! });
  assert.deepEqual([...first.entries, ...rest.entries].map(({ key }) => key), keys);
  for (const key of keys) assert.equal(textOf(await reader.records.read(namespace, key)), key);
  const held = all.hosts.map((host) => keys.filter((key) => host.value(namespace, key) !== undefined).length);
  assert.equal(held.reduce((sum, count) => sum + count, 0), keys.length * 2);
});

test("a host that comes to keep a shard answers for it only when it has caught up, and reads are right meanwhile", async () => {
  await using all = await TestHosts.of(...names);
  const genesis = kv(3, "moving");
  const { replicas } = sides(all, genesis);
  const newcomer = replicas[0]!;
  const old = all.hosts.filter((host) => host !== newcomer);
  all.admit(old);
  await newcomer.stop();
  const { namespace, replicas: before } = sides(all, genesis);
  await old[0]!.records.create(genesis);
  await old[0]!.put(namespace, "k", "v");
  await until("the replicas have it", () => before.every((host) => host.value(namespace, "k") === "v"));
  all.admit(all.hosts);
  await all.restart(newcomer);
  await newcomer.records.create(genesis);
  for (const host of all.hosts) assert.equal(textOf(await host.records.read(namespace, "k")), "v", host.name);
  await until("the newcomer has it itself", () => newcomer.value(namespace, "k") === "v");
});
