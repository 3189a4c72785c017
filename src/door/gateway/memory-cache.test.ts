import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { MemoryCache, SMALL_BYTES } from "./memory-cache.ts";

const load = (size: number) => async () => Buffer.alloc(size, size % 256);

test("the memory cache stays within its budget, whatever is read", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.nat({ max: 40 }), fc.nat({ max: 5000 })), { maxLength: 60 }), async (reads) => {
      const cache = new MemoryCache(20_000);
      for (const [id, size] of reads) {
        const { bytes } = await cache.take(`${id} ${size}`, size, load(size));
        assert.equal(bytes.length, size);
        assert.ok(cache.usedBytes <= 20_000);
      }
    }),
  );
});

test("the memory cache keeps what is used when it must make room", async () => {
  const cache = new MemoryCache(10_000);
  for (const id of ["a", "b", "c"]) await cache.take(id, 1000, load(1000));
  for (let round = 0; round < 20; round++) {
    assert.ok(cache.get("b"), `in round ${round}`);
    await cache.take(`new ${round}`, 1000, load(1000));
  }
  assert.equal(cache.get("a"), undefined);
});

test("the memory cache loads once for several who ask at once, and again after a failure", async () => {
  const cache = new MemoryCache(10_000);
  let loads = 0;
  const failing = async (): Promise<Buffer> => {
    loads += 1;
    throw new Error("out of reach");
  };
  const results = await Promise.allSettled([cache.take("a", 10, failing), cache.take("a", 10, failing)]);
  assert.deepEqual(results.map((each) => each.status), ["rejected", "rejected"]);
  assert.equal(loads, 1);
  assert.equal((await cache.take("a", 10, load(10))).bytes.length, 10);
});

test("the memory cache takes small files at once, larger ones at the second asking, and huge ones never", () => {
  const cache = new MemoryCache(32 * 1024 * 1024);
  assert.equal(cache.wants("small", SMALL_BYTES), true);
  assert.equal(cache.wants("larger", SMALL_BYTES + 1), false);
  assert.equal(cache.wants("larger", SMALL_BYTES + 1), true);
  assert.equal(cache.wants("huge", 5 * 1024 * 1024), false);
  assert.equal(cache.wants("huge", 5 * 1024 * 1024), false);
});

test("the memory cache's letters are the same bytes", async () => {
  const bytes = Buffer.from(Uint8Array.from({ length: 256 }, (_, at) => at));
  const { letters } = await new MemoryCache(10_000).take("a", 256, async () => bytes);
  assert.deepEqual(Buffer.from(letters!, "latin1"), bytes);
});
