import assert from "node:assert/strict";
import test from "node:test";
import type { HostId, StoreId } from "../codec/index.ts";
import { Cursors } from "./cursors.ts";
import type { Positions } from "./positions.ts";

const store = "store" as StoreId;
const group = 7;
const update = { store, group, place: { life: 1, sequence: 5 }, mark: { rank: 0, followed: new Uint8Array(0) }, epoch: 0 };

/** Cursors on a disk on which no position is. @param epochOf counts how often positions have begun anew */
function onEmptyDisk(epochOf = () => 0): Cursors {
  return new Cursors({ get: () => undefined, epoch: epochOf } as unknown as Positions);
}

test("what was left for later is waited for until it was gone back for twice in vain, however often the roster changed meanwhile", () => {
  const cursors = onEmptyDisk();
  let nowMs = 0;
  const leave = (roster: number): boolean => {
    cursors.hold(update, nowMs, roster);
    return cursors.isWaiting(store, group);
  };
  assert.ok(leave(0));
  for (let roster = 1; roster < 9; roster += 1) {
    nowMs += 1000;
    cursors.goBack(nowMs, roster);
    assert.ok(!cursors.isHeld(store, group), "the roster has changed");
    assert.ok(leave(roster));
  }
  cursors.goBack(nowMs + 9_999, 8);
  assert.ok(cursors.isHeld(store, group), "it is too early");
  for (const isWaiting of [true, false]) {
    nowMs += 10_000;
    cursors.goBack(nowMs, 8);
    assert.ok(!cursors.isHeld(store, group));
    assert.equal(leave(8), isWaiting);
  }
  assert.ok(cursors.isHeld(store, group), "its position stays before it");
});

test("a group of which nothing is left is waited for again when something is left for later anew", () => {
  const cursors = onEmptyDisk();
  for (const nowMs of [0, 10_000, 20_000]) {
    cursors.goBack(nowMs, 0);
    cursors.hold(update, nowMs, 0);
  }
  assert.ok(!cursors.isWaiting(store, group));
  cursors.goBack(30_000, 1);
  cursors.release(update);
  cursors.hold(update, 40_000, 1);
  assert.ok(cursors.isWaiting(store, group));
});

test("what was gone back for in vain before a group's positions began anew says nothing of what comes then", () => {
  let epoch = 0;
  const cursors = onEmptyDisk(() => epoch);
  for (const nowMs of [0, 10_000, 20_000]) {
    cursors.goBack(nowMs, 0);
    cursors.hold({ ...update, epoch }, nowMs, 0);
  }
  assert.ok(!cursors.isWaiting(store, group));
  epoch = 1;
  cursors.hold({ ...update, epoch }, 21_000, 0);
  assert.ok(cursors.isWaiting(store, group));
});

test("the store that a host had before is let go, unless another host has it", () => {
  const cursors = new Cursors({ get: () => undefined, epoch: () => 0, add: () => {} } as unknown as Positions);
  const [ann, ben] = ["ann", "ben"] as [HostId, HostId];
  const [first, second] = ["first", "second"] as [StoreId, StoreId];
  assert.equal(cursors.met(ann, first), undefined);
  assert.equal(cursors.met(ann, first), undefined);
  cursors.hold({ ...update, store: first }, 0, 0);
  assert.equal(cursors.met(ann, second), first);
  assert.ok(!cursors.holdsAny, "nor is anything of it gone back for");
  assert.equal(cursors.met(ben, second), undefined);
  assert.equal(cursors.met(ann, first), undefined);
});
