import assert from "node:assert/strict";
import test from "node:test";
import { namespaceIdOf, shardOf } from "../cluster/index.ts";
import type { NamespaceId } from "../codec/index.ts";
import { MAX_VALUE_BYTES } from "./limits.ts";
import type { TestHost } from "./test-hosts.ts";
import { TestHosts, env, kv, until } from "./test-hosts.ts";

interface Cast {
  readonly all: TestHosts;
  readonly namespace: NamespaceId;
  readonly targets: readonly TestHost[];
  /** Hosts behind the targets, in the order of the preference list; all know the namespace. */
  readonly others: readonly TestHost[];
}

/** Hosts of which some keep a namespace. */
async function cast(names: readonly string[], replicas: number): Promise<Cast> {
  const all = await TestHosts.of(...names);
  const genesis = kv(replicas, "hinted");
  const namespace = namespaceIdOf(genesis);
  const list = all.hosts[0]!.view().preferenceList(shardOf(namespace, genesis, "")).map((id) => all.byId(id));
  for (const host of all.hosts) await host.records.create(genesis);
  return { all, namespace, targets: list.slice(0, replicas), others: list.slice(replicas) };
}

const hints = (host: TestHost): number => host.records.counters()["hint batches"]!;

test("a write whose replicas are all down is safe with a stand-in, and comes to them after its writer has gone for good", async () => {
  const { all, namespace, targets, others } = await cast(["a", "b", "c", "d", "e"], 3);
  await using _ = all;
  const [writer, spare] = others as [TestHost, TestHost];
  for (const host of targets) await host.stop();
  const { copies, safe } = await writer.put(namespace, "k", "v");
  assert.deepEqual({ copies, safe }, { copies: 2, safe: true });
  assert.equal(hints(spare), 1);
  assert.equal(spare.value(namespace, "k"), "v", "a hint is read where it waits");
  await writer.stop();
  writer.disk.wipe();
  await spare.stop();
  await all.restart(spare);
  assert.equal(hints(spare), 1, "it outlives a restart");
  for (const host of targets) await all.restart(host);
  await until("all replicas have it", () => targets.every((host) => host.value(namespace, "k") === "v"));
  await until("the hint has gone", () => hints(spare) === 0);
  assert.equal(spare.value(namespace, "k"), undefined);
});

test("one replica out of reach is stood in for by one host, once", async () => {
  const { all, namespace, targets, others } = await cast(["a", "b", "c", "d", "e", "f"], 3);
  await using _ = all;
  const [writer] = targets as [TestHost];
  await targets[2]!.stop();
  for (const at of [1, 2, 3]) await writer.put(namespace, "k", String(at));
  await until("the next on the list keeps them", () => hints(others[0]!) === 3);
  for (const round of [1, 2]) {
    const { runs } = writer.records.workers()[1]!.status();
    writer.records.workers()[1]!.nudge();
    await until(`the outbox was looked at, ${round}`, () => writer.records.workers()[1]!.status().runs > runs + 1);
  }
  assert.deepEqual(others.map(hints), [3, 0, 0]);
  await all.restart(targets[2]!);
  await until("it has come", () => targets[2]!.value(namespace, "k") === "3" && hints(others[0]!) === 0);
});

test("a hint for a host that was removed goes to whoever takes its place, or stays where it waits when that is the one", async () => {
  const { all, namespace, targets, others } = await cast(["a", "b", "c", "d", "e", "f"], 2);
  await using _ = all;
  const [lost, kept] = targets as [TestHost, TestHost];
  const [first, second, writer] = others as [TestHost, TestHost, TestHost];
  await lost.stop();
  await kept.stop();
  await writer.put(namespace, "k", "v");
  await until("both stand-ins keep it", () => hints(first) === 1 && hints(second) === 1);
  await writer.stop();
  all.admit(all.hosts.filter((host) => host !== lost && host !== writer));
  await until("the first is a replica now", () => first.records.counters()["hint batches"] === 1 && first.value(namespace, "k") === "v");
  await all.restart(kept);
  await until("both replicas have it, and nobody keeps a hint", () => kept.value(namespace, "k") === "v" && hints(first) === 0 && hints(second) === 0);
  assert.equal(first.value(namespace, "k"), "v");
  assert.equal(second.value(namespace, "k"), undefined);
});

test("hints beyond the bound are turned away, and their writer keeps them", async () => {
  const { all, namespace, targets, others } = await cast(["a", "b", "c"], 1);
  await using _ = all;
  const [writer, spare] = others as [TestHost, TestHost];
  await targets[0]!.stop();
  const value = env.random.bytes(MAX_VALUE_BYTES - 64);
  for (let at = 0; at < 66; at += 1) await writer.records.write([{ namespace, key: `k${at}`, value }]);
  assert.ok(spare.records.counters()["hint bytes"]! <= 32 * 1024 * 1024);
  assert.ok(spare.records.counters()["hints turned away"]! > 0);
  assert.ok(writer.records.counters()["outbox batches"]! >= 66);
});
