import assert from "node:assert/strict";
import test from "node:test";
import { TokenBucket } from "./index.ts";

test("a bucket gives its burst at once, then what comes in, and has what was taken beyond made up for", () => {
  let nowMs = 1000;
  const bucket = new TokenBucket({ wallMs: () => 0, monotonicMs: () => nowMs }, { perSecond: 10, burst: 20 });
  assert.equal(bucket.isFull, true);
  bucket.take(15);
  assert.deepEqual([bucket.level, bucket.waitMs, bucket.isFull], [5, 0, false]);
  bucket.take(10);
  assert.deepEqual([bucket.level, bucket.waitMs], [-5, 501]);
  nowMs += 501;
  assert.ok(bucket.level > 0);
  nowMs += 1e9;
  assert.deepEqual([bucket.level, bucket.isFull], [20, true]);
});
