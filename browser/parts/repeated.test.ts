import assert from "node:assert/strict";
import test from "node:test";
import { askRepeatedly } from "./repeated.ts";

test("a question is asked again only after its answer has come, however long that takes", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const stop = new AbortController();
  const asked: PromiseWithResolvers<number>[] = [];
  const told: unknown[] = [];
  const question = (): Promise<number> => {
    const answer = Promise.withResolvers<number>();
    asked.push(answer);
    return answer.promise;
  };
  const asking = askRepeatedly({ question, everyMs: 10, onAnswer: (value) => told.push(value), onFailure: (error) => told.push(error) }, stop.signal);
  t.mock.timers.tick(1_000);
  assert.equal(asked.length, 1);
  asked[0]!.resolve(1);
  await settled();
  assert.deepEqual([told, asked.length], [[1], 1]);
  t.mock.timers.tick(10);
  await settled();
  asked[1]!.reject("no");
  await settled();
  t.mock.timers.tick(10);
  await settled();
  stop.abort();
  asked[2]!.resolve(3);
  await asking;
  assert.deepEqual([told, asked.length], [[1, "no"], 3], "an answer that nobody waits for any more is not told");
});

test("a question without an interval is asked once, and a pause ends when nobody wants to know any more", async () => {
  let count = 0;
  const asking = (everyMs: number | undefined, signal: AbortSignal): Promise<void> => askRepeatedly({ question: async () => (count += 1), everyMs, onAnswer: () => {}, onFailure: () => {} }, signal);
  await asking(undefined, new AbortController().signal);
  assert.equal(count, 1);
  const stop = new AbortController();
  const resting = asking(1_000_000, stop.signal);
  await settled();
  stop.abort();
  await resting;
  assert.equal(count, 2);
});

/** Until all that was waiting for a promise has gone on. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
