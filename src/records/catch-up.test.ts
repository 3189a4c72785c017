import assert from "node:assert/strict";
import test from "node:test";
import { ACCEPT } from "../cluster/index.ts";
import { utf8 } from "../codec/index.ts";
import { EMPTY_CONTEXT } from "./port.ts";
import type { TestHost } from "./test-hosts.ts";
import { TestHosts, everywhereId, networkNamespace, until } from "./test-hosts.ts";

/** Keys under "of/NAME/" can be judged only once the network's record "person/NAME" is known. */
function judgeByPeople(host: TestHost): void {
  host.judge = ({ key }) => {
    const [kind, name] = key.split("/");
    const isKnown = kind !== "of" || host.records.local(networkNamespace, `person/${name}`) !== undefined;
    return isKnown ? ACCEPT : { kind: "later", why: "the person is not known here yet" };
  };
}

test("what can be judged only by the network's own records is taken with them, in whatever order it comes", async () => {
  await using all = await TestHosts.of("a", "b", "c");
  const [a, b, c] = all.hosts as [TestHost, TestHost, TestHost];
  await b.stop();
  await a.put(everywhereId, "of/ann/1", "first");
  await a.put(networkNamespace, "person/ann", "ann");
  await until("c has both", () => c.value(networkNamespace, "person/ann") === "ann" && c.value(everywhereId, "of/ann/1") === "first");
  await a.stop();
  judgeByPeople(b);
  await all.restart(b);
  await until("b has it", () => b.value(everywhereId, "of/ann/1") === "first");
});

test("what had to be left for later is fetched again when it can be judged, also after a restart, and holds up nothing else", async () => {
  await using all = await TestHosts.of("a", "b", "c");
  const [a, b, c] = all.hosts as [TestHost, TestHost, TestHost];
  judgeByPeople(b);
  await b.stop();
  await a.put(everywhereId, "of/bob/1", "early");
  await a.put(everywhereId, "other", "v");
  await until("c has both", () => c.value(everywhereId, "other") === "v");
  // The writer is away from here on, so nothing but catching up brings its records.
  await a.stop();
  await all.restart(b);
  await until("b has what it can judge", () => b.value(everywhereId, "other") === "v");
  assert.equal(b.value(everywhereId, "of/bob/1"), undefined);
  await b.stop();
  await all.restart(b);
  await until("b has asked again", () => b.records.workers()[0]!.status().runs > 1);
  assert.equal(b.value(everywhereId, "of/bob/1"), undefined);
  await c.put(networkNamespace, "person/bob", "bob");
  await until("b has the person", () => b.value(networkNamespace, "person/bob") === "bob");
  b.records.workers()[0]!.nudge();
  await until("b has the rest", () => b.value(everywhereId, "of/bob/1") === "early");
});

test("versions that different hosts wrote while cut off are all there when they meet, and deletions stay", async () => {
  await using all = await TestHosts.of("a", "b", "c", "d");
  const [a, b, c, d] = all.hosts as [TestHost, TestHost, TestHost, TestHost];
  await a.put(everywhereId, "shared", "before");
  await a.put(everywhereId, "gone", "before");
  await until("all have both", () => all.hosts.every((host) => host.value(everywhereId, "gone") === "before" && host.value(everywhereId, "shared") === "before"));
  for (const host of all.hosts) await all.isolate(host);
  await all.connect([a, b]);
  await all.connect([c, d]);
  await a.put(everywhereId, "shared", "left");
  await c.put(everywhereId, "shared", "right");
  await b.put(everywhereId, "gone", null);
  await d.records.write([{ namespace: everywhereId, key: "blind", value: utf8("put"), context: EMPTY_CONTEXT }]);
  await all.connect();
  await until("all are the same", () => {
    const states = all.hosts.map((host) => JSON.stringify(["shared", "gone", "blind"].map((key) => [host.value(everywhereId, key), host.records.deleted(everywhereId, key)])));
    return states.every((state) => state === states[0]) && a.value(everywhereId, "blind") === "put" && a.records.local(everywhereId, "shared")?.siblings.length === 2;
  });
  assert.equal(d.records.deleted(everywhereId, "gone"), true);
});

test("a peer that hangs holds up nobody else's catching up", async () => {
  await using all = await TestHosts.of("a", "b", "c");
  const [a, b, c] = all.hosts as [TestHost, TestHost, TestHost];
  await c.stop();
  await b.put(everywhereId, "k", "v");
  await c.start();
  await c.transport.connect(a.self, [all.wire.addressOf(a.self)]);
  all.wire.paths.cut(a.self, c.self);
  await c.transport.connect(b.self, [all.wire.addressOf(b.self)]);
  await until("c has caught up with b", () => c.value(everywhereId, "k") === "v", 2500);
});

test("a host that has joined and knows no members yet gets the roster from whom it is connected with", async () => {
  await using all = new TestHosts(["a", "b"]);
  const [a, b] = all.hosts as [TestHost, TestHost];
  await a.start();
  await a.put(networkNamespace, "person/ann", "ann");
  b.knows = () => (b.value(networkNamespace, "person/ann") === undefined ? [] : all.members());
  await b.start();
  await all.connect();
  await until("b has the roster", () => b.value(networkNamespace, "person/ann") === "ann");
});
