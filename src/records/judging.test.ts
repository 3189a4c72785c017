import assert from "node:assert/strict";
import test from "node:test";
import type { Exclusion, LastHonoured } from "../cluster/index.ts";
import { admissionCodec } from "../cluster/index.ts";
import { idFromBytes, utf8 } from "../codec/index.ts";
import type { AccountId, HostId, InviteId } from "../codec/index.ts";
import { EMPTY_CONTEXT } from "./port.ts";
import type { TestHost } from "./test-hosts.ts";
import { TestHosts, account, everywhereId, networkNamespace, settled, until } from "./test-hosts.ts";

function without(host: TestHost, honoured: readonly LastHonoured[]): Exclusion {
  return { host: host.self, author: null, honoured };
}

/** The host hears of removals, as by a change of the roster. */
function hear(host: TestHost, excludes: readonly Exclusion[]): void {
  host.excludes = excludes;
  for (const worker of host.records.workers()) worker.nudge();
}

const counter = (host: TestHost, name: string): number => host.records.counters()[name] ?? 0;

test("hosts that heard of a removal before and after its host's last records come to hold the same", async () => {
  await using all = await TestHosts.of("a", "b", "c", "x");
  const [a, b, c, x] = all.hosts as [TestHost, TestHost, TestHost, TestHost];
  await a.put(everywhereId, "shared", "honest");
  await x.put(everywhereId, "early", "honoured");
  await until("all have both", () => all.hosts.every((host) => host.value(everywhereId, "early") !== undefined && host.value(everywhereId, "shared") === "honest"));
  const honoured = await a.records.honouredOf(x.self);
  hear(c, [without(x, honoured)]);
  await x.put(everywhereId, "shared", "late");
  await x.put(everywhereId, "only", "late");
  await until("those who have not heard have it", () => [a, b].every((host) => host.value(everywhereId, "shared") === "late" && host.value(everywhereId, "only") === "late"));
  assert.equal(c.value(everywhereId, "shared"), "honest");
  const heard: string[] = [];
  a.records.onApplied((_, keys) => heard.push(...keys));
  all.admit([a, b, c]);
  await x.stop();
  for (const host of [a, b, c]) hear(host, [without(x, honoured)]);
  await until("all hold what was honoured", () => [a, b, c].every((host) => host.value(everywhereId, "shared") === "honest" && host.value(everywhereId, "only") === undefined && host.value(everywhereId, "early") === "honoured"));
  assert.ok(heard.includes("shared") && heard.includes("only"), "feeds and views hear of it");
  assert.equal(a.records.deleted(everywhereId, "only"), false);
});

test("what superseded nothing but late records stays, and a removal that was known in time costs no look at the rows", async () => {
  await using all = await TestHosts.of("a", "b", "x");
  const [a, b, x] = all.hosts as [TestHost, TestHost, TestHost];
  await x.put(everywhereId, "k", "first");
  const honoured = await a.records.honouredOf(x.self);
  await x.put(everywhereId, "k", "late");
  await until("a has it", () => a.value(everywhereId, "k") === "late");
  await a.put(everywhereId, "k", "answer");
  await until("all have the answer", () => all.hosts.every((host) => host.value(everywhereId, "k") === "answer"));
  hear(b, [without(x, honoured)]);
  const judging = (): string => b.records.workers().find((worker) => worker.status().name === "judging")!.status().progress;
  await until("b has judged", () => judging().startsWith("all rows"));
  assert.equal(b.value(everywhereId, "k"), "answer");
  assert.equal(counter(b, "dropped EXCLUDED"), 0);
});

test("the judging goes on after a restart, and is not done twice", async () => {
  await using all = await TestHosts.of("a", "b", "x");
  const [a, , x] = all.hosts as [TestHost, TestHost, TestHost];
  const honoured = await a.records.honouredOf(x.self);
  await x.records.write(Array.from({ length: 700 }, (_, at) => ({ namespace: everywhereId, key: `k${at.toString(2)}`, value: utf8("late") })));
  await until("a has all", () => a.records.localScan(everywhereId, { limit: 1000 }).entries.length === 700);
  all.admit(all.hosts.filter((host) => host !== x));
  await x.stop();
  hear(a, [without(x, honoured)]);
  await until("some are dropped", () => counter(a, "dropped EXCLUDED") > 0);
  await a.stop();
  await all.restart(a);
  await until("all are dropped", () => a.records.localScan(everywhereId, { limit: 1000 }).entries.length === 0);
  await until("a is done", () => a.records.workers().some((worker) => worker.status().progress.startsWith("all rows")));
  const dropped = counter(a, "dropped EXCLUDED");
  await a.stop();
  await all.restart(a);
  await until("a is done again", () => a.records.workers().some((worker) => worker.status().progress.startsWith("all rows")));
  assert.equal(counter(a, "dropped EXCLUDED"), 0);
  assert.ok(dropped <= 700);
});

test("what was refused is fetched when it counts again", async () => {
  await using all = await TestHosts.of("a", "b", "x");
  const [a, b, x] = all.hosts as [TestHost, TestHost, TestHost];
  hear(b, [without(x, [])]);
  await x.put(everywhereId, "k", "v");
  await until("a has it", () => a.value(everywhereId, "k") === "v");
  await until("b has refused it", () => counter(b, "refused REMOVED") > 0);
  await x.stop();
  b.records.workers()[0]!.nudge();
  await until("b has gone past it", () => counter(b, "heads compared") > 0);
  assert.equal(b.value(everywhereId, "k"), undefined);
  hear(b, []);
  await until("b has it", () => b.value(everywhereId, "k") === "v");
});

test("rows are judged by more removals than are kept on the disk, and what counts again after a restart is fetched", async () => {
  await using all = await TestHosts.of("a", "b", "x", "y");
  const [a, b, x, y] = all.hosts as [TestHost, TestHost, TestHost, TestHost];
  const many: readonly Exclusion[] = Array.from({ length: 50_001 }, (_, at) => ({ host: idFromBytes<HostId>(Buffer.alloc(32, `host ${at} `)), author: null, honoured: [] }));
  for (const host of [x, y]) await host.put(everywhereId, host.name, "late");
  await until("all have both", () => [a, b].every((host) => host.value(everywhereId, "x") !== undefined && host.value(everywhereId, "y") !== undefined));
  hear(a, [...many, without(x, [])]);
  await until("x is judged", () => a.value(everywhereId, "x") === undefined);
  await until("all is judged", () => a.records.workers().some((worker) => worker.status().progress.startsWith("all rows")));
  for (const host of [x, y]) await host.stop();
  await a.stop();
  a.excludes = [...many, without(y, [])];
  await all.restart(a);
  await until("a has what counts again, and drops what does not", () => a.value(everywhereId, "x") === "late" && a.value(everywhereId, "y") === undefined);
});

test("a revoked host drops from its outbox what it wrote in the person's name, and keeps what it wrote as a host", async () => {
  await using all = await TestHosts.of("a", "b");
  const [a] = all.hosts as [TestHost, TestHost];
  await all.isolate(a);
  await a.put(everywhereId, "person", "v");
  await a.records.write([{ namespace: everywhereId, key: "host", value: utf8("v"), context: EMPTY_CONTEXT }], { as: "host" });
  assert.equal(counter(a, "outbox batches"), 2);
  hear(a, [{ host: a.self, author: idFromBytes<AccountId>(account.publicKey), honoured: [] }]);
  await until("one is left", () => counter(a, "outbox batches") === 1);
  await until("the row is gone", () => a.value(everywhereId, "person") === undefined);
  assert.equal(a.value(everywhereId, "host"), "v");
});

test("whoever ends that a host is honoured asks all in reach what they have seen of it", async () => {
  await using all = await TestHosts.of("a", "b", "c");
  const [a, b, c] = all.hosts as [TestHost, TestHost, TestHost];
  await all.isolate(a);
  await c.put(everywhereId, "k", "seen by b only");
  await until("b has it", () => b.value(everywhereId, "k") !== undefined);
  await c.stop();
  assert.deepEqual(await a.records.honouredOf(c.self), []);
  await a.transport.connect(b.self, [all.wire.addressOf(b.self)]);
  assert.deepEqual((await a.records.honouredOf(c.self)).map(({ batch }) => batch), [1]);
});

test("of two removals that exclude each other one stays, and a host that has both comes to rest", async () => {
  await using all = await TestHosts.of("a", "b", "c");
  const [a, b, c] = all.hosts as [TestHost, TestHost, TestHost];
  const removals = (): Exclusion[] => [b, c].filter((host) => a.value(networkNamespace, `removed/${host.name}`) !== undefined).map((host) => without(host, []));
  await b.put(networkNamespace, "removed/c", "x");
  await c.put(networkNamespace, "removed/b", "x");
  await until("a has both", () => removals().length === 2);
  for (const host of [b, c]) await host.stop();
  a.records.onApplied(() => (a.excludes = removals()));
  hear(a, removals());
  await until("one is left", () => removals().length === 1);
});

test("what others have signed stays when the host that brought it is removed, and what it said itself goes", async () => {
  await using all = await TestHosts.of("a", "b", "x");
  const [a, b, x] = all.hosts as [TestHost, TestHost, TestHost];
  const guest = idFromBytes<HostId>(new Uint8Array(32).fill(3));
  const asked = { account: idFromBytes<AccountId>(account.publicKey), name: "shed", zone: "", capacityBytes: 1, joinedMs: 1, proof: new Uint8Array(64), consent: new Uint8Array(64) };
  const admissions = [{ ...asked, invite: idFromBytes<InviteId>(new Uint8Array(32).fill(4)) }, { ...asked, invite: null }];
  for (const [at, key] of [`member/${guest}`, `member/${x.self}`].entries()) {
    await x.records.write([{ namespace: networkNamespace, key, value: admissionCodec.encode(admissions[at]!) }]);
  }
  const has = (host: TestHost, key: string): boolean => host.records.local(networkNamespace, key) !== undefined;
  await until("all have both", () => all.hosts.every((host) => has(host, `member/${guest}`) && has(host, `member/${x.self}`)));
  all.admit([a, b]);
  await x.stop();
  for (const host of [a, b]) hear(host, [without(x, [])]);
  await until("what it said itself is gone", () => [a, b].every((host) => !has(host, `member/${x.self}`)));
  await settled(all);
  assert.deepEqual([a, b].map((host) => has(host, `member/${guest}`)), [true, true]);
});

test("a row of which nothing counts any more is sound: nobody takes it for damage, and the copy stays complete", async () => {
  await using all = await TestHosts.of("a", "b", "x");
  const [a, b, x] = all.hosts as [TestHost, TestHost, TestHost];
  const honoured = await a.records.honouredOf(x.self);
  await x.put(everywhereId, "only", "late");
  await until("all have it", () => [a, b].every((host) => host.value(everywhereId, "only") === "late"));
  await settled(all);
  all.admit([a, b]);
  await x.stop();
  for (const host of [a, b]) hear(host, [without(x, honoured)]);
  await until("they have dropped it", () => [a, b].every((host) => counter(host, "dropped EXCLUDED") > 0 && host.value(everywhereId, "only") === undefined));
  const findings = await a.records.check();
  assert.deepEqual({ damaged: findings.damaged, sums: findings.sums, index: findings.index }, { damaged: 0, sums: 0, index: 0 });
  await b.stop();
  assert.deepEqual([await a.records.read(everywhereId, "only"), counter(a, "rows damaged")], [undefined, 0]);
});
