import assert from "node:assert/strict";
import test from "node:test";
import type { Genesis } from "../cluster/index.ts";
import { namespaceIdOf, shardOf } from "../cluster/index.ts";
import type { HostId, NamespaceId } from "../codec/index.ts";
import { idFromBytes, utf8 } from "../codec/index.ts";
import { sha256 } from "../crypto/index.ts";
import type { Amounts } from "./amounts.ts";
import { kvRulesCodec } from "./amounts.ts";
import { contentOf } from "./disk-views.ts";
import type { TestHost } from "./test-hosts.ts";
import { TestHosts, everywhereId, kv, until } from "./test-hosts.ts";

const LARGE = "x".repeat(2000);

function limited(replicas: number, limits: Partial<Amounts>): Genesis {
  const rules = kvRulesCodec.encode({ name: "limited", writers: "member", limits: { maxValueBytes: 4096, maxBytes: null, writesPerSecond: null, ...limits } });
  return { ...kv(replicas, "limited"), rules };
}

/** Writes until the namespace takes no more. @returns how many it took */
async function fill(host: TestHost, namespace: NamespaceId): Promise<number> {
  for (let at = 0; ; at += 1) {
    const full = await host.put(namespace, `key ${at}`, LARGE).then(() => undefined, (error: Error & { readonly code?: string }) => error);
    if (full === undefined) continue;
    assert.equal(full.code, "REFUSED");
    assert.match(full.message, /NAMESPACE_FULL/);
    return at;
  }
}

function sides(all: TestHosts, genesis: Genesis): { readonly replicas: readonly TestHost[]; readonly other: TestHost } {
  const ids = all.hosts[0]!.view().replicas(shardOf(namespaceIdOf(genesis), genesis, ""), genesis.replicas);
  return { replicas: ids.map((id) => all.byId(id)), other: all.hosts.find(({ self }) => !ids.includes(self))! };
}

test("a full namespace takes no more from its own hosts, but overwriting and deleting, and then again what there is room for", async () => {
  await using all = await TestHosts.of("a", "b");
  const [a, b] = all.hosts as [TestHost, TestHost];
  const namespace = await a.records.create(limited(2, { maxBytes: 20_000 }));
  const count = await fill(a, namespace);
  assert.ok(count >= 6 && count <= 10, `${count} writes`);
  await until("b has all", () => b.value(namespace, `key ${count - 1}`) === LARGE);
  await assert.rejects(b.put(namespace, "another", LARGE), /NAMESPACE_FULL/);
  await a.put(namespace, "key 0", "y".repeat(2000));
  await a.put(namespace, "key 1", null);
  await a.put(namespace, "again", LARGE);
  assert.ok(a.records.counters()["refused NAMESPACE_FULL"]! >= 1);
});

test("a write that the replicas have no room for is told to its writer, and leaves the outbox and what is read here", async () => {
  await using all = await TestHosts.of("a", "b", "c");
  const genesis = limited(2, { maxBytes: 20_000 });
  const { replicas, other } = sides(all, genesis);
  const namespace = await other.records.create(genesis);
  const count = await fill(other, namespace);
  assert.equal(other.value(namespace, `key ${count}`), undefined);
  await until("the outbox is empty", () => other.records.counters()["outbox batches"] === 0);
  for (const host of replicas) assert.equal(host.value(namespace, `key ${count}`), undefined);
  assert.equal(other.records.counters()["given up NAMESPACE_FULL"], 1);
});

test("what one replica took all replicas take by catching up, however much it is", async () => {
  await using all = await TestHosts.of("a", "b");
  const [a, b] = all.hosts as [TestHost, TestHost];
  const genesis = limited(2, { maxBytes: 20_000 });
  const namespace = await a.records.create(genesis);
  await b.records.create(genesis);
  await all.isolate(b);
  await fill(a, namespace);
  for (let at = 0; at < 6; at += 1) await b.put(namespace, `other ${at}`, LARGE);
  await all.connect();
  await until("both have everything", () => [a, b].every((host) => Object.keys(contentOf(host, namespace)).length >= 12));
  await until("both have the same", () => JSON.stringify(contentOf(a, namespace)) === JSON.stringify(contentOf(b, namespace)));
});

test("who writes too fast is told so by a host that keeps the namespace, and waits for the replicas where none of it is here", async () => {
  await using all = await TestHosts.of("a", "b", "c");
  const genesis = limited(2, { writesPerSecond: 1 });
  const { replicas, other } = sides(all, genesis);
  const [own] = replicas as [TestHost];
  const namespace = await other.records.create(genesis);
  await own.records.create(genesis);
  const write = (host: TestHost, at: number): Promise<unknown> => host.put(namespace, `${host.name} ${at}`, "v");
  await assert.rejects(Promise.all(Array.from({ length: 30 }, (_, at) => write(own, at))), /TOO_FAST/);
  await Promise.all(Array.from({ length: 30 }, (_, at) => write(other, at)));
  assert.ok(other.records.counters()["outbox batches"]! > 0);
  assert.ok(replicas.some((host) => host.records.counters()["refused TOO_FAST"]! > 0));
  assert.equal(other.value(namespace, "never written"), undefined);
});

test("a namespace that is written too fast costs writes into others no copies", async () => {
  await using all = await TestHosts.of("a", "b", "c", "d");
  const genesis = limited(3, { writesPerSecond: 1 });
  const { replicas, other } = sides(all, genesis);
  const namespace = await other.records.create(genesis);
  await Promise.all(Array.from({ length: 15 }, (_, at) => other.put(namespace, `key ${at}`, "v")));
  assert.ok(replicas.every((host) => host.records.counters()["refused TOO_FAST"]! > 0));
  const { copies, safe } = await other.put(everywhereId, "key", "v");
  assert.ok(safe && copies >= 2, `${copies} copies`);
});

test("a call that does not fit into a batch with others is counted once, by the rate that holds where it is taken", async () => {
  await using all = await TestHosts.of("a");
  const [a] = all.hosts as [TestHost];
  const namespace = await a.records.create(limited(2, { writesPerSecond: 6 }));
  const actors = Array.from({ length: 2000 }, (_, at) => ({ host: idFromBytes<HostId>(sha256(utf8(`${at}`))), incarnation: 1 }));
  const context = actors.sort((one, other) => (one.host < other.host ? -1 : 1)).map((actor) => ({ actor, upTo: 1, extra: [] }));
  const writes = Array.from({ length: 30 }, (_, at) => ({ namespace, key: `${at}`, value: utf8("v") }));
  for (const at of [0, 15]) await a.records.write(writes.slice(at, at + 15).map((write) => ({ ...write, context })));
  // Both take all that there is for the first ten seconds, but for what has come since.
  await Promise.all([a.records.write(writes.slice(0, 10)), a.records.write(writes.slice(10))]);
});

test("what the rules refuse of a host's own writes is counted by its code", async () => {
  await using all = await TestHosts.of("a");
  const [a] = all.hosts as [TestHost];
  const { judge } = a;
  a.judge = (record, genesis) => (record.key === "bad" ? { kind: "refuse", code: "TOO_BAD", why: "so says the test" } : judge(record, genesis));
  for (let times = 0; times < 2; times += 1) await assert.rejects(a.put(everywhereId, "bad", "v"), /"bad" may not be written \(TOO_BAD\): so says the test/);
  await a.put(everywhereId, "good", "v");
  assert.equal(a.records.counters()["refused TOO_BAD"], 2);
});
