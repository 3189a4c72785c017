import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { Limiter } from "./index.ts";

test("a limiter never gives out more than it has, and serves its takers in the order of their coming", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 10 }), fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 20 }), async (capacity, amounts) => {
      const limiter = new Limiter(capacity);
      const served: number[] = [];
      await Promise.all(
        amounts.map(async (amount, at) => {
          const giveBack = await limiter.take(amount);
          served.push(at);
          assert.ok(limiter.inUse <= capacity);
          await Promise.resolve();
          giveBack();
          giveBack();
        }),
      );
      assert.deepEqual(served, amounts.map((_, at) => at));
      assert.equal(limiter.inUse, 0);
    }),
  );
});

test("a taker that gives up leaves the queue and lets those behind it go on", async () => {
  const limiter = new Limiter(2);
  const giveBack = await limiter.take(1);
  const patience = new AbortController();
  const large = limiter.take(2, patience.signal);
  const small = limiter.take(1);
  patience.abort(new Error("enough"));
  await assert.rejects(large, /enough/);
  (await small)();
  giveBack();
  assert.equal(limiter.inUse, 0);
  assert.equal(limiter.waiting, 0);
});

test("a limiter gives its unit back when the work fails", async () => {
  const limiter = new Limiter(1);
  await assert.rejects(limiter.run(() => Promise.reject(new Error("no"))), /no/);
  assert.equal(await limiter.run(() => Promise.resolve(7)), 7);
});
