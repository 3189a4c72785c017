import assert from "node:assert/strict";
import test from "node:test";
import { utf8 } from "../codec/index.ts";
import { EMPTY_CONTEXT } from "./port.ts";
import type { TestHost } from "./test-hosts.ts";
import { TestHosts, everywhereId, until } from "./test-hosts.ts";

const blind = (value: string) => [{ namespace: everywhereId, key: "k", value: utf8(value), context: EMPTY_CONTEXT }];

test("a batch is with others while the writer's disk still syncs it, and is acknowledged only when that has it", async () => {
  await using all = await TestHosts.of("a", "b", "c");
  const [a, b] = all.hosts as [TestHost, TestHost];
  await a.records.write(blind("one"));
  a.disk.syncMs = 300;
  let isAcknowledged = false;
  const writing = a.records.write(blind("two")).then((result) => {
    isAcknowledged = true;
    return result;
  });
  await until("b has it", () => b.value(everywhereId, "k") === "one|two");
  assert.equal(isAcknowledged, false);
  assert.equal((await writing).safe, true);
  a.disk.crash();
  await a.stop();
  await a.start();
  assert.equal(a.value(everywhereId, "k"), "one|two", "its own disk has what it acknowledged");
});

test("a host that crashes while a batch is ahead of its disk goes on as another actor, and the batch stays with those who have it", async () => {
  await using all = await TestHosts.of("a", "b", "c");
  const [a, b] = all.hosts as [TestHost, TestHost];
  const first = await a.records.write(blind("one"));
  a.disk.syncMs = 300;
  const lost = assert.rejects(a.records.write(blind("two")));
  await until("b has it", () => b.value(everywhereId, "k") === "one|two");
  a.disk.crash();
  await lost;
  await a.stop();
  a.disk.syncMs = 0;
  await all.restart(a);
  assert.equal(await a.records.confirmAtStart(), true);
  const third = await a.records.write(blind("three"));
  assert.notEqual(third.dots[0]!.actor.incarnation, first.dots[0]!.actor.incarnation);
  await until("all have all three", () => all.hosts.every((host) => host.records.local(everywhereId, "k")?.siblings.length === 3));
});

test("a host goes on as another actor after a crash in which others had heard of nothing that its disk has not", async () => {
  await using all = await TestHosts.of("a", "b", "c");
  const [a] = all.hosts as [TestHost];
  const first = await a.records.write(blind("one"));
  a.disk.crash();
  await a.stop();
  await all.restart(a);
  assert.equal(await a.records.confirmAtStart(), true);
  const second = await a.records.write(blind("two"));
  assert.notEqual(second.dots[0]!.actor.incarnation, first.dots[0]!.actor.incarnation);
});

test("a writer whose disk refuses what was sent ahead is told that nobody knows, and its host goes on as another actor", async () => {
  await using all = await TestHosts.of("a", "b", "c");
  const [a, b] = all.hosts as [TestHost, TestHost];
  const first = await a.records.write(blind("one"));
  a.disk.isFull = true;
  await assert.rejects(a.records.write(blind("two")), { code: "UNSURE" });
  await assert.rejects(a.records.write(blind("three")), { code: "LOG_FULL" }, "nothing is sent ahead as an actor of which the disk does not know");
  a.disk.isFull = false;
  const fourth = await a.records.write(blind("four"));
  assert.notEqual(fourth.dots[0]!.actor.incarnation, first.dots[0]!.actor.incarnation);
  await until("what others got comes back", () => a.value(everywhereId, "k") === b.value(everywhereId, "k") && b.records.local(everywhereId, "k")!.siblings.length === 3);
});

test("a host whose disk refused what was sent ahead goes on as another actor also when it ends before its next write", async () => {
  await using all = await TestHosts.of("a", "b", "c");
  const [a, ...others] = all.hosts as [TestHost, ...TestHost[]];
  const first = await a.records.write(blind("one"));
  // What is refused is still on its way when others are asked for it.
  const pass = (delayMs: number): void => others.forEach(({ self }) => all.wire.paths.setQuality(a.self, self, { delayMs, jitterMs: 0, lossFraction: 0 }));
  pass(60_000);
  a.disk.isFull = true;
  await assert.rejects(a.records.write(blind("two")), { code: "UNSURE" });
  a.disk.isFull = false;
  pass(0);
  await a.stop();
  await all.restart(a);
  assert.equal(await a.records.confirmAtStart(), true);
  const second = await a.records.write(blind("three"));
  assert.notEqual(second.dots[0]!.actor.incarnation, first.dots[0]!.actor.incarnation);
});
