import assert from "node:assert/strict";
import { readFileSync, readdirSync, rmSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import type { TestContext } from "node:test";
import { equalBytes } from "../codec/index.ts";
import { space } from "../platform/index.ts";
import { contentOf, listeningEnv, packId, temporaryFolder, testEnv } from "./harness.ts";
import { FileSegmentCache } from "./segment-cache.ts";

const PACK = packId("a pack");
/** A segment of 1,000 bytes takes 1,032 with its hash. */
const SEGMENT = contentOf(1000);
const FILE_BYTES = 1032;

function open(directory: string, budgetBytes = 1_000_000, keepFreeBytes = 0): Promise<FileSegmentCache> {
  return FileSegmentCache.open(testEnv, { directory, budgetBytes, keepFreeBytes });
}

function pathOf(directory: string, segment: number): string {
  return join(directory, "cache", PACK.slice(0, 2), `${PACK}.${segment}`);
}

function filesIn(directory: string): string[] {
  return readdirSync(join(directory, "cache"), { recursive: true, withFileTypes: true }).flatMap((entry) => (entry.isFile() ? [entry.name] : []));
}

async function present(cache: FileSegmentCache, segments: readonly number[]): Promise<number[]> {
  const found: number[] = [];
  for (const segment of segments) if ((await cache.get(PACK, segment)) !== undefined) found.push(segment);
  return found;
}

async function filled(t: TestContext, segments: number, budgetBytes?: number): Promise<{ directory: string; cache: FileSegmentCache }> {
  const directory = temporaryFolder(t);
  const cache = await open(directory, budgetBytes);
  for (let segment = 0; segment < segments; segment += 1) await cache.put(PACK, segment, SEGMENT);
  return { directory, cache };
}

test("a segment comes back as it was put, and what was not put is absent", async (t) => {
  const { cache } = await filled(t, 1);
  await cache.put(PACK, 1, new Uint8Array(0));
  assert.ok(equalBytes((await cache.get(PACK, 0))!, SEGMENT));
  assert.deepEqual(await cache.get(PACK, 1), new Uint8Array(0));
  assert.equal(await cache.get(PACK, 2), undefined);
  assert.equal(await cache.get(packId("another"), 0), undefined);
  assert.equal(cache.usedBytes, FILE_BYTES + 32);
  await assert.rejects(cache.get(PACK, -1), RangeError);
});

test("the least recently used goes when the budget is spent", async (t) => {
  const { cache, directory } = await filled(t, 3, 3 * FILE_BYTES);
  await cache.get(PACK, 0);
  await cache.put(PACK, 3, SEGMENT);
  assert.deepEqual(await present(cache, [0, 1, 2, 3]), [0, 2, 3]);
  assert.equal(cache.usedBytes, 3 * FILE_BYTES);
  assert.equal(filesIn(directory).length, 3);
});

test("many puts at once stay within the budget, and the same one is written once", async (t) => {
  const { cache, directory } = await filled(t, 0, 5 * FILE_BYTES);
  await Promise.all(Array.from({ length: 60 }, (_, n) => cache.put(PACK, n % 20, SEGMENT)));
  assert.ok(cache.usedBytes <= 5 * FILE_BYTES, `${cache.usedBytes} bytes`);
  assert.equal(cache.usedBytes, filesIn(directory).length * FILE_BYTES);
});

test("a segment larger than the budget is not kept", async (t) => {
  const { cache, directory } = await filled(t, 2, 2 * FILE_BYTES);
  await cache.put(PACK, 9, contentOf(3000));
  assert.equal(await cache.get(PACK, 9), undefined);
  assert.equal(filesIn(directory).length, 2);
});

test("a cache opened again has its segments, the oldest first to go", async (t) => {
  const { directory } = await filled(t, 3);
  for (const [segment, seconds] of [[0, 300], [1, 100], [2, 200]] as const) utimesSync(pathOf(directory, segment), seconds, seconds);
  writeFileSync(join(directory, "cache", "stranger"), "left alone");
  const again = await open(directory, 2 * FILE_BYTES);
  assert.equal(again.usedBytes, 2 * FILE_BYTES);
  assert.deepEqual(await present(again, [0, 1, 2]), [0, 2]);
  assert.ok(filesIn(directory).includes("stranger"));
});

test("a flipped byte anywhere, a torn file and a file under another name are absent and deleted", async (t) => {
  const directory = temporaryFolder(t);
  const small = contentOf(50);
  await (await open(directory)).put(PACK, 0, small);
  const whole = readFileSync(pathOf(directory, 0));
  const damages = Array.from({ length: whole.length }, (_, at) => () => {
    const damaged = Buffer.from(whole);
    damaged[at]! ^= 1 << (at % 8);
    writeFileSync(pathOf(directory, 0), damaged);
  });
  for (const damage of [...damages, () => truncateSync(pathOf(directory, 0), 60), () => truncateSync(pathOf(directory, 0), 10), () => truncateSync(pathOf(directory, 0), 0)]) {
    writeFileSync(pathOf(directory, 0), whole);
    damage();
    const cache = await open(directory);
    assert.equal(await cache.get(PACK, 0), undefined);
    assert.deepEqual(filesIn(directory), []);
    assert.equal(cache.usedBytes, 0);
  }
  writeFileSync(pathOf(directory, 7), whole);
  assert.equal(await (await open(directory)).get(PACK, 7), undefined);
});

test("a file that vanished is absent, and can be put again", async (t) => {
  const { cache, directory } = await filled(t, 1);
  rmSync(join(directory, "cache"), { recursive: true });
  assert.equal(await cache.get(PACK, 0), undefined);
  await cache.put(PACK, 0, SEGMENT);
  assert.ok(equalBytes((await cache.get(PACK, 0))!, SEGMENT));
});

test("clearing deletes everything, also what is being put", async (t) => {
  const { cache, directory } = await filled(t, 3);
  const putting = cache.put(PACK, 10, SEGMENT);
  await cache.clear();
  await putting;
  assert.equal(cache.usedBytes, 0);
  assert.deepEqual(filesIn(directory), []);
});

test("the disk's last free space is not taken, and the cache makes room before it gives up", async (t) => {
  const { directory } = await filled(t, 3);
  const { freeBytes } = await space(directory);
  const cache = await open(directory, 1_000_000, freeBytes * 2);
  await cache.put(PACK, 3, SEGMENT);
  assert.equal(await cache.get(PACK, 3), undefined);
  assert.deepEqual(filesIn(directory), []);
});

test("a disk that refuses the write is only logged", async (t) => {
  const directory = temporaryFolder(t);
  const { env, warnings } = listeningEnv();
  const cache = await FileSegmentCache.open(env, { directory, budgetBytes: 1_000_000, keepFreeBytes: 0 });
  writeFileSync(join(directory, "cache", PACK.slice(0, 2)), "a file where the folder should be");
  await cache.put(PACK, 0, SEGMENT);
  assert.deepEqual(warnings.slice(0, 1), ["a fetched segment could not be cached"]);
  assert.equal(cache.usedBytes, 0);
  assert.equal(await cache.get(PACK, 0), undefined);
});
