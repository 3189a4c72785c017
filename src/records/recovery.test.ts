import assert from "node:assert/strict";
import test from "node:test";
import { utf8 } from "../codec/index.ts";
import { EMPTY_CONTEXT } from "./port.ts";
import { table } from "./tables.ts";
import type { TestHost } from "./test-hosts.ts";
import { TestHosts, everywhereId, until } from "./test-hosts.ts";

const blind = (key: string, value: string) => [{ namespace: everywhereId, key, value: utf8(value), context: EMPTY_CONTEXT }];

test("a host restored from an old backup takes a new incarnation, and nothing is lost", async () => {
  await using all = await TestHosts.of("a", "b", "c");
  const [a, b, c] = all.hosts as [TestHost, TestHost, TestHost];
  const before = await a.records.write(blind("k", "one"));
  const backup = a.disk.image();
  const lost = await a.records.write(blind("k", "two"));
  assert.equal(lost.dots[0]!.actor.incarnation, before.dots[0]!.actor.incarnation);
  await until("the others have both", () => b.value(everywhereId, "k") === "one|two" && c.value(everywhereId, "k") === "one|two");
  await a.stop();
  a.disk.restore(backup);
  await a.start();
  // Before anybody could say anything: the disk believes that the next dot is the one that "two" has.
  const fresh = await a.records.write(blind("k", "three"));
  assert.notEqual(fresh.dots[0]!.actor.incarnation, before.dots[0]!.actor.incarnation);
  await all.connect();
  await until("all have all three", () => all.hosts.every((host) => host.records.local(everywhereId, "k")?.siblings.length === 3));
});

test("a host whose others confirm its disk goes on as the actor it was, and one whose others know more does not", async () => {
  await using all = await TestHosts.of("a", "b", "c");
  const [a, b] = all.hosts as [TestHost, TestHost];
  const first = await a.records.write(blind("k", "one"));
  await a.stop();
  await all.restart(a);
  assert.equal(await a.records.confirmAtStart(), true);
  const second = await a.records.write(blind("k", "two"));
  assert.deepEqual(second.dots[0]!.actor, first.dots[0]!.actor);
  const backup = a.disk.image();
  await a.records.write(blind("k", "three"));
  await a.stop();
  a.disk.restore(backup);
  await all.restart(a);
  assert.equal(await a.records.confirmAtStart(), true);
  const third = await a.records.write(blind("k", "four"));
  assert.notEqual(third.dots[0]!.actor.incarnation, first.dots[0]!.actor.incarnation);
  await until("b has all four", () => b.records.local(everywhereId, "k")?.siblings.length === 4);
});

test("ten restarts of a host in a network that is all there take no new incarnation", async () => {
  await using all = await TestHosts.of("a", "b", "c");
  const [a] = all.hosts as [TestHost];
  const first = await a.put(everywhereId, "k", "0");
  for (let at = 1; at <= 10; at += 1) {
    await a.stop();
    await all.restart(a);
    // Which may take longer than a start waits, on a machine with much else to do.
    while (!(await a.records.confirmAtStart()));
    const { dots } = await a.put(everywhereId, "k", String(at));
    assert.deepEqual(dots[0]!.actor, first.dots[0]!.actor);
  }
});

test("a host of which one other is away does not trust its disk", async () => {
  await using all = await TestHosts.of("a", "b", "c");
  const [a, , c] = all.hosts as [TestHost, TestHost, TestHost];
  const first = await a.records.write(blind("k", "one"));
  await a.stop();
  await c.stop();
  await all.restart(a);
  await until("it has asked", () => a.records.workers()[0]!.status().runs > 1);
  const second = await a.records.write(blind("k", "two"));
  assert.notEqual(second.dots[0]!.actor.incarnation, first.dots[0]!.actor.incarnation);
});

test("a host that lost its disk gets everything back, and others are told of all that it applies since", async () => {
  await using all = await TestHosts.of("a", "b");
  const [a, b] = all.hosts as [TestHost, TestHost];
  await a.records.write(Array.from({ length: 30 }, (_, at) => ({ namespace: everywhereId, key: `k${at}`, value: utf8("x") })));
  await until("b has them", () => b.records.localScan(everywhereId, {}).entries.length === 30);
  await a.stop();
  a.disk.wipe();
  await all.restart(a);
  await until("a has them back", () => a.records.localScan(everywhereId, {}).entries.length === 30);
  await a.put(everywhereId, "after", "v");
  await until("b has the next", () => b.value(everywhereId, "after") === "v");
});

test("numbers that a restored store gives a second time are not taken for those given before", async () => {
  await using all = await TestHosts.of("a", "b", "c");
  const [a, b, c] = all.hosts as [TestHost, TestHost, TestHost];
  await a.records.write(blind("k0", "x"));
  const backup = a.disk.image();
  await a.records.write(Array.from({ length: 5 }, (_, at) => blind(`lost${at}`, "x")[0]!));
  await until("b knows how far a is", () => b.value(everywhereId, "lost4") === "x");
  for (const host of [b, c]) host.records.workers()[0]!.nudge();
  await until("b has compared", () => (b.records.counters()["heads compared"] ?? 0) >= 6);
  await a.stop();
  await b.stop();
  await c.stop();
  a.disk.restore(backup);
  await a.start();
  // The restored store gives the numbers after its backup anew, and more than it had given before.
  await a.records.write(Array.from({ length: 9 }, (_, at) => blind(`new${at}`, "x")[0]!));
  await a.stop();
  await all.restart(b);
  await all.restart(a);
  await until("b has all", () => Array.from({ length: 9 }, (_, at) => b.value(everywhereId, `new${at}`)).every((value) => value === "x"));
  await until("a has what it lost", () => a.value(everywhereId, "lost4") === "x");
});

test("a batch that was delivered while the disk was full leaves the disk later, and is not sent again by the next start", async () => {
  await using all = await TestHosts.of("a", "b");
  const [a] = all.hosts as [TestHost, TestHost];
  const waiting = (): number => a.disk.scan({ ...table("o") }, () => {}).length;
  const outbox = a.records.workers()[1]!;
  await a.put(everywhereId, "k", "v");
  a.disk.isFull = true;
  outbox.nudge();
  await until("the disk has refused to forget it", () => outbox.status().lastError !== undefined);
  assert.ok(waiting() > 0);
  a.disk.isFull = false;
  outbox.nudge();
  await until("it has left the disk", () => waiting() === 0);
});

test("a host that came to others is not alone when it has read no more of the roster than its own entry", async () => {
  await using all = await TestHosts.of("a", "b");
  const [a, b] = all.hosts as [TestHost, TestHost];
  await a.put(everywhereId, "k", "1");
  await until("both have it", () => b.value(everywhereId, "k") === "1");
  await b.stop();
  b.disk.wipe();
  [b.isFounder, b.knows] = [false, () => [b.self]];
  await b.start();
  assert.equal(b.records.isRosterWhole, false);
  assert.equal((await b.records.read(everywhereId, "k"))?.isPartial, true);
  await b.stop();
  await all.restart(b);
  await until("it has it from whom it was told of", () => b.value(everywhereId, "k") === "1");
  b.knows = () => all.members();
  await until("it has caught up", () => b.records.isRosterWhole);
  await b.stop();
  b.knows = () => [b.self];
  await b.start();
  assert.deepEqual([b.records.isRosterWhole, (await b.records.read(everywhereId, "k"))?.isPartial ?? false], [true, false], "it is the last one of those that there were");
});
