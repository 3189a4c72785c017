import assert from "node:assert/strict";
import test from "node:test";
import type { EventRow } from "../src/door/index.ts";
import { eventsAfter } from "./events.ts";

const events = (from: number, to: number): EventRow[] => Array.from({ length: to - from + 1 }, (_, at) => ({ number: from + at, atMs: 0, what: "back", host: "barn" }) as EventRow);

test("events that come late are added to those known, of which the last 500 are kept", () => {
  assert.deepEqual(eventsAfter(events(1, 2), { events: events(3, 4), forgotten: 0 }), events(1, 4));
  assert.deepEqual(eventsAfter(events(1, 400), { events: events(401, 600) }), events(101, 600));
  const known = events(1, 3);
  assert.equal(eventsAfter(known, {}), known);
});

test("of a host that was started anew nothing of before is shown, even when nothing has happened since", () => {
  assert.deepEqual(eventsAfter(events(1, 3), { events: [], forgotten: null }), []);
  assert.deepEqual(eventsAfter(events(1, 3), { forgotten: null }), []);
  assert.deepEqual(eventsAfter(events(1, 3), { events: events(1, 1), forgotten: null }), events(1, 1));
});
