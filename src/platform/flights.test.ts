import assert from "node:assert/strict";
import test from "node:test";
import { Flights } from "./flights.ts";

test("work that nobody waits for any more is given up, and a newcomer begins it anew", async () => {
  const flights = new Flights<number>();
  const [first, second] = [new AbortController(), new AbortController()];
  const begun: AbortSignal[] = [];
  const gate = Promise.withResolvers<number>();
  const work = (signal: AbortSignal): Promise<number> => {
    begun.push(signal);
    return gate.promise;
  };
  const waiting = [flights.join("a", first.signal, work), flights.join("a", second.signal, work)];
  first.abort(new Error("gone"));
  await assert.rejects(waiting[0]!, /gone/);
  assert.equal(begun[0]!.aborted, false);
  second.abort(new Error("gone too"));
  await assert.rejects(waiting[1]!, /gone too/);
  assert.equal(begun[0]!.aborted, true);
  const third = flights.join("a", new AbortController().signal, work);
  gate.resolve(7);
  assert.equal(await third, 7);
  assert.equal(begun.length, 2);
});
