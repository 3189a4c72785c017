import assert from "node:assert/strict";
import test from "node:test";
import { namespaceIdOf, shardOf } from "../cluster/index.ts";
import type { NamespaceId } from "../codec/index.ts";
import { utf8 } from "../codec/index.ts";
import { MemoryLog } from "../store/index.ts";
import { floorStateCodec } from "./floor.ts";
import { endOf, metaKey, rowKey } from "./tables.ts";
import type { TestHost } from "./test-hosts.ts";
import { TestHosts, env, kv, settled, until } from "./test-hosts.ts";

const KEYS = 450;

const rowsOn = (host: TestHost, namespace: NamespaceId): number => host.disk.scan({ from: rowKey(namespace, ""), to: endOf(rowKey(namespace, "")) }, () => {}).length;

/** A namespace that one host should keep and another follows, which has all of it. */
async function followed(all: TestHosts): Promise<{ readonly namespace: NamespaceId; readonly follower: TestHost }> {
  const genesis = kv(1, "followed");
  const namespace = namespaceIdOf(genesis);
  for (const host of all.hosts) await host.records.create(genesis);
  await settled(all, genesis);
  const [keeper, follower] = all.list(shardOf(namespace, genesis, "")).map((id) => all.byId(id)) as [TestHost, TestHost];
  await keeper.records.write(Array.from({ length: KEYS }, (_, at) => ({ namespace, key: `key ${at.toString(2)}`, value: utf8("v") })));
  await follower.records.follow(namespace);
  await until("the follower has all", () => {
    follower.records.workers()[0]!.nudge();
    return rowsOn(follower, namespace) === KEYS;
  });
  return { namespace, follower };
}

const deletions = (host: TestHost): ReturnType<TestHost["records"]["workers"]>[number] => host.records.workers().find((worker) => worker.status().name === "deletions")!;

test("a copy that was given up on a disk that became full goes when there is room again, and is no longer in the way of rounds", async () => {
  await using all = await TestHosts.of("a", "b");
  const { namespace, follower } = await followed(all);
  follower.disk.syncMs = 15;
  const given = follower.records.unfollow(namespace).catch((error: unknown) => error);
  await until("a part of it is gone", () => rowsOn(follower, namespace) < KEYS);
  follower.disk.isFull = true;
  assert.equal((await given as { code?: string }).code, "LOG_FULL");
  assert.ok(rowsOn(follower, namespace) > 0);
  follower.disk.isFull = false;
  await until("all of it is gone", () => {
    deletions(follower).nudge();
    return rowsOn(follower, namespace) === 0;
  });
  assert.equal(follower.records.follows(namespace), false);
});

test("a copy that is given up on a full disk is kept, and can be given up later", async () => {
  await using all = await TestHosts.of("a", "b");
  const { namespace, follower } = await followed(all);
  follower.disk.isFull = true;
  await assert.rejects(follower.records.unfollow(namespace), { code: "LOG_FULL" });
  follower.disk.isFull = false;
  assert.deepEqual([follower.records.follows(namespace), follower.records.keeps(namespace)], [true, true]);
  await follower.records.unfollow(namespace);
  assert.deepEqual([follower.records.follows(namespace), follower.records.keeps(namespace), rowsOn(follower, namespace)], [false, false, 0]);
});

test("who follows again what is being given up follows it, also when a round of the deletions has the copy wait", async () => {
  await using all = await TestHosts.of("a", "b");
  const { namespace, follower } = await followed(all);
  await all.isolate(follower);
  await follower.stop();
  const between = { floor: 0, set: 0, hosts: [], mark: 0, raisedMs: 0, begun: 1, begunMark: 0, done: 1, sets: [{ name: 7, hosts: [] }], isNewcomer: false, reached: 0 };
  await new MemoryLog(env, follower.disk).commit([{ kind: "put", key: metaKey("floor"), value: floorStateCodec.encode(between) }]);
  await follower.start();
  assert.equal(follower.records.follows(namespace), true);
  follower.disk.syncMs = 15;
  const given = follower.records.unfollow(namespace);
  await until("a part of it is gone", () => rowsOn(follower, namespace) < KEYS);
  await follower.records.follow(namespace);
  await given;
  assert.deepEqual([follower.records.follows(namespace), follower.records.keeps(namespace)], [true, false], "it waits");
});

test("what a follower wrote while nobody was in reach is read on when it follows no more, and delivered", async () => {
  await using all = await TestHosts.of("a", "b");
  const { namespace, follower } = await followed(all);
  const keeper = all.hosts.find((host) => host !== follower)!;
  await all.isolate(follower);
  await follower.put(namespace, "mine", "v");
  await follower.records.unfollow(namespace);
  assert.equal(rowsOn(follower, namespace), 0);
  assert.equal(follower.value(namespace, "mine"), "v");
  await all.connect();
  await until("the keeper has it", () => {
    for (const worker of follower.records.workers()) worker.nudge();
    return keeper.value(namespace, "mine") === "v" && follower.records.counters()["outbox batches"] === 0;
  });
});

test("who gives a copy up while it and another begin has given it up", async () => {
  await using all = await TestHosts.of("a");
  const [a] = all.hosts as [TestHost];
  const [first, second] = await Promise.all(["first", "second"].map((nonce) => a.records.create(kv(1, nonce)))) as [NamespaceId, NamespaceId];
  a.disk.syncMs = 15;
  const both = Promise.all([a.records.follow(first), a.records.follow(second)]);
  await until("they begin", () => a.records.follows(second));
  await a.records.unfollow(second);
  await both;
  assert.deepEqual([first, second].map((namespace) => a.records.follows(namespace)), [true, false]);
});
