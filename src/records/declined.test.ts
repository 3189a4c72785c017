import assert from "node:assert/strict";
import test from "node:test";
import { namespaceIdOf, shardOf } from "../cluster/index.ts";
import type { HostId, NamespaceId } from "../codec/index.ts";
import { idFromBytes, utf8 } from "../codec/index.ts";
import { sha256 } from "../crypto/index.ts";
import type { Proven } from "./batch.ts";
import { Delivery } from "./delivery.ts";
import type { DeliveryItem } from "./delivery.ts";
import { EMPTY_CONTEXT } from "./port.ts";
import { rowKey } from "./tables.ts";
import type { TestHost, TestHosts } from "./test-hosts.ts";
import { everywhereId, kv, settled, textOf } from "./test-hosts.ts";
import { hostsOf, isKept, working } from "./test-rounds.ts";

// What becomes of a round of deletions while a record waits in an outbox that hosts refuse for good.

interface Cast {
  readonly namespace: NamespaceId;
  readonly targets: readonly TestHost[];
  /** Who is none of them. */
  readonly writer: TestHost;
  /** From now on everybody takes everything. */
  readonly relent: () => void;
}

/** A namespace of three replicas among four hosts. @param refuses whether one of the replicas' rules, counted from 0, do not let it keep a key's version */
async function refusing(all: TestHosts, refuses: (at: number, key: string, isDeletion: boolean) => boolean): Promise<Cast> {
  const genesis = kv(3, "refused");
  const namespace = namespaceIdOf(genesis);
  const targets = all.list(shardOf(namespace, genesis, "k")).slice(0, genesis.replicas).map((id) => all.byId(id));
  for (const host of all.hosts) await host.records.create(genesis);
  await settled(all, genesis, "k");
  const judges = targets.map((host, at) => ({ host, at, judge: host.judge }));
  for (const { host, at, judge } of judges) {
    host.judge = (record, of) => (of.type === "kv" && refuses(at, record.key, record.value === null) ? { kind: "refuse", code: "UNKNOWN_KIND", why: "so says the test" } : judge(record, of));
  }
  const relent = (): void => judges.forEach(({ host, judge }) => (host.judge = judge));
  return { namespace, targets, writer: all.hosts.find((host) => !targets.includes(host))!, relent };
}

const isThere = (host: TestHost, namespace: NamespaceId, key: string): boolean => host.disk.get(rowKey(namespace, key)) !== undefined;

/** Writes something, deletes it, and waits until its deletion has been collected. */
async function aRound(all: TestHosts, key: string): Promise<void> {
  const [host] = all.hosts as [TestHost];
  await host.put(everywhereId, key, "v");
  await host.put(everywhereId, key, null);
  await working(`the deletion of ${key} is collected`, all.hosts, () => !all.hosts.some((each) => isKept(each, key)));
}

test("deletions go although a host refuses a record for good, and it is not sent to that host afterwards", async () => {
  await using all = await hostsOf("a", "b", "c", "d");
  const { namespace, targets, writer, relent } = await refusing(all, (at, key) => at === 0 && key === "k");
  const [strict, other] = targets as [TestHost, TestHost];
  await writer.put(namespace, "k", "v");
  await other.put(namespace, "k", null);
  await working("the deletion is collected where it was", all.hosts, () => !all.hosts.some((host) => isThere(host, namespace, "k")));
  assert.equal(writer.records.counters()["let go, refused by others"], 1);
  relent();
  await writer.put(namespace, "later", "v");
  await strict.records.compareWith(other.self);
  assert.ok(!all.hosts.some((host) => isThere(host, namespace, "k")));
});

test("rounds go on beside a record that lies in no row and that all who should have it refuse; it waits, is read where it waits, and is taken by whoever changes its mind", async () => {
  await using all = await hostsOf("a", "b", "c", "d");
  const { namespace, targets, writer, relent } = await refusing(all, (_at, key) => key === "k");
  const { copies, safe } = await writer.put(namespace, "k", "v");
  assert.deepEqual([copies, safe], [1, false]);
  await aRound(all, "one");
  await aRound(all, "two");
  assert.equal(textOf(await writer.records.read(namespace, "k")), "v");
  relent();
  await working("all have it", all.hosts, () => targets.every((host) => host.value(namespace, "k") === "v"));
});

test("a record that all have refused does not come back when its deletion, which they took, has been collected", async () => {
  await using all = await hostsOf("a", "b", "c", "d");
  const { namespace, writer, relent } = await refusing(all, (_at, key, isDeletion) => key === "k" && !isDeletion);
  assert.equal((await writer.put(namespace, "k", "v")).copies, 1);
  await writer.put(namespace, "k", null);
  await working("the deletion is collected", all.hosts, () => (writer.records.counters()["floors raised"] ?? 0) > 0 && !all.hosts.some((host) => isThere(host, namespace, "k")));
  relent();
  await working("the writer keeps nothing back", all.hosts, () => writer.records.counters()["outbox batches"] === 0);
  assert.ok(!all.hosts.some((host) => isThere(host, namespace, "k")));
});

test("of a batch that hosts refuse, what lies in a row is let go, and what lies in none waits on over a restart", async () => {
  await using all = await hostsOf("a", "b", "c", "d");
  const { namespace, targets, writer, relent } = await refusing(all, (at, key) => key === "k" || (key === "l" && at === 0));
  await writer.records.write(["k", "l"].map((key) => ({ namespace, key, value: utf8("v"), context: EMPTY_CONTEXT })));
  await targets[1]!.put(namespace, "l", null);
  await aRound(all, "gone");
  await working("the deletion in the batch's namespace is collected too", all.hosts, () => !all.hosts.some((host) => isThere(host, namespace, "l")));
  await writer.stop();
  await all.restart(writer);
  relent();
  await working("all have what waited", all.hosts, () => targets.every((host) => host.value(namespace, "k") === "v") && writer.records.counters()["outbox batches"] === 0);
  assert.ok(!all.hosts.some((host) => isThere(host, namespace, "l")));
});

const hosts = ["one", "two", "three"].map((name) => idFromBytes<HostId>(sha256(utf8(name))));

function deliveryOfOne(): { readonly delivery: Delivery; readonly item: DeliveryItem } {
  const record = { dot: { actor: { host: hosts[0]!, incarnation: 1 }, counter: 1 }, batch: 1, sealed: { seal: new Uint8Array(1), index: 0, path: [], leaf: new Uint8Array(1) } } as unknown as Proven;
  const item: DeliveryItem = { at: 0, record, group: 3, genesis: kv(3, "one record"), isApplied: false, sequence: 0 };
  return { delivery: new Delivery([item]), item };
}

test("a record lies nowhere only when each who should have it has refused it in answer to a question since then", () => {
  const { delivery, item } = deliveryOfOne();
  const [one, two, three] = hosts as [HostId, HostId, HostId];
  assert.ok(!delivery.isNowhere(item, hosts, 0), "nobody was asked");
  assert.ok(!delivery.isNowhere(item, [], 0), "there is nobody to ask");
  for (const peer of [one, two]) delivery.declined(peer, [item], 10);
  assert.ok(!delivery.isNowhere(item, hosts, 0), "one was not asked");
  delivery.declined(three, [item], 5);
  assert.ok(delivery.isNowhere(item, hosts, 5));
  assert.ok(!delivery.isNowhere(item, hosts, 6), "one was asked too early: it may have what superseded it by now");
  delivery.declined(three, [item], 12);
  assert.ok(delivery.isNowhere(item, hosts, 6));
  delivery.acknowledged(two, [item]);
  assert.ok(!delivery.isNowhere(item, hosts, 0), "one has it, or what superseded it");
  item.isApplied = true;
  assert.ok(!delivery.isNowhere(item, [one, three], 0), "it lies in a row here");
});
