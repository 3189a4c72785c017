import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import type { HostId } from "../codec/index.ts";
import { idFromBytes, utf8 } from "../codec/index.ts";
import { sha256 } from "../crypto/index.ts";
import type { Candidate } from "./index.ts";
import { preferenceList, sharesOf } from "./index.ts";
import { layoutName } from "./layout.ts";

const GIB = 1024 ** 3;

function candidates(count: number, zones: number, gib: (at: number) => number = () => 100): Candidate[] {
  return Array.from({ length: count }, (_, at) => ({ host: idFromBytes<HostId>(sha256(utf8(`host ${at}`))), zone: `zone ${at % zones}`, capacityBytes: gib(at) * GIB }));
}

test("a preference list names every host once, whatever the order in which they come", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 6 }), fc.nat(255), (count, zones, shard) => {
      const all = candidates(count, zones);
      const list = preferenceList(shard, all);
      assert.deepEqual([...list].sort(), all.map(({ host }) => host).sort());
      assert.deepEqual(preferenceList(shard, all.toReversed()), list);
    }),
  );
});

test("no zone has a second turn while another had none", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 6 }), fc.nat(255), (count, zones, shard) => {
      const all = candidates(count, zones);
      const zoneOf = new Map(all.map(({ host, zone }) => [host, zone]));
      const first = preferenceList(shard, all).slice(0, Math.min(zones, count)).map((host) => zoneOf.get(host));
      assert.equal(new Set(first).size, first.length);
    }),
  );
});

test("a host that leaves moves only the shards that it held first", () => {
  const all = candidates(12, 12);
  const gone = all[3]!.host;
  for (let shard = 0; shard < 256; shard += 1) {
    const before = preferenceList(shard, all);
    assert.deepEqual(preferenceList(shard, all.filter(({ host }) => host !== gone)), before.filter((host) => host !== gone));
  }
});

test("hosts lead shards in proportion to their weights", () => {
  const all = candidates(4, 4, (at) => (at === 0 ? 4 : 1));
  const led = Array.from({ length: 3000 }, (_, shard) => preferenceList(shard, all)[0]).filter((host) => host === all[0]!.host).length;
  // 4 of 7 are expected; the bounds are six standard deviations away.
  assert.ok(led > 1550 && led < 1880, String(led));
});

const lists = (all: readonly Candidate[]): HostId[][] => Array.from({ length: 256 }, (_, shard) => preferenceList(shard, all));

/** Places among the first three of all shards that another host has than before. */
function moved(before: readonly Candidate[], after: readonly Candidate[]): number {
  const [old, now] = [lists(before), lists(after)];
  return now.reduce((sum, list, shard) => sum + list.slice(0, 3).filter((host) => !old[shard]!.slice(0, 3).includes(host)).length, 0);
}

test("a host that joins or leaves among ten moves about its share of the copies and no more", () => {
  const ten = candidates(10, 10);
  const nine = ten.slice(0, 9);
  const places = 256 * 3;
  // A tenth is expected each way.
  for (const share of [moved(nine, ten) / places, moved(ten, nine) / places]) assert.ok(share > 0.07 && share < 0.13, String(share));
});

test("the shares of all hosts are told beside what their weights say", () => {
  const all = candidates(10, 10, (at) => (at === 0 ? 4 : 1));
  const shares = sharesOf(all, lists(all), 3);
  assert.equal(shares.reduce((sum, { shards }) => sum + shards, 0), 768);
  assert.ok(Math.abs(shares.reduce((sum, { fairShards }) => sum + fairShards, 0) - 768) < 60);
  assert.ok(shares.slice(1).every(({ shards }) => shards < shares[0]!.shards));
  assert.deepEqual(sharesOf(all.slice(0, 2), lists(all.slice(0, 2)), 3).map(({ shards }) => shards), [256, 256]);
});

test("a layout has another name when a list may be another, and the same when only small things changed", () => {
  const all = candidates(5, 3);
  const renamed = (change: Partial<Candidate>): string => layoutName(all.map((each, at) => (at === 2 ? { ...each, ...change } : each)));
  assert.equal(layoutName(all.toReversed()), layoutName(all));
  assert.equal(renamed({ capacityBytes: 101 * GIB }), layoutName(all));
  assert.notEqual(renamed({ capacityBytes: 400 * GIB }), layoutName(all));
  assert.notEqual(renamed({ zone: "another" }), layoutName(all));
  assert.notEqual(layoutName(all.slice(1)), layoutName(all));
});

test("hosts that are being emptied stand last and move only their own shards, and are assigned what nobody else is left for", () => {
  const all = candidates(6, 6);
  const emptied = all.map((each, at) => (at === 2 || at === 4 ? { ...each, isDraining: true } : each));
  const leaving = [all[2]!.host, all[4]!.host];
  for (const [shard, before] of lists(all).entries()) {
    const after = preferenceList(shard, emptied);
    assert.deepEqual(after.slice(0, 4), before.filter((host) => !leaving.includes(host)));
    assert.deepEqual(after.slice(4).sort(), [...leaving].sort());
  }
  const shares = sharesOf(emptied, lists(emptied), 3);
  assert.deepEqual(shares.filter(({ host }) => leaving.includes(host)).map(({ shards, fairShards }) => [shards, fairShards]), [[0, 0], [0, 0]]);
  assert.notEqual(layoutName(emptied), layoutName(all));
  assert.equal(preferenceList(1, all.map((each) => ({ ...each, isDraining: true }))).length, 6);
});
