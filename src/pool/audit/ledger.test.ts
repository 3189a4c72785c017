import assert from "node:assert/strict";
import test from "node:test";
import type { Outcome } from "./challenge.ts";
import { Ledger } from "./ledger.ts";

function told(isSuspect: boolean, ...outcomes: readonly Outcome[]): Ledger {
  const ledger = new Ledger(isSuspect);
  for (const outcome of outcomes) ledger.add([{ outcome }]);
  return ledger;
}

const times = (count: number, outcome: Outcome): Outcome[] => Array.from({ length: count }, () => outcome);

test("a host is suspect from the third piece that it cannot show among 32, and when it is late twice as often", () => {
  assert.equal(told(false, "absent", ...times(20, "right"), "wrong").isSuspect, false);
  assert.equal(told(false, "absent", ...times(20, "right"), "wrong", "absent").isSuspect, true);
  assert.equal(told(false, "absent", ...times(32, "right"), "wrong", "absent").isSuspect, false, "the first is too long ago");
  assert.equal(told(false, ...times(5, "late")).isSuspect, false);
  assert.equal(told(false, ...times(6, "late")).isSuspect, true);
});

test("a suspect is one until it has answered rightly 32 times in a row", () => {
  assert.equal(told(true, ...times(31, "right")).isSuspect, true);
  assert.equal(told(true, ...times(32, "right")).isSuspect, false);
  assert.equal(told(true, ...times(31, "right"), "late", "right").isSuspect, true);
  assert.equal(told(true, ...times(31, "right"), "unheard", "right").isSuspect, false, "what was not heard changes nothing");
  const nothing = new Ledger(true);
  for (let turn = 0; turn < 4; turn += 1) nothing.nothingClaimed(8);
  assert.equal(nothing.isSuspect, false);
});

test("who is always too busy to answer is suspect in the end", () => {
  assert.equal(told(false, ...times(63, "unheard")).isSuspect, false);
  assert.equal(told(false, ...times(64, "unheard")).isSuspect, true);
  assert.equal(told(false, ...times(63, "unheard"), "right", "unheard").isSuspect, false);
});

test("that a host fetched what it was asked for takes the word of witnesses in two zones, or the auditor's own eyes", () => {
  const seen = (isSeenHere: boolean, ...zones: readonly string[]): boolean => {
    const ledger = new Ledger(false);
    for (const zone of zones) ledger.add([{ outcome: "fetched", seenIn: [zone], isSeenHere }]);
    return ledger.isSuspect;
  };
  assert.equal(seen(false, "a", "a", "a", "a", "a", "a"), false, "one witness could say it of anybody");
  assert.equal(seen(false, "a", "b", "a"), true);
  assert.equal(seen(true, "a", "a", "a"), true);
  assert.equal(seen(true, "a", "a"), false);
});

test("what a host has proven is its share of right answers, once there are eight of them", () => {
  assert.equal(told(false, ...times(7, "right")).provenBytes(1_000), undefined);
  assert.equal(told(false, ...times(8, "right")).provenBytes(1_000), 1_000);
  assert.equal(told(false, ...times(6, "right"), "absent", "late").provenBytes(1_000), 750);
  assert.equal(told(false, ...times(6, "right"), "absent", "late").failures, 2);
});
