import assert from "node:assert/strict";
import test from "node:test";
import { EVERYWHERE, namespaceIdOf, shardOf } from "../cluster/index.ts";
import type { Genesis } from "../cluster/index.ts";
import { readyKeyOf } from "./marks.ts";
import type { TestHost } from "./test-hosts.ts";
import { TestHosts, kv, networkNamespace, settled, textOf, until } from "./test-hosts.ts";

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
