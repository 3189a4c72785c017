import assert from "node:assert/strict";
import test from "node:test";
import { EVERYWHERE } from "../cluster/index.ts";
import type { HostId } from "../codec/index.ts";
import type { LayoutStanding, GroupStock } from "../records/index.ts";
import { layoutOf } from "./layout-view.ts";

const [a, b, c] = ["a", "b", "c"] as HostId[] as [HostId, HostId, HostId];
const cluster = { shares: () => [a, b, c].map((host) => ({ host, shards: 2, fairShards: 2 })), member: () => undefined } as unknown as Parameters<typeof layoutOf>[0];
const has = (group: number, records: number): GroupStock => ({ group, records, bytes: records * 100 });
const standing = (shards: LayoutStanding["shards"]): LayoutStanding => ({ replicas: 2, shards, everywhere: { targets: [a, b, c], ready: [a, b, c] } });
const leftOf = (stock: readonly (readonly [HostId, readonly GroupStock[]])[], shards: LayoutStanding["shards"]): unknown => {
  const { left, hosts } = layoutOf(cluster, standing(shards), new Map(stock));
  return { left, hosts: hosts.map(({ leftRecords }) => leftRecords) };
};

test("what is left to move is what the fullest complete copy has more than a host that is to have one", () => {
  const shards = [{ shard: 3, targets: [a, b], ready: [a, c] }, { shard: 4, targets: [b, c], ready: [b, c] }];
  const stock: readonly (readonly [HostId, readonly GroupStock[]])[] = [[a, [has(3, 50)]], [b, [has(3, 20), has(4, 7)]], [c, [has(3, 60), has(4, 1)]]];
  assert.deepEqual(leftOf(stock, shards), { left: { records: 40, bytes: 4000, unknown: 0 }, hosts: [0, 40, 0] });
  const { moving, hosts } = layoutOf(cluster, standing(shards), new Map(stock));
  assert.deepEqual([moving, hosts.map(({ records, bytes }) => [records, bytes])], [1, [[50, 5000], [27, 2700], [61, 6100]]]);
});

test("a copy of which nobody who answers knows what is missing is counted as unknown, and hosts that do not answer have unknown amounts", () => {
  const shards = [{ shard: 3, targets: [a, b], ready: [a] }];
  assert.deepEqual(leftOf([[a, [has(3, 50)]], [c, []]], shards), { left: { records: 0, bytes: 0, unknown: 1 }, hosts: [0, null, 0] });
  assert.deepEqual(leftOf([[b, [has(3, 5)]], [c, []]], shards), { left: { records: 0, bytes: 0, unknown: 1 }, hosts: [null, 0, 0] });
});

test("what belongs on all hosts counts as what is left for a host that has not all of it", () => {
  const stock: readonly (readonly [HostId, readonly GroupStock[]])[] = [[a, [has(EVERYWHERE, 9)]], [b, [has(EVERYWHERE, 2)]], [c, [has(EVERYWHERE, 9)]]];
  const { moving, left } = layoutOf(cluster, { ...standing([]), everywhere: { targets: [a, b, c], ready: [a, c] } }, new Map(stock));
  assert.deepEqual([moving, left], [0, { records: 7, bytes: 700, unknown: 0 }]);
});
