import assert from "node:assert/strict";
import test from "node:test";
import { namespaceIdOf, shardOf } from "../cluster/index.ts";
import { MemoryLog } from "../store/index.ts";
import { floorStateCodec } from "./floor.ts";
import { floorCodec, floorKeyOf } from "./marks.ts";
import { metaKey } from "./tables.ts";
import type { TestHost, TestHosts } from "./test-hosts.ts";
import { env, everywhereId, kv, networkNamespace, settled } from "./test-hosts.ts";
import { hostsOf, isKept, progress, working } from "./test-rounds.ts";

const hints = (host: TestHost): number => host.records.counters()["hint batches"]!;
const isCounted = (host: TestHost): boolean => /round \d|no round/.test(progress(host));
const saidOn = (host: TestHost, of: TestHost): number => floorCodec.decode(host.records.local(networkNamespace, floorKeyOf(of.self))!.siblings[0]!.value!).done;

/** All but one host have done the first round and said so to each other; that one is killed in the midst of it, so that it is not the floor. Key k is deleted. */
async function between(all: TestHosts, slow: TestHost, fast: TestHost): Promise<void> {
  await working("all are counted", all.hosts, () => all.hosts.every(isCounted));
  await settled(all);
  const { judge } = slow;
  slow.judge = (record, of) => (record.key === floorKeyOf(slow.self) && record.host === slow.self && floorCodec.decode(record.value!).done > 0 ? { kind: "refuse", code: "SLOW", why: "so says the test" } : judge(record, of));
  await fast.put(everywhereId, "k", "v");
  await fast.put(everywhereId, "k", null);
  const ready = all.hosts.filter((host) => host !== slow);
  await working("all others have done it", all.hosts, () => ready.every((of) => ready.every((host) => saidOn(host, of) === 1)));
  await slow.stop();
  // As a host that was killed in the midst of the round.
  const log = new MemoryLog(env, slow.disk);
  const state = floorStateCodec.decode(log.get(metaKey("floor"))!);
  await log.commit([{ kind: "put", key: metaKey("floor"), value: floorStateCodec.encode({ ...state, done: 0, sets: [] }) }]);
  slow.judge = judge;
}

test("three of five hosts that were counted out after they had done a round that was not the floor yet come back", async () => {
  await using all = await hostsOf("a", "b", "c", "d", "e");
  const [slow, fast, ...away] = all.hosts as [TestHost, TestHost, ...TestHost[]];
  await between(all, slow, fast);
  for (const host of away) await all.isolate(host);
  for (const host of away) all.declare(host, true);
  await slow.start();
  await all.connect([slow, fast]);
  await working("the floor is raised without them", [slow, fast], () => [slow, fast].every((host) => !isKept(host, "k")));
  for (const host of away) all.declare(host, false);
  for (const host of away) await all.connect([slow, fast, host]);
  await working("all three know that they have missed it", all.hosts, () => away.every((host) => host.records.counters()["times a newcomer"] === 1));
  await all.connect();
  await working("they have come back", all.hosts, () => away.every(isCounted), 30_000);
});

test("a hint whose writer was counted out together with who keeps it, after both had done a round that was not the floor yet, is not lost", async () => {
  await using all = await hostsOf("a", "b", "c", "d", "e");
  const genesis = kv(1, "hinted");
  const namespace = namespaceIdOf(genesis);
  for (const host of all.hosts) await host.records.create(genesis);
  const [target, spare, writer, slow, fast] = all.list(shardOf(namespace, genesis, "")).map((id) => all.byId(id)) as [TestHost, TestHost, TestHost, TestHost, TestHost];
  await between(all, slow, fast);
  await target.stop();
  const { copies, safe } = await writer.put(namespace, "mine", "v");
  assert.deepEqual({ copies, safe }, { copies: 2, safe: true });
  assert.equal(hints(spare), 1);
  await all.isolate(spare);
  await writer.stop();
  writer.disk.wipe();
  for (const host of [writer, spare]) all.declare(host, true);
  for (const host of [target, slow]) await host.start();
  await all.connect([target, slow, fast]);
  await working("the floor is raised without them", [target, slow, fast], () => [target, slow, fast].every((host) => !isKept(host, "k")));
  assert.equal(spare.value(namespace, "mine"), "v");
  all.declare(spare, false);
  await all.connect();
  await working("the spare has come back", all.hosts, () => spare.records.counters()["times a newcomer"] === 1 && hints(spare) === 0);
  await working("it has come where it belongs", all.hosts, () => target.value(namespace, "mine") === "v", 5000);
});

test("what four hosts that were counted out together acknowledged to each other, after they had done a round that was not the floor yet, stays when they have missed two floors", async () => {
  await using all = await hostsOf("a", "b", "c", "d", "e", "f");
  const [slow, fast, writer, ...others] = all.hosts as [TestHost, TestHost, TestHost, ...TestHost[]];
  const away = [writer, ...others];
  await between(all, slow, fast);
  for (const host of away) await all.isolate(host);
  await all.connect(away);
  const { copies, safe } = await writer.put(everywhereId, "alone", "v");
  assert.deepEqual({ isKept: copies >= 2, safe }, { isKept: true, safe: true });
  await working("all of them have it, and nothing waits", away, () => away.every((host) => host.value(everywhereId, "alone") === "v" && host.records.counters()["outbox batches"] === 0));
  for (const host of away) all.declare(host, true);
  await slow.start();
  await all.connect([slow, fast]);
  await working("the first floor is raised without them", [slow, fast], () => [slow, fast].every((host) => !isKept(host, "k")));
  for (const value of ["v", null]) await fast.put(everywhereId, "l", value === null ? null : value);
  await working("the second floor is raised without them", [slow, fast], () => [slow, fast].every((host) => !isKept(host, "l") && progress(host).includes("round 2 is complete")));
  // One after the other: each is back before the next.
  for (const host of away) {
    await all.isolate(host);
    all.declare(host, false);
    await all.connect([slow, fast, ...away.slice(0, away.indexOf(host) + 1)]);
    await working(`${host.name} has come back`, all.hosts, () => host.records.counters()["times a newcomer"] === 1 && isCounted(host));
  }
  await working("all have it", all.hosts, () => all.hosts.every((host) => host.value(everywhereId, "alone") === "v"), 20_000);
});
