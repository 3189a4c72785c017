import assert from "node:assert/strict";
import test from "node:test";
import { EVERYWHERE } from "../cluster/index.ts";
import { MemoryLog } from "../store/index.ts";
import { Replica } from "./replica.ts";
import { readyKey } from "./tables.ts";
import type { TestHost } from "./test-hosts.ts";
import { TestHosts, env, network } from "./test-hosts.ts";

const MARK = { rank: 0, followed: new Uint8Array(0) };

test("a copy that could not be marked as complete, on a full disk, is not complete, and one that was marked before is as it was", async () => {
  await using all = new TestHosts(["a", "b"]);
  const [host] = all.hosts as [TestHost, TestHost];
  host.plugIn();
  const log = new MemoryLog(env, host.disk);
  const replica = await Replica.open(env, { log, cluster: host.view(), network, seal: () => assert.fail("nothing is written"), delegation: () => undefined });
  const { readiness } = replica;
  const mark = (group: number, rank: number): Promise<void> => replica.keep(() => [readiness.mark(group, { ...MARK, rank })]);
  await mark(7, 2);
  host.disk.isFull = true;
  for (const group of [7, EVERYWHERE]) await assert.rejects(mark(group, 0), { code: "LOG_FULL" });
  assert.deepEqual([readiness.own(7)?.rank, readiness.own(EVERYWHERE)], [2, undefined]);
  host.disk.isFull = false;
  await mark(EVERYWHERE, 0);
  assert.deepEqual([readiness.own(EVERYWHERE)?.rank, log.get(readyKey(EVERYWHERE)) !== undefined], [0, true]);
});
