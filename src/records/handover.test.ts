import assert from "node:assert/strict";
import test from "node:test";
import { EVERYWHERE, namespaceIdOf, shardOf } from "../cluster/index.ts";
import type { Genesis } from "../cluster/index.ts";
import { readyKeyOf } from "./marks.ts";
import type { NamespaceId } from "../codec/index.ts";
import { utf8 } from "../codec/index.ts";
import type { Worker } from "../platform/index.ts";
import type { TestHost } from "./test-hosts.ts";
import { TestHosts, kv, networkNamespace, settled, textOf, until } from "./test-hosts.ts";

/** What moves records from host to host. */
const HURRIED = ["catch-up", "outbox", "handover"];

const names = ["a", "b", "c", "d", "e"];

/** A kv namespace whose replicas among these hosts are so that the first host is one of them, or is not. */
function kvWhere(all: TestHosts, replicas: number, isFirstTarget: boolean): { readonly genesis: Genesis; readonly targets: readonly TestHost[]; readonly group: number } {
  for (let at = 0; ; at += 1) {
    const genesis = kv(replicas, `where ${at}`);
    const group = shardOf(namespaceIdOf(genesis), genesis, "");
    const targets = all.hosts[0]!.view().replicas(group, replicas).map((id) => all.byId(id));
    if (targets.includes(all.hosts[0]!) === isFirstTarget) return { genesis, targets, group };
  }
}

interface Move {
  readonly all: TestHosts;
  readonly genesis: Genesis;
  readonly namespace: NamespaceId;
  readonly newcomer: TestHost;
  /** Those there were before the newcomer, best first: the last of the first three has to give its place up. */
  readonly before: readonly TestHost[];
  readonly leaver: TestHost;
}

/** Hosts of which one is not there yet, and a namespace of three replicas of which it is going to be one. */
async function move(...names: readonly string[]): Promise<Move> {
  const all = new TestHosts(names);
  const { genesis, group } = kvWhere(all, 3, true);
  const newcomer = all.hosts[0]!;
  const old = all.hosts.filter((host) => host !== newcomer);
  all.admit(old);
  for (const host of old) await host.start();
  await all.connect();
  for (const host of old) await host.records.create(genesis);
  await settled(all, genesis);
  const before = old[0]!.view().preferenceList(group).map((id) => all.byId(id));
  return { all, genesis, namespace: namespaceIdOf(genesis), newcomer, before, leaver: before[2]! };
}

async function join({ all, genesis, newcomer }: Move): Promise<void> {
  all.admit(all.hosts);
  await newcomer.start();
  await newcomer.records.create(genesis);
  await all.connect();
}

const rowsOf = (host: TestHost, namespace: NamespaceId): number => host.records.localScan(namespace, {}).entries.length;
const handover = (host: TestHost): Worker => host.records.workers().find((worker) => worker.status().name === "handover")!;

/** Waits, and has all hosts work meanwhile without the pauses that they make in earnest. */
async function eventually(all: TestHosts, what: string, isTrue: () => boolean): Promise<void> {
  await until(what, () => {
    const workers = all.hosts.filter(({ isUp }) => isUp).flatMap((host) => host.records.workers()).map((worker) => ({ worker, status: worker.status() }));
    for (const { worker, status } of workers) if (status.state === "idle" && HURRIED.includes(status.name)) worker.nudge();
    return isTrue();
  }, 60_000);
}

/** Waits for some turns of the host's catching up. */
async function turned(host: TestHost): Promise<void> {
  const worker = host.records.workers()[0]!;
  const { runs } = worker.status();
  await until(`${host.name} has had its turns`, () => {
    worker.nudge();
    return worker.status().runs > runs + 3;
  });
}

test("a host that founds a network is ready at once, and who joins is when it has caught up with it", async () => {
  const all = new TestHosts(["a", "b"]);
  await using _ = all;
  const [a, b] = all.hosts as [TestHost, TestHost];
  all.admit([a]);
  await a.start();
  await until("the founder says that it is ready", () => a.publishedRank(a, EVERYWHERE) === 0 && a.publishedRank(a, 7) === 0);
  all.admit(all.hosts);
  await b.start();
  await all.connect();
  await settled(all);
  await until("b is ready for its rank of each shard", () => a.publishedRank(b, 7) <= 1);
});

test("a newcomer is ready only after catching up with a majority of those who were ready, and until then reads ask those", async () => {
  await using all = await TestHosts.of(...names);
  const [newcomer, ...old] = all.hosts as [TestHost, ...TestHost[]];
  const { genesis, group } = kvWhere(all, 3, true);
  const namespace = namespaceIdOf(genesis);
  all.admit(old);
  await newcomer.stop();
  newcomer.disk.wipe();
  await old[0]!.records.create(genesis);
  await old[0]!.put(namespace, "k", "v");
  await settled(all, genesis);
  const before = old[0]!.view().replicas(group, 3).map((id) => all.byId(id));
  all.admit(all.hosts);
  // It reaches one of the three that are ready: that is no majority.
  await newcomer.start();
  const [one, two] = before as [TestHost, TestHost, TestHost];
  await newcomer.transport.connect(one.self, [all.wire.addressOf(one.self)]);
  await until("it has what that one has", () => newcomer.value(namespace, "k") === "v");
  await turned(newcomer);
  assert.ok(newcomer.publishedRank(newcomer, group) >= 3);
  assert.equal((await newcomer.records.read(namespace, "k"))?.isPartial, undefined);
  await newcomer.transport.connect(two.self, [all.wire.addressOf(two.self)]);
  await until("it is ready", () => {
    newcomer.records.workers()[0]!.nudge();
    return newcomer.publishedRank(newcomer, group) < 3;
  });
  assert.equal(textOf(await newcomer.records.read(namespace, "k")), "v");
});

test("a read says when none of those who are ready has answered", async () => {
  await using all = await TestHosts.of(...names);
  const { genesis, targets } = kvWhere(all, 2, false);
  const namespace = namespaceIdOf(genesis);
  const [reader] = all.hosts as [TestHost];
  await reader.records.create(genesis);
  await reader.put(namespace, "k", "v");
  await settled(all, genesis);
  assert.equal((await reader.records.read(namespace, "k"))?.isPartial, undefined);
  assert.equal(await reader.records.read(namespace, "l"), undefined);
  for (const host of targets) await host.stop();
  const state = await reader.records.read(namespace, "l");
  assert.deepEqual({ siblings: state?.siblings.length, isPartial: state?.isPartial }, { siblings: 0, isPartial: true });
  assert.equal((await reader.records.scan(namespace, {})).isPartial, true);
});

test("a store that was restored from a backup is ready for nothing until it has caught up again", async () => {
  await using all = await TestHosts.of("a", "b", "c");
  const [a, b, c] = all.hosts as [TestHost, TestHost, TestHost];
  const { genesis, group } = kvWhere(all, 3, true);
  const namespace = namespaceIdOf(genesis);
  await b.records.create(genesis);
  await b.put(namespace, "k", "1");
  await settled(all, genesis);
  await until("a has it", () => a.value(namespace, "k") === "1");
  await a.stop();
  const backup = a.disk.image();
  await all.restart(a);
  await a.put(namespace, "k", "2");
  await until("the others have caught up with a", () => [b, c].every((host) => host.value(namespace, "k") === "2"));
  await turned(b);
  await a.stop();
  a.disk.restore(backup);
  await all.restart(a);
  await until("a has withdrawn", () => {
    for (const host of all.hosts) host.records.workers()[0]!.nudge();
    const { "set back": seen = 0, "met itself": met = 0 } = a.records.counters();
    return seen + met > 0;
  });
  await until("a has what it had acknowledged", () => a.value(namespace, "k") === "2");
  await settled(all, genesis);
  assert.ok(a.publishedRank(a, group) < 3);
  assert.notEqual(a.records.local(networkNamespace, readyKeyOf(a.self)), undefined);
});

test("a host whose place another has taken gives its copy up when all who should have it have it, and not before", async () => {
  const moved = await move(...names);
  const { all, namespace, newcomer, before, leaver } = moved;
  await using _ = all;
  const [first] = before as [TestHost];
  for (let at = 0; at < 20; at += 1) await first.put(namespace, `k${at}`, "v");
  await until("the leaver has all", () => rowsOf(leaver, namespace) === 20);
  await first.stop();
  await join(moved);
  await eventually(all, "the newcomer has all", () => rowsOf(newcomer, namespace) === 20);
  const { runs } = handover(leaver).status();
  await eventually(all, "the leaver has thought about it", () => handover(leaver).status().runs > runs + 2);
  assert.equal(rowsOf(leaver, namespace), 20, "one of those who should have it is down");
  await newcomer.put(namespace, "late", "v");
  assert.equal(leaver.value(namespace, "late"), "v", "it is written to as long as it is read");
  await all.restart(first);
  await eventually(all, "the leaver has none", () => rowsOf(leaver, namespace) === 0);
  for (const host of [newcomer, first, before[1]!]) assert.equal(rowsOf(host, namespace), 21, host.name);
  assert.equal(textOf(await leaver.records.read(namespace, "late")), "v");
});

test("a feed on a host that gives its copy up ends with an error, so that its reader goes on elsewhere", async () => {
  const moved = await move("a", "b", "c", "d");
  const { all, namespace, leaver } = moved;
  await using _ = all;
  await leaver.put(namespace, "k", "v");
  const ended = (async () => {
    for await (const { state } of leaver.records.changes(namespace, undefined, new AbortController().signal)) assert.equal(state.key, "k");
  })();
  const rejected = assert.rejects(ended, { code: "NOT_HELD" });
  await join(moved);
  await eventually(all, "the leaver has none", () => rowsOf(leaver, namespace) === 0);
  await rejected;
});

test("a crash in the middle of giving up loses nothing, and the rest is given up after it", async () => {
  const moved = await move("a", "b", "c", "d");
  const { all, namespace, newcomer, before, leaver } = moved;
  await using _ = all;
  const keys = Array.from({ length: 450 }, (_each, at) => `key ${at}`);
  await before[0]!.records.write(keys.map((key) => ({ namespace, key, value: utf8(key) })));
  await until("the leaver has all", () => rowsOf(leaver, namespace) === 450);
  await join(moved);
  leaver.disk.syncMs = 10;
  await eventually(all, "a part of it is gone", () => (leaver.records.counters()["records handed over"] ?? 0) > 0);
  await leaver.stop();
  await leaver.start();
  assert.ok(rowsOf(leaver, namespace) > 0 && rowsOf(leaver, namespace) < 450, "the crash came in the middle");
  await all.connect();
  await eventually(all, "the rest is gone", () => rowsOf(leaver, namespace) === 0);
  for (const host of [newcomer, before[0]!, before[1]!]) assert.equal(rowsOf(host, namespace), 450, host.name);
});

test("no acknowledged record is lost while hosts join and leave, and in the end each is on its replicas alone", async () => {
  await using all = await TestHosts.of("a", "b", "c", "d", "e", "f");
  const genesis = kv(3, "restless");
  const namespace = namespaceIdOf(genesis);
  for (const host of all.hosts) await host.records.create(genesis);
  const group = shardOf(namespace, genesis, "");
  const list = all.hosts[0]!.view().preferenceList(group).map((id) => all.byId(id));
  const written: string[] = [];
  for (let round = 0; round < 6; round += 1) {
    all.admit(all.hosts.filter((host) => host !== list[round % 3]));
    for (const writer of all.hosts.filter(({ self }) => all.members().includes(self))) {
      const key = `${round} ${writer.name}`;
      await writer.put(namespace, key, "v");
      written.push(key);
    }
    for (const host of all.hosts) for (const worker of host.records.workers()) worker.nudge();
  }
  all.admit(all.hosts);
  const [replicas, others] = [list.slice(0, 3), list.slice(3)];
  await eventually(all, "the replicas have all, and the others nothing", () => replicas.every((host) => rowsOf(host, namespace) === written.length) && others.every((host) => rowsOf(host, namespace) === 0));
  for (const host of replicas) assert.deepEqual(written.filter((key) => host.value(namespace, key) !== "v"), [], host.name);
});

test("a write without a context on a host that keeps no copy replaces what the replicas have, and stands beside it when none answers", async () => {
  await using all = await TestHosts.of(...names);
  const { genesis, targets } = kvWhere(all, 3, false);
  const namespace = namespaceIdOf(genesis);
  const [stranger] = all.hosts as [TestHost];
  for (const host of all.hosts) await host.records.create(genesis);
  await targets[0]!.put(namespace, "k", "1");
  await settled(all, genesis);
  await stranger.put(namespace, "k", "2");
  await until("the replicas have the second alone", () => targets.every((host) => host.value(namespace, "k") === "2"));
  await until("nothing of it waits here", () => stranger.records.counters()["outbox batches"] === 0);
  await all.isolate(stranger);
  await stranger.put(namespace, "k", "3");
  await all.connect();
  await until("the replicas have both", () => targets.every((host) => host.records.local(namespace, "k")?.siblings.length === 2));
});
