import assert from "node:assert/strict";
import test from "node:test";
import type { HostId, NamespaceId } from "../codec/index.ts";
import { idFromBytes } from "../codec/index.ts";
import type { StoredRecord } from "./batch.ts";
import type { FloorState } from "./floor.ts";
import { Floor } from "./floor.ts";
import type { FloorRecord } from "./marks.ts";
import { floorCodec, floorKeyOf } from "./marks.ts";
import type { Rows } from "./rows.ts";

const idOf = (byte: number): string => idFromBytes<HostId>(new Uint8Array(32).fill(byte));
const NETWORK = idOf(1) as NamespaceId;
const [SELF, OTHER] = [2, 3].map((byte) => idOf(byte) as HostId) as [HostId, HostId];

/** Rows of which only those of rounds are asked for; counts how often. */
function rowsOf(said: Map<HostId, FloorRecord>): { readonly rows: Rows; readonly reads: () => number } {
  let reads = 0;
  const rows = {
    get: () => undefined,
    page: () => ({ keys: [...said.keys()].map((host) => ({ key: floorKeyOf(host), siblings: [] })), next: undefined }),
    siblings: (_namespace: NamespaceId, key: string): readonly StoredRecord[] => {
      reads += 1;
      const record = said.get(key.slice("floor/".length) as HostId);
      return record === undefined ? [] : [{ body: { value: floorCodec.encode(record) } } as StoredRecord];
    },
  };
  return { rows: rows as unknown as Rows, reads: () => reads };
}

test("what hosts have published of their rounds is read once, and again when it was applied, went, or may be anything", () => {
  const said = new Map([[SELF, { begun: 1, done: 0, sets: [] }], [OTHER, { begun: 1, done: 1, sets: [7] }]]);
  const { rows, reads } = rowsOf(said);
  const floor = new Floor(SELF, NETWORK, rows);
  assert.deepEqual(floor.records(), said);
  assert.deepEqual([floor.records().get(OTHER), floor.record(OTHER), floor.published], [said.get(OTHER), said.get(OTHER), said.get(SELF)]);
  assert.equal(reads(), 2);

  said.set(OTHER, { begun: 2, done: 1, sets: [7] });
  floor.applied([`host/${OTHER}`]);
  assert.equal(floor.record(OTHER)?.begun, 1);
  floor.applied([floorKeyOf(OTHER)]);
  assert.deepEqual([floor.record(OTHER)?.begun, floor.records().get(OTHER)?.begun, reads()], [2, 2, 3]);

  said.delete(OTHER);
  floor.forget();
  assert.deepEqual([floor.record(OTHER), floor.records()], [undefined, new Map([[SELF, said.get(SELF)!]])]);
});

test("of a floor that a newcomer has missed others have missed it too who have done no round since, or that one among other hosts", () => {
  const said = new Map<HostId, FloorRecord>();
  const floor = new Floor(SELF, NETWORK, rowsOf(said).rows);
  const newcomer: FloorState = { floor: 4, set: 7, hosts: [], mark: 0, raisedMs: 0, begun: 3, begunMark: 0, done: 3, sets: [], isNewcomer: true, reached: 3 };
  const hasMissed = (record: FloorRecord | undefined, state = newcomer): boolean => {
    if (record === undefined) said.delete(OTHER);
    else said.set(OTHER, record);
    floor.become(state);
    floor.forget();
    return floor.hasMissedToo(OTHER);
  };
  assert.equal(hasMissed(undefined), true);
  assert.equal(hasMissed({ begun: 4, done: 3, sets: [7] }), true);
  assert.equal(hasMissed({ begun: 4, done: 4, sets: [7] }), false);
  assert.equal(hasMissed({ begun: 4, done: 4, sets: [8] }), true);
  assert.equal(hasMissed({ begun: 5, done: 5, sets: [8] }), false);
  assert.equal(hasMissed({ begun: 5, done: 5, sets: [8] }, { ...newcomer, floor: 5 }), false, "it may have been among those of the floor before");
  const between: FloorState = { ...newcomer, sets: [{ name: 7, hosts: [] }], reached: 2 };
  for (const missed of [3, 4, 5]) {
    const state = { ...between, floor: missed, set: 9 };
    assert.equal(hasMissed({ begun: 3, done: 2, sets: [5] }, state), true);
    assert.equal(hasMissed({ begun: 3, done: 3, sets: [7] }, state), true, "it has done that round among the same hosts, and no other");
    assert.equal(hasMissed({ begun: 3, done: 3, sets: [7, 8] }, state), missed === 3, "floor 3 may be that of set 8");
    assert.equal(hasMissed({ begun: 5, done: 5, sets: [9] }, state), false);
  }
});
