import assert from "node:assert/strict";
import test from "node:test";
import { namespaceIdOf, shardOf } from "../cluster/index.ts";
import type { Genesis } from "../cluster/index.ts";
import type { NamespaceId } from "../codec/index.ts";
import { NOT_READY } from "./marks.ts";
import type { KeyState } from "./port.ts";
import type { TestHost } from "./test-hosts.ts";
import { TestHosts, everywhereId, kv, settled, textOf, until } from "./test-hosts.ts";

const names = ["a", "b", "c", "d", "e"];

/** A namespace of so many replicas in a given group. */
function kvIn(group: number, replicas: number): Genesis {
  for (let at = 0; ; at += 1) {
    const genesis = kv(replicas, `of ${replicas}, ${at}`);
    if (shardOf(namespaceIdOf(genesis), genesis, "") === group) return genesis;
  }
}

async function turns(host: TestHost): Promise<void> {
  const worker = host.records.workers()[0]!;
  const { runs } = worker.status();
  await until(`${host.name} has had its turns`, () => {
    worker.nudge();
    return worker.status().runs > runs + 4;
  });
}

/** Waits while the hosts catch up without pauses. */
async function catchingUp(what: string, hosts: readonly TestHost[], isTrue: () => boolean): Promise<void> {
  await until(what, () => {
    for (const host of hosts) if (host.isUp) host.records.workers()[0]!.nudge();
    return isTrue();
  });
}

const group = 7;
const [two, three] = [kvIn(group, 2), kvIn(group, 3)];
const [ofTwo, ofThree] = [two, three].map(namespaceIdOf) as [NamespaceId, NamespaceId];

test("a host that has caught up with who is complete for namespaces of three replicas is complete for none of two, before it has met the other host that should have those", async () => {
  await using all = await TestHosts.of(...names);
  const [first, second, ...others] = all.list(group).map((id) => all.byId(id)) as [TestHost, TestHost, TestHost, TestHost, TestHost];
  const [third, reader] = others;
  for (const host of all.hosts) for (const genesis of [two, three]) await host.records.create(genesis);
  await settled(all, two);
  await settled(all, three);
  for (const namespace of [ofTwo, ofThree]) assert.ok((await first.put(namespace, "k", "v")).safe);
  // The first is set back: it has what it had, and is complete for nothing before it has met the second.
  const backup = first.disk.image();
  await first.put(everywhereId, "later", "v");
  await second.stop();
  await first.stop();
  first.disk.restore(backup);
  await all.restart(first);
  await catchingUp("all hear that the first is not complete", all.hosts, () => others.every((host) => host.publishedRank(first, group) === NOT_READY));
  await first.stop();
  // The second has lost its disk. Only the third is known to be complete, and only for namespaces of three replicas and more.
  second.disk.wipe();
  await second.start();
  for (const genesis of [two, three]) await second.records.create(genesis);
  await all.connect();
  await catchingUp("it has what the third has", all.hosts, () => second.value(ofThree, "k") === "v");
  await turns(second);
  assert.equal(reader.publishedRank(third, group), 2);
  for (const host of [second, reader]) assert.equal((await host.records.read(ofTwo, "k"))?.isPartial, true, "nobody who answers can know");
  assert.equal(textOf(await reader.records.read(ofThree, "k")), "v");
  await all.restart(first);
  await catchingUp("it has what the first has", all.hosts, () => second.value(ofTwo, "k") === "v");
  for (const host of [second, reader]) await complete(all, host);
});

/** Waits until the host is answered by a complete copy. */
async function complete(all: TestHosts, host: TestHost): Promise<void> {
  for (let state: KeyState | undefined; state === undefined || state.isPartial === true; await turns(host)) {
    for (const each of all.hosts) each.records.workers()[0]!.nudge();
    state = await host.records.read(ofTwo, "k");
    assert.equal(textOf(state), "v");
  }
}
