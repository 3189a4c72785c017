import assert from "node:assert/strict";
import test from "node:test";
import { EVERYWHERE, namespaceIdOf, shardOf } from "../cluster/index.ts";
import { TestHosts, kv, settled } from "./test-hosts.ts";
import type { TestHost } from "./test-hosts.ts";

test("each host that is there tells how many records of each group it has, and how large they are, deletions left out", async () => {
  await using all = await TestHosts.of("a", "b", "c", "d");
  const genesis = kv(3, "stock");
  const namespace = namespaceIdOf(genesis);
  const shard = shardOf(namespace, genesis, "");
  for (const host of all.hosts) await host.records.create(genesis);
  await settled(all, genesis);
  const targets = all.list(shard).slice(0, 3).map((id) => all.byId(id));
  const other = all.hosts.find((host) => !targets.includes(host))!;
  const [first, second, away] = targets as [TestHost, TestHost, TestHost];
  for (const key of ["k", "l", "m"]) await first.records.write([{ namespace, key, value: new Uint8Array(1000) }], { copies: 3 });
  await first.records.write([{ namespace, key: "m", value: null }], { copies: 3 });
  await away.stop();
  const stock = await other.records.stock();
  assert.deepEqual([...stock.keys()].sort(), [other, first, second].map(({ self }) => self).sort());
  const of = (host: TestHost): unknown => stock.get(host.self)?.filter(({ group }) => group !== EVERYWHERE).map((each) => [each.group, each.records, each.bytes > 2000 && each.bytes < 6000]);
  assert.ok(stock.get(other.self)!.some(({ group, records }) => group === EVERYWHERE && records > 0), "what is on all hosts is told too");
  assert.deepEqual([of(other), of(first), of(second)], [[], [[shard, 2, true]], [[shard, 2, true]]]);
});
