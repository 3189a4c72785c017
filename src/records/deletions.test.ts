import assert from "node:assert/strict";
import test from "node:test";
import { utf8 } from "../codec/index.ts";
import { MemoryLog } from "../store/index.ts";
import type { Genesis, JudgedRecord } from "../cluster/index.ts";
import { namespaceIdOf, shardOf } from "../cluster/index.ts";
import { floorStateCodec } from "./floor.ts";
import type { FloorState } from "./floor.ts";
import { GROUPS } from "./limits.ts";
import { floorCodec, floorKeyOf, readyKeyOf } from "./marks.ts";
import type { FloorRecord } from "./marks.ts";
import { EMPTY_CONTEXT } from "./port.ts";
import { metaKey, readyKey } from "./tables.ts";
import type { TestHost } from "./test-hosts.ts";
import { TestHosts, env, everywhereId, kv, networkNamespace, settled, textOf, until } from "./test-hosts.ts";
import { HORIZON_MS, collected, hostsOf, isKept, progress, working } from "./test-rounds.ts";

test("a deletion goes when every host has it and the horizon has passed, and what stays is not touched", async () => {
  await using all = await hostsOf("a", "b", "c");
  const [a, b] = all.hosts as [TestHost, TestHost, TestHost];
  await a.put(everywhereId, "k", "v");
  await a.put(everywhereId, "stays", "v");
  await until("b has it", () => b.value(everywhereId, "k") === "v");
  await b.put(everywhereId, "k", null);
  await until("all have the deletion", () => all.hosts.every((host) => host.records.deleted(everywhereId, "k")));
  await working("it is collected everywhere", all.hosts, () => all.hosts.every((host) => !isKept(host, "k")));
  assert.ok(all.hosts.every((host) => host.value(everywhereId, "stays") === "v" && collected(host) > 0));
  await a.put(everywhereId, "k", "again");
  await until("it is written anew", () => all.hosts.every((host) => host.value(everywhereId, "k") === "again"));
});

test("nothing is collected while a host that is counted is away, and its old copy does not come back with it", async () => {
  await using all = await hostsOf("a", "b", "c");
  const [a, b, c] = all.hosts as [TestHost, TestHost, TestHost];
  await a.put(everywhereId, "k", "v");
  await until("c has it", () => c.value(everywhereId, "k") === "v");
  await working("all are counted", all.hosts, () => all.hosts.every((host) => progress(host).includes("round")));
  await c.stop();
  await b.put(everywhereId, "k", null);
  await working("a waits for c", [a, b], () => [a, b].every((host) => /round 1: 1 of 3 hosts have not begun it/.test(progress(host))));
  assert.ok(isKept(a, "k"));
  await all.restart(c);
  await working("it is collected everywhere", all.hosts, () => all.hosts.every((host) => !isKept(host, "k")));
});

test("a host that was declared gone comes back from below the floor: what was deleted stays deleted, and what it wrote alone is kept", async () => {
  await using all = await hostsOf("a", "b", "c");
  const [a, b, c] = all.hosts as [TestHost, TestHost, TestHost];
  await a.records.write(["k", "shared"].map((key) => ({ namespace: everywhereId, key, value: utf8("v") })));
  await c.put(everywhereId, "of c", "v");
  await until("all have all", () => all.hosts.every((host) => ["k", "shared", "of c"].every((key) => host.value(everywhereId, key) === "v")));
  await working("all are counted", all.hosts, () => all.hosts.every((host) => progress(host).includes("round")));
  await all.isolate(c);
  await c.put(everywhereId, "alone", "written while cut off");
  await c.put(everywhereId, "shared", "changed while cut off");
  await c.stop();
  all.declare(c, true);
  for (const key of ["k", "shared", "of c"]) await b.put(everywhereId, key, null);
  await working("what names nobody who is gone is collected", [a, b], () => [a, b].every((host) => !isKept(host, "k")));
  assert.ok(isKept(a, "of c"), "c may have another version of it");
  all.declare(c, false);
  await all.restart(c);
  await working("all are the same", all.hosts, () => all.hosts.every((host) => host.value(everywhereId, "alone") === "written while cut off" && host.value(everywhereId, "shared") === "changed while cut off" && host.value(everywhereId, "k") === undefined && host.value(everywhereId, "of c") === undefined));
  assert.ok((c.records.counters()["dropped BELOW_FLOOR"] ?? 0) > 0);
  await working("the next round is done with c", all.hosts, () => all.hosts.every((host) => !isKept(host, "of c")));
  assert.ok(all.hosts.every((host) => host.value(everywhereId, "k") === undefined));
});

test("an old backup brings nothing back that was delivered, deleted and collected since, from its rows or from its outbox", async () => {
  await using all = await hostsOf("a", "b", "c");
  const [a, , c] = all.hosts as [TestHost, TestHost, TestHost];
  // Each begins with the one before it, and they are more than are compared at once.
  const rows = Array.from({ length: 300 }, (_, at) => `row${"1".repeat(at)}`);
  await a.records.write(rows.map((key) => ({ namespace: everywhereId, key, value: utf8("v") })));
  await until("c has them", () => c.value(everywhereId, rows.at(-1)!) === "v");
  await all.isolate(c);
  await c.put(everywhereId, "outbox", "v");
  const backup = c.disk.image();
  await all.connect();
  await until("it is delivered", () => all.hosts.every((host) => host.value(everywhereId, "outbox") === "v"));
  await a.records.write([...rows, "outbox"].map((key) => ({ namespace: everywhereId, key, value: null })));
  await working("all are collected", all.hosts, () => all.hosts.every((host) => [...rows, "outbox"].every((key) => !isKept(host, key))));
  await c.stop();
  c.disk.restore(backup);
  await c.start();
  await c.put(everywhereId, "since", "written after the backup came back");
  for (const host of all.hosts) if (host !== c) await c.transport.connect(host.self, [all.wire.addressOf(host.self)]);
  await working("c is one of them again", all.hosts, () => all.hosts.every((host) => host.value(everywhereId, "since") !== undefined && host.value(everywhereId, "row") === undefined && host.value(everywhereId, "outbox") === undefined));
  await a.put(everywhereId, "next", "v");
  await a.put(everywhereId, "next", null);
  await working("the next round is done with c", all.hosts, () => all.hosts.every((host) => !isKept(host, "next")));
  for (const host of all.hosts) assert.deepEqual([...rows, "outbox"].filter((key) => host.value(everywhereId, key) !== undefined), []);
});

test("what a host wrote after an old backup came back stays, also when it crashes as it takes back what it had said in its former life", async () => {
  await using all = await hostsOf("a", "b", "c");
  const [a, , c] = all.hosts as [TestHost, TestHost, TestHost];
  await working("all are counted", all.hosts, () => all.hosts.every((host) => progress(host).includes("round")));
  await c.stop();
  const backup = c.disk.image();
  await writeFloor(c, { floor: 0, set: 0, hosts: [], mark: 0, raisedMs: 0, begun: 1, begunMark: 0, done: 1, sets: [{ name: 7, hosts: [] }], isNewcomer: false, reached: 0 });
  await all.restart(c);
  const said = (): number => floorCodec.decode(a.records.local(networkNamespace, floorKeyOf(c.self))!.siblings[0]!.value!).done;
  await working("c says that it has done the first round", all.hosts, () => said() === 1);
  await c.stop();
  c.disk.restore(backup);
  const { judge } = c;
  let stopped: Promise<void> | undefined;
  c.judge = (record, genesis) => {
    const isTakingBack = record.key === floorKeyOf(c.self) && record.host === c.self && c.records.counters()["times a newcomer"] === 1;
    if (!isTakingBack) return judge(record, genesis);
    stopped ??= c.stop();
    return { kind: "refuse", code: "CRASH", why: "so says the test" };
  };
  const others = all.hosts.filter((host) => host !== c);
  let areBusy = true;
  for (const host of others) {
    const judgeOf = host.judge;
    host.judge = (record, genesis) => {
      if (record.key === "since" && areBusy) throw new Error("This host has no time for it yet, says the test.");
      return judgeOf(record, genesis);
    };
  }
  await c.start();
  await c.put(everywhereId, "since", "written after the backup came back");
  for (const host of others) await c.transport.connect(host.self, [all.wire.addressOf(host.self)]);
  await working("c takes back what it had said", all.hosts, () => stopped !== undefined);
  await stopped;
  c.judge = judge;
  await all.restart(c);
  await working("c has come back", all.hosts, () => said() === 0 && progress(c).includes("round"));
  areBusy = false;
  await working("all have what it wrote", all.hosts, () => all.hosts.every((host) => host.value(everywhereId, "since") !== undefined));
});

test("a host that crashed between noting its mark and saying that it had begun, or done, goes on", async () => {
  await using all = await hostsOf("a", "b", "c");
  const [a, b, c] = all.hosts as [TestHost, TestHost, TestHost];
  await working("all are counted", all.hosts, () => all.hosts.every((host) => progress(host).includes("round")));
  for (const what of ["k", "l"]) {
    const { judge } = c;
    c.judge = (record, genesis) => (record.key.startsWith("floor/") && record.host === c.self ? { kind: "refuse", code: "CRASH", why: "so says the test" } : judge(record, genesis));
    await a.put(everywhereId, what, "v");
    await b.put(everywhereId, what, null);
    await working("c has noted its mark", all.hosts, () => c.records.workers().some((worker) => worker.status().lastError?.includes("CRASH") === true));
    assert.ok(isKept(a, what));
    await c.stop();
    c.judge = judge;
    await all.restart(c);
    await working("it is collected", all.hosts, () => all.hosts.every((host) => !isKept(host, what)));
  }
});

test("a host that joins in the middle of a round is counted after it has caught up, and two that begin a round at once begin the same", async () => {
  await using all = new TestHosts(["a", "b", "c", "d"]);
  all.settings = { horizonMs: HORIZON_MS };
  const [a, b, c, d] = all.hosts as [TestHost, TestHost, TestHost, TestHost];
  all.admit([a, b, c]);
  for (const host of [a, b, c]) host.isCoordinator = true;
  for (const host of [a, b, c]) await host.start();
  await all.connect();
  await a.put(everywhereId, "k", "v");
  await until("all have it", () => [a, b, c].every((host) => host.value(everywhereId, "k") === "v"));
  await b.put(everywhereId, "k", null);
  await working("a round is under way", [a, b, c], () => progress(a).includes("round 1"));
  all.admit(all.hosts);
  await d.start();
  await all.connect();
  await working("it is collected", all.hosts, () => all.hosts.every((host) => !isKept(host, "k")));
  await d.put(everywhereId, "from d", "v");
  await d.put(everywhereId, "from d", null);
  await working("d takes part", all.hosts, () => all.hosts.every((host) => !isKept(host, "from d") && collected(host) > 0));
});

test("the contexts of a key that many incarnations have written do not grow with them, and nothing that they superseded comes back", async () => {
  await using all = await hostsOf("a", "b", "c");
  const [a, b, c] = all.hosts as [TestHost, TestHost, TestHost];
  const length = (host: TestHost): number => host.records.local(everywhereId, "hot")?.context.length ?? 0;
  for (let life = 0; life < 6; life += 1) {
    await a.stop();
    await a.start();
    // Nobody has confirmed its disk: each time it writes as somebody new.
    await a.put(everywhereId, "hot", `life ${life}`);
    await a.put(everywhereId, `gone ${life}`, "v");
    await a.put(everywhereId, `gone ${life}`, null);
    for (const host of [b, c]) await a.transport.connect(host.self, [all.wire.addressOf(host.self)]);
    await until("all have it", () => all.hosts.every((host) => host.value(everywhereId, "hot") === `life ${life}`));
    await working("a round is completed", all.hosts, () => all.hosts.every((host) => !isKept(host, `gone ${life}`)));
  }
  await b.put(everywhereId, "hot", "by another");
  await until("all have the last", () => all.hosts.every((host) => host.value(everywhereId, "hot") === "by another"));
  assert.ok(all.hosts.every((host) => length(host) <= 3), `${all.hosts.map(length).join()} actors`);
  assert.equal(c.records.local(everywhereId, "hot")?.siblings.length, 1);
});

test("an old version from below the floor does not come back beside one whose context was cut", async () => {
  await using all = await hostsOf("a", "b", "c");
  const [a, b, c] = all.hosts as [TestHost, TestHost, TestHost];
  await a.put(everywhereId, "k", "one");
  await until("c has it", () => c.value(everywhereId, "k") === "one");
  const backup = c.disk.image();
  await a.put(everywhereId, "k", "two");
  await b.put(everywhereId, "gone", "v");
  await b.put(everywhereId, "gone", null);
  await working("a round is completed", all.hosts, () => all.hosts.every((host) => !isKept(host, "gone") && host.value(everywhereId, "k") === "two"));
  await b.put(everywhereId, "k", "three");
  await until("all have it", () => all.hosts.every((host) => host.value(everywhereId, "k") === "three"));
  assert.ok(a.records.local(everywhereId, "k")!.context.every(({ upTo, extra }) => upTo < 2 || extra.length === 0));
  await c.stop();
  c.disk.restore(backup);
  await all.restart(c);
  await working("c has the last", all.hosts, () => c.value(everywhereId, "k") === "three");
  await b.records.write([{ namespace: everywhereId, key: "end", value: utf8("v"), context: EMPTY_CONTEXT }]);
  await working("all are at the end", all.hosts, () => all.hosts.every((host) => host.value(everywhereId, "end") === "v"));
  assert.ok(all.hosts.every((host) => host.value(everywhereId, "k") === "three"));
});

test("where all copies are newcomers', these keep what they have, and are complete again", async () => {
  await using all = await hostsOf("a", "b", "c");
  const genesis = kv(2, "two");
  const namespace = namespaceIdOf(genesis);
  const group = shardOf(namespace, genesis, "k");
  for (const host of all.hosts) await host.records.create(genesis);
  const holders = all.list(group).slice(0, 2).map((id) => all.byId(id));
  const [other] = all.hosts.filter((host) => !holders.includes(host)) as [TestHost];
  await other.put(namespace, "k", "v");
  await settled(all, genesis, "k");
  for (const host of all.hosts) await host.stop();
  const floor = { floor: 1, set: 7, hosts: [], mark: 0, raisedMs: 0, begun: 1, begunMark: 0, done: 1, sets: [{ name: 7, hosts: [] }], isNewcomer: false, reached: 1 };
  await writeFloor(other, floor);
  for (const holder of holders) await writeFloor(holder, { ...floor, begun: 0, done: 0, sets: [], isNewcomer: true, reached: 0 });
  for (const host of all.hosts) await host.start();
  await all.connect();
  await working("the holders have come back", all.hosts, () => holders.every((host) => progress(host).includes("round")));
  await settled(all, genesis, "k");
  assert.deepEqual(holders.map((host) => host.value(namespace, "k")), ["v", "v"]);
  assert.equal(textOf(await other.records.read(namespace, "k")), "v");
});

test("a host that lost its disk after it had done a round that is not the floor yet comes back, and does it again with the others", async () => {
  await using all = await hostsOf("a", "b", "c");
  const [a, b, c] = all.hosts as [TestHost, TestHost, TestHost];
  await working("all are counted", all.hosts, () => all.hosts.every((host) => progress(host).includes("round")));
  await c.stop();
  await writeFloor(c, { floor: 0, set: 0, hosts: [], mark: 0, raisedMs: 0, begun: 1, begunMark: 0, done: 1, sets: [{ name: 7, hosts: [] }], isNewcomer: false, reached: 0 });
  await all.restart(c);
  const said = (): number => floorCodec.decode(a.records.local(networkNamespace, floorKeyOf(c.self))!.siblings[0]!.value!).done;
  await working("c says that it has done the first round", all.hosts, () => said() === 1);
  await c.stop();
  c.disk.wipe();
  await all.restart(c);
  await working("c has come back", all.hosts, () => said() === 0);
  await b.put(everywhereId, "k", "v");
  await b.put(everywhereId, "k", null);
  await until("all have the deletion", () => all.hosts.every((host) => host.records.deleted(everywhereId, "k")));
  await working("it is collected everywhere", all.hosts, () => all.hosts.every((host) => !isKept(host, "k")));
});

test("three of five hosts whose disks are set back together come back, though each has said since that its copies are complete", async () => {
  await using all = await hostsOf("a", "b", "c", "d", "e");
  const [a, , ...old] = all.hosts as [TestHost, TestHost, ...TestHost[]];
  const holdersOf = (genesis: Genesis): TestHost[] => a.view().replicas(shardOf(namespaceIdOf(genesis), genesis, "k"), 3).map((id) => all.byId(id));
  const genesis = Array.from({ length: 100 }, (_, at) => kv(3, String(at))).find((each) => holdersOf(each).filter((host) => old.includes(host)).length === 2)!;
  const holders = holdersOf(genesis);
  const namespace = await a.records.create(genesis);
  await a.put(namespace, "k", "v");
  await a.put(everywhereId, "k", "v");
  await until("those who should have it have it", () => holders.every((host) => host.value(namespace, "k") === "v"));
  await settled(all, genesis, "k");
  const backups = old.map(({ disk }) => disk.image());
  await a.put(everywhereId, "k", null);
  await working("the floor is raised", all.hosts, () => all.hosts.every((host) => !isKept(host, "k")));
  for (const host of old) await host.stop();
  for (const [at, host] of old.entries()) host.disk.restore(backups[at]!);
  for (const host of old) await all.restart(host);
  await working("they have come back", all.hosts, () => old.every((host) => !isKept(host, "k") && progress(host).includes("round")));
  assert.deepEqual(holders.map((host) => host.value(namespace, "k")), ["v", "v", "v"]);
});

test("a host whose disk is lost between beginning a round and doing it collects nothing in that round: others may have done it before its deletions were written", async () => {
  await using all = await hostsOf("a", "b", "c");
  const [a, b, c] = all.hosts as [TestHost, TestHost, TestHost];
  await working("all are counted", all.hosts, () => all.hosts.every((host) => progress(host).includes("round")));
  const refuse = (host: TestHost, isRefused: (floor: FloorRecord) => boolean): (() => void) => {
    const { judge } = host;
    host.judge = (record, genesis) => (record.key === floorKeyOf(host.self) && isRefused(floorIn(record)) ? { kind: "refuse", code: "CRASH", why: "so says the test" } : judge(record, genesis));
    return () => (host.judge = judge);
  };
  const takesBack = refuse(c, ({ done }) => done > 0);
  await a.put(everywhereId, "k", "v");
  await a.put(everywhereId, "k", null);
  await working("the others have done it", all.hosts, () => [a, b].every((host) => progress(host).includes("done here; 1 of 3")));
  await c.stop();
  c.disk.wipe();
  takesBack();
  await a.put(everywhereId, "later", "v");
  await a.put(everywhereId, "later", null);
  const allowsNext = refuse(a, ({ begun }) => begun > 1);
  await all.restart(c);
  const floorOf = ({ disk }: TestHost): number => floorStateCodec.decode(disk.get(metaKey("floor"))!).floor;
  await working("the round is complete", all.hosts, () => all.hosts.every((host) => floorOf(host) === 1));
  await working("what is old is collected", all.hosts, () => [a, b].every((host) => !isKept(host, "k")));
  assert.deepEqual(all.hosts.map((host) => isKept(host, "later")), [true, true, true]);
  allowsNext();
  await working("the next one collects it", all.hosts, () => all.hosts.every((host) => !isKept(host, "later") && !isKept(host, "k")));
});

test("two of three hosts whose disks were set back together come back, though each has written since", async () => {
  await using all = await hostsOf("a", "b", "c");
  const [a, ...lost] = all.hosts as [TestHost, TestHost, TestHost];
  await a.put(everywhereId, "k", "v");
  await until("all have it", () => all.hosts.every((host) => host.value(everywhereId, "k") === "v"));
  const isKnownAsReady = ({ self }: TestHost, host: TestHost): boolean => host.records.local(networkNamespace, readyKeyOf(self))?.siblings.length === 1;
  await working("all are known to be ready", all.hosts, () => all.hosts.every((host) => progress(host).includes("round") && all.hosts.every((other) => isKnownAsReady(other, host))));
  const backups = lost.map(({ disk }) => disk.image());
  await a.put(everywhereId, "k", null);
  await working("the floor is raised", all.hosts, () => all.hosts.every((host) => !isKept(host, "k")));
  for (const host of lost) await host.stop();
  for (const [at, host] of lost.entries()) {
    host.disk.restore(backups[at]!);
    await host.start();
    await host.put(everywhereId, `of ${host.name}`, "v");
  }
  for (const host of lost) await host.transport.connect(a.self, [all.wire.addressOf(a.self)]);
  await working("they compare what they have", all.hosts, () => lost.every((host) => progress(host).includes("waits for more hosts with complete copies")));
  await lost[0]!.transport.connect(lost[1]!.self, [all.wire.addressOf(lost[1]!.self)]);
  await working("they have come back", all.hosts, () => all.hosts.every((host) => ["of b", "of c"].every((key) => host.value(everywhereId, key) === "v") && !isKept(host, "k")));
});

function floorIn({ value }: JudgedRecord): FloorRecord {
  return floorCodec.decode(value!);
}

/** Sets what a host that is down knows of the floor; a newcomer is ready for nothing. */
async function writeFloor({ disk }: TestHost, state: FloorState): Promise<void> {
  const ready = Array.from({ length: state.isNewcomer ? GROUPS : 0 }, (_, group) => ({ kind: "delete", key: readyKey(group) }) as const);
  await new MemoryLog(env, disk).commit([{ kind: "put", key: metaKey("floor"), value: floorStateCodec.encode(state) }, ...ready]);
}
