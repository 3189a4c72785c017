import assert from "node:assert/strict";
import test from "node:test";
import { isDeepStrictEqual } from "node:util";
import type { NamespaceId } from "../codec/index.ts";
import { hex, utf8 } from "../codec/index.ts";
import { MemoryLog } from "../store/index.ts";
import { contentOf, ready, rowsOf, sumsOf } from "./disk-views.ts";
import { EMPTY_CONTEXT } from "./port.ts";
import { hintKey, outboxKey, quarantineKey, rowKey, tableOf } from "./tables.ts";
import type { TestHost } from "./test-hosts.ts";
import { TestHosts, env, everywhere, everywhereId, kv, settled, textOf, until } from "./test-hosts.ts";

const EVERYTHING = { from: new Uint8Array(0), to: Uint8Array.of(255), limit: 1e6 };
const shared = kv(3, "shared");

/** Every key on a host's disk, damaged entries among them. */
function keysOn(host: TestHost): Uint8Array[] {
  const damaged: Uint8Array[] = [];
  const sound = new MemoryLog(env, host.disk).scan(EVERYTHING, (key) => damaged.push(key)).map(({ key }) => key);
  return [...sound, ...damaged];
}

/** Rows, their index and their sums are looked for damage; the rest is put right when it is needed. */
const isLookedThrough = (key: Uint8Array): boolean => "kqs".includes(tableOf(key));

function isDamaged(host: TestHost): boolean {
  return keysOn(host).some((key) => isLookedThrough(key) && host.disk.isDamaged(key));
}

async function filled(all: TestHosts): Promise<ReadonlyMap<NamespaceId, Readonly<Record<string, string>>>> {
  const [a, b] = all.hosts as [TestHost, TestHost];
  const namespaces = [await a.records.create(shared), everywhereId];
  for (const namespace of namespaces) {
    await a.records.write(Array.from({ length: 12 }, (_, at) => ({ namespace, key: `key/${at}`, value: utf8(`value ${at}`) })));
    await b.records.write(Array.from({ length: 6 }, (_, at) => ({ namespace, key: `key/${at * 2}`, value: at % 3 === 0 ? null : utf8(`new ${at}`), context: EMPTY_CONTEXT })));
  }
  await settled(all);
  await settled(all, shared);
  await ready(a, b);
  const want = new Map(namespaces.map((namespace) => [namespace, contentOf(a, namespace)]));
  await until("all have the same", () => all.hosts.every((host) => isHealed(host, want)));
  return want;
}

function isHealed(host: TestHost, want: ReadonlyMap<NamespaceId, Readonly<Record<string, string>>>): boolean {
  if (isDamaged(host)) return false;
  return [...want].every(([namespace, content]) => JSON.stringify(contentOf(host, namespace)) === JSON.stringify(content));
}

/** All that a reader on this host is told of the namespaces. */
async function told(host: TestHost, namespaces: Iterable<NamespaceId>): Promise<unknown> {
  const all: Record<string, unknown> = {};
  for (const namespace of namespaces) {
    for (let at = 0; at < 12; at += 1) all[`${namespace} key/${at}`] = textOf(await host.records.read(namespace, `key/${at}`));
    const { entries } = await host.records.scan(namespace, { prefix: "key/" });
    all[namespace] = entries.map((state) => `${state.key}=${textOf(state)}`);
  }
  return all;
}

test("an own write that nobody else has yet is not lost with its row: it is read on, lies in a row again, and is delivered", async () => {
  await using all = await TestHosts.of("a", "b");
  const [a, b] = all.hosts as [TestHost, TestHost];
  await settled(all);
  await all.isolate(a);
  await a.put(everywhereId, "mine", "v");
  a.disk.damage(rowKey(everywhereId, "mine"));
  assert.equal(a.value(everywhereId, "mine"), "v");
  await until("it lies in a row again", () => {
    for (const worker of a.records.workers()) worker.nudge();
    return !isDamaged(a) && a.disk.get(rowKey(everywhereId, "mine")) !== undefined;
  });
  await all.connect();
  await until("the other has it", () => b.value(everywhereId, "mine") === "v");
});

test("whichever entry of a host's disk is damaged, every reader is told the truth, and it heals", { timeout: 120_000 }, async () => {
  await using all = await TestHosts.of("a", "b", "c");
  const [a] = all.hosts as [TestHost];
  const want = await filled(all);
  const truth = await told(a, want.keys());
  const met = new Set<string>();
  await until("this host has asked the others", () => keysOn(a).some((key) => tableOf(key) === "p"), 20_000);
  for (const key of keysOn(a)) {
    a.disk.damage(key);
    met.add(tableOf(key));
    for (const host of all.hosts) assert.deepEqual(await told(host, want.keys()), truth, `${tableOf(key)} ${hex(key)}, read on ${host.name}`);
    if (!isLookedThrough(key)) continue;
    await a.records.check();
    await until(`${tableOf(key)} ${hex(key)} is healed`, () => isHealed(a, want) && isDeepStrictEqual(sumsOf(a).kept, sumsOf(a).counted));
  }
  assert.ok(["k", "q", "s", "n", "p", "r", "b", "c", "m"].every((table) => met.has(table)), [...met].join());
  for (const host of all.hosts) assert.deepEqual(await told(host, want.keys()), truth);
});

test("a host all of whose entries are damaged starts, and has everything back", { timeout: 60_000 }, async () => {
  await using all = await TestHosts.of("a", "b", "c");
  const [a, b] = all.hosts as [TestHost, TestHost];
  const want = await filled(all);
  const truth = await told(b, want.keys());
  const before = await a.put(everywhereId, "mine", "before");
  await until("others have it", () => all.hosts.every((host) => host.value(everywhereId, "mine") === "before"));
  await a.stop();
  for (const key of keysOn(a)) a.disk.damage(key);
  await all.restart(a);
  // Blind, on a key of which this host has forgotten its own dots.
  const after = await a.records.write([{ namespace: everywhereId, key: "mine", value: utf8("after"), context: EMPTY_CONTEXT }]);
  assert.notDeepEqual(after.dots[0]!.actor, before.dots[0]!.actor);
  await a.records.create(shared);
  for (const host of all.hosts) await until(`${host.name} has both`, () => host.value(everywhereId, "mine")?.split("|").sort().join() === "after,before");
  await settled(all, everywhere);
  await settled(all, shared);
  await a.records.check();
  await until("nothing damaged is left", () => !isDamaged(a));
  for (const host of all.hosts) assert.deepEqual(await told(host, want.keys()), truth);
  assert.ok(rowsOf(a, everywhereId).length >= 13);
});

test("an own batch and a hint that cannot be read keep no host from starting; the batch is moved aside", async () => {
  await using all = await TestHosts.of("a", "b");
  const [a] = all.hosts as [TestHost];
  await a.stop();
  const batch = outboxKey(7, 9);
  const unreadable = Uint8Array.of(1, 2, 3);
  await new MemoryLog(env, a.disk).commit([batch, hintKey(1)].map((key) => ({ kind: "put", key, value: unreadable })));
  await all.restart(a);
  await until("they are gone", () => [batch, hintKey(1)].every((key) => a.disk.get(key) === undefined));
  assert.deepEqual(a.disk.get(quarantineKey(batch)), unreadable);
  assert.equal(a.records.counters()["entries damaged"], 2);
});
