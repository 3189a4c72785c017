import assert from "node:assert/strict";
import test from "node:test";
import { namespaceIdOf, shardOf } from "../cluster/index.ts";
import type { TestHost } from "./test-hosts.ts";
import { TestHosts, kv, settled, until } from "./test-hosts.ts";

/** Waits for some turns of what brings a host's writes to the others. */
async function turned(host: TestHost): Promise<void> {
  const worker = host.records.workers().find((each) => each.status().name === "outbox")!;
  const { runs } = worker.status();
  await until(`${host.name} has had its turns`, () => {
    worker.nudge();
    return worker.status().runs > runs + 3;
  });
}

test("a write waits in the outbox of a host that has not learnt who joined, also when all that it knows of have it, and then goes there too", async () => {
  const all = new TestHosts(["a", "b", "c", "d"]);
  await using _ = all;
  const [writer, ...others] = all.hosts as [TestHost, ...TestHost[]];
  // The writer is none of the three that keep the namespace; the last of them in the list joins later.
  const genesis = Array.from({ length: 100 }, (_, at) => kv(3, `namespace ${at}`)).find((each) => !writer.view().replicas(shardOf(namespaceIdOf(each), each, ""), 3).includes(writer.self))!;
  const namespace = namespaceIdOf(genesis);
  const newcomer = others.at(-1)!;
  const old = all.hosts.filter((host) => host !== newcomer);
  all.admit(old);
  for (const host of old) await host.start();
  await all.connect();
  await writer.records.create(genesis);
  await writer.put(namespace, "before", "1");
  await settled(all, genesis);

  // The roster of the writer stays as it is: it gets no answer to what it asks of it.
  writer.roster = old.map(({ self }) => self);
  const request = writer.transport.request.bind(writer.transport);
  const isAboutNews = (kind: string): boolean => ["records/newest", "records/heads"].includes(kind);
  writer.transport.request = (to, kind, body, options) => (isAboutNews(kind) ? Promise.reject(new Error("it hears nothing new")) : request(to, kind, body, options));
  all.admit(all.hosts);
  await newcomer.start();
  for (const host of others) if (host !== newcomer) await newcomer.transport.connect(host.self, [all.wire.addressOf(host.self)]);
  const group = shardOf(namespace, genesis, "");
  await until("the newcomer is complete", () => {
    for (const worker of newcomer.records.workers()) worker.nudge();
    return newcomer.value(namespace, "before") === "1" && newcomer.publishedRank(newcomer, group) < 3;
  });
  const waiting = (): number => writer.records.counters()["outbox batches"]!;
  await turned(writer);
  const waitingBefore = waiting();
  const { copies } = await writer.put(namespace, "k", "v");
  assert.ok(copies > 1);
  await until("all whom the writer knows of have it", () => others.every((host) => host === newcomer || host.value(namespace, "k") === "v"));
  await turned(writer);
  assert.equal(waiting(), waitingBefore + 1);

  writer.transport.request = request;
  writer.roster = undefined;
  await all.connect();
  await until("nothing waits any more", () => {
    for (const worker of writer.records.workers()) worker.nudge();
    return waiting() === 0;
  });
  assert.equal(newcomer.value(namespace, "k"), "v");
});
