import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import type { TestContext } from "node:test";
import fc from "fast-check";
import { equalBytes, utf8 } from "../codec/index.ts";
import { verifyRange } from "../crypto/index.ts";
import { space } from "../platform/index.ts";
import { chunksOf, contentOf, leavesOf, packId, pieceOf, temporaryFolder, testEnv } from "./harness.ts";
import { MemoryDisk } from "./memory-disk.ts";
import { MemoryLog } from "./memory-log.ts";
import { FilePieceStore } from "./piece-store.ts";
import type { PieceStoreOptions } from "./piece-store.ts";
import { LEAF_BYTES } from "./port.ts";
import type { HeldPiece } from "./port.ts";

const RECORD = utf8("the pack's signed record");
const MIB = 1024 * 1024;

interface Bench {
  readonly directory: string;
  readonly disk: MemoryDisk;
  readonly store: FilePieceStore;
}

async function bench(t: TestContext, options: Partial<PieceStoreOptions> = {}): Promise<Bench> {
  const directory = temporaryFolder(t);
  const disk = new MemoryDisk(testEnv.random);
  const log = new MemoryLog(testEnv, disk);
  const store = await FilePieceStore.open(testEnv, { directory, log, capacityBytes: 64 * MIB, keepFreeBytes: 0, ...options });
  t.after(() => store.close());
  return { directory, disk, store };
}

async function keep(store: FilePieceStore, piece: HeldPiece, bytes: Uint8Array, chunk?: number): Promise<void> {
  await store.put(piece, RECORD, chunksOf(bytes, chunk), await store.reserve(piece.sizeBytes));
}

/** All files under the folder, as paths below it. */
function filesIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true }).flatMap((entry) => (entry.isFile() ? [join(entry.parentPath, entry.name).slice(directory.length + 1)] : []));
}

test("a piece reads back in any range, whatever the chunks it came in", async (t) => {
  const { store } = await bench(t);
  const sizes = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: -2, max: 2 }).map((n) => 4 * LEAF_BYTES + n), fc.integer({ min: 0, max: 6 * LEAF_BYTES }));
  let count = 0;
  await fc.assert(
    fc.asyncProperty(sizes, fc.integer({ min: 1, max: 3 * LEAF_BYTES }), fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), async (size, chunk, at, much) => {
      const bytes = contentOf(size, size + 1);
      const piece = pieceOf(bytes, packId(`pack ${count++}`));
      await keep(store, piece, bytes, size > 10_000 ? Math.max(chunk, 1000) : chunk);
      const offset = Math.floor(at * size);
      const length = Math.floor(much * (size - offset));
      assert.ok(equalBytes(await store.read(piece.pack, 0, offset, length), bytes.subarray(offset, offset + length)));
      assert.ok(equalBytes(await store.read(piece.pack, 0, 0, size), bytes));
      assert.deepEqual(store.held(piece.pack, 0), piece);
    }),
    { numRuns: 40 },
  );
});

test("leaves come with a proof that leads to the root", async (t) => {
  const { store } = await bench(t);
  const bytes = contentOf(9 * LEAF_BYTES + 77);
  const piece = pieceOf(bytes);
  await keep(store, piece, bytes);
  for (const [first, count] of [[0, 1], [0, 10], [3, 4], [9, 1], [8, 2]] as const) {
    const proven = await store.readProven(piece.pack, 0, first, count);
    assert.equal(proven.firstLeaf, first);
    assert.ok(equalBytes(proven.bytes, bytes.subarray(first * LEAF_BYTES, (first + count) * LEAF_BYTES)));
    assert.ok(verifyRange(piece.root, 10, first, leavesOf(proven.bytes), proven.proof));
  }
  assert.deepEqual(await store.packRecord(piece.pack, 0), RECORD);
});

test("a read beyond the piece, or of none, is refused", async (t) => {
  const { store } = await bench(t);
  const bytes = contentOf(100);
  const piece = pieceOf(bytes);
  await keep(store, piece, bytes);
  for (const [offset, length] of [[0, 101], [101, 0], [-1, 5], [0.5, 1], [0, Number.NaN], [2 ** 60, 2 ** 60]] as const) {
    await assert.rejects(store.read(piece.pack, 0, offset, length), { code: "OUT_OF_RANGE" });
  }
  await assert.rejects(store.readProven(piece.pack, 0, 0, 2), { code: "OUT_OF_RANGE" });
  assert.equal((await store.read(piece.pack, 0, 100, 0)).length, 0);
  for (const index of [1, -1, 1.5, 70_000]) await assert.rejects(store.read(piece.pack, index, 0, 1), { code: "PIECE_MISSING" });
  await assert.rejects(store.packRecord(packId("unknown"), 0), { code: "PIECE_MISSING" });
});

test("bytes of another size or hash are refused, and nothing of them stays", async (t) => {
  const { store, directory } = await bench(t);
  const bytes = contentOf(2 * LEAF_BYTES);
  const piece = pieceOf(bytes);
  for (const wrong of [bytes.subarray(1), new Uint8Array([...bytes, 0]), contentOf(2 * LEAF_BYTES, 2), new Uint8Array(0), contentOf(3 * LEAF_BYTES)]) {
    await assert.rejects(keep(store, piece, wrong), { code: "PIECE_MISMATCH" });
  }
  assert.deepEqual(filesIn(directory), []);
  assert.equal(store.held(piece.pack, 0), undefined);
  assert.equal(store.usedBytes, 0);
  assert.equal(await store.availableBytes(), 64 * MIB);
});

test("a piece that is here already is left as it is, and gives its space back", async (t) => {
  const { store } = await bench(t);
  const bytes = contentOf(1000);
  const piece = pieceOf(bytes);
  await keep(store, piece, bytes);
  const used = store.usedBytes;
  const untouched: AsyncIterable<Uint8Array> = { [Symbol.asyncIterator]: () => assert.fail("the source was read") };
  await store.put(piece, RECORD, untouched, await store.reserve(1000));
  assert.equal(store.usedBytes, used);
  assert.equal(await store.availableBytes(), 64 * MIB - used);
  await assert.rejects(store.put({ ...piece, root: new Uint8Array(32) }, RECORD, untouched, await store.reserve(1000)), { code: "PIECE_MISMATCH" });
});

test("the same piece put twice at once is written once", async (t) => {
  const { store, directory } = await bench(t);
  const bytes = contentOf(300_000);
  const piece = pieceOf(bytes);
  await Promise.all([keep(store, piece, bytes), keep(store, piece, bytes), keep(store, piece, bytes)]);
  assert.equal(filesIn(directory).length, 1);
  assert.ok(equalBytes(await store.read(piece.pack, 0, 0, 300_000), bytes));
  assert.equal(await store.availableBytes(), 64 * MIB - store.usedBytes);
});

test("pieces are listed in pages, every one once", async (t) => {
  const { store } = await bench(t);
  const bytes = contentOf(10);
  const pieces = Array.from({ length: 12 }, (_, n) => pieceOf(bytes, packId(`pack ${n >> 1}`), (n & 1) * 300));
  for (const piece of pieces) await keep(store, piece, bytes);
  const listed: HeldPiece[] = [];
  for (let page = store.list(undefined, 5); page.length > 0; page = store.list(page.at(-1), 5)) listed.push(...page);
  const names = (all: readonly HeldPiece[]): string[] => all.map(({ pack, index }) => `${pack}.${index}`).sort();
  assert.deepEqual(names(listed), names(pieces));
  assert.equal(new Set(names(listed)).size, 12);
});

test("a reservation takes space until it is used or released, and no more is promised than there is", async (t) => {
  const { store } = await bench(t, { capacityBytes: 10_000 });
  const first = await store.reserve(6000);
  await assert.rejects(store.reserve(6000), (error: Error & { code?: string }) => error.code === "STORE_FULL" && /\b38\d\d are left/.test(error.message));
  first.release();
  first.release();
  assert.equal(await store.availableBytes(), 10_000);
  const bytes = contentOf(6000);
  const piece = pieceOf(bytes);
  const reservation = await store.reserve(6000);
  await store.put(piece, RECORD, chunksOf(bytes), reservation);
  reservation.release();
  const used = 6000 + 32 + RECORD.length + 124;
  assert.equal(store.usedBytes, used);
  assert.equal(await store.availableBytes(), 10_000 - used);
  await assert.rejects(store.reserve(6000), { code: "STORE_FULL" });
  await store.remove(piece.pack, 0);
  assert.equal(store.usedBytes, 0);
  assert.equal(await store.availableBytes(), 10_000);
  await assert.rejects(store.put(piece, new Uint8Array(5000), chunksOf(bytes), await store.reserve(6000)), { code: "STORE_FULL" });
  assert.equal(await store.availableBytes(), 10_000);
  await assert.rejects(store.reserve(-1), RangeError);
});

test("a store that is to offer less than it holds keeps it all and takes nothing more, and one that offers more takes more", async (t) => {
  const { store } = await bench(t, { capacityBytes: 10_000 });
  const bytes = contentOf(6000);
  const piece = pieceOf(bytes);
  await keep(store, piece, bytes);
  store.resize(3000);
  assert.equal(await store.availableBytes(), 0);
  await assert.rejects(store.reserve(1), { code: "STORE_FULL" });
  assert.deepEqual(await store.read(piece.pack, piece.index, 0, 6000), bytes);
  store.resize(20_000);
  (await store.reserve(12_000)).release();
});

test("the disk's last free space is not given away", async (t) => {
  const { freeBytes } = await space(temporaryFolder(t));
  const { store } = await bench(t, { keepFreeBytes: freeBytes * 2, capacityBytes: freeBytes });
  assert.equal(await store.availableBytes(), 0);
  await assert.rejects(store.reserve(1), (error: Error & { code?: string }) => error.code === "STORE_FULL" && error.message.includes("stay free"));
});

test("a removed piece is gone, and removing it again succeeds", async (t) => {
  const { store, directory } = await bench(t);
  const bytes = contentOf(5000);
  const piece = pieceOf(bytes);
  await keep(store, piece, bytes);
  await store.read(piece.pack, 0, 0, 10);
  const reading = store.read(piece.pack, 0, 0, 5000);
  await Promise.all([store.remove(piece.pack, 0), store.remove(piece.pack, 0)]);
  assert.ok(equalBytes(await reading, bytes));
  assert.equal(store.held(piece.pack, 0), undefined);
  assert.deepEqual(filesIn(directory), []);
  assert.equal(store.usedBytes, 0);
  await assert.rejects(store.read(piece.pack, 0, 0, 1), { code: "PIECE_MISSING" });
});

test("many readers of many pieces get their own bytes while others are removed", async (t) => {
  const { store } = await bench(t);
  const all = Array.from({ length: 100 }, (_, n) => ({ bytes: contentOf(700, n + 1), pack: packId(`pack ${n}`) }));
  await Promise.all(all.map(({ bytes, pack }) => keep(store, pieceOf(bytes, pack), bytes)));
  const reads = all.flatMap(({ bytes, pack }) => [1, 2, 3].map(async () => assert.ok(equalBytes(await store.read(pack, 0, 0, 700), bytes))));
  const outcomes = await Promise.allSettled([...reads, ...all.slice(0, 20).map(({ pack }) => store.remove(pack, 0))]);
  const failures = outcomes.filter((outcome) => outcome.status === "rejected").map((outcome) => (outcome.reason as { code?: unknown }).code);
  assert.ok(failures.every((code) => code === "PIECE_MISSING"), String(failures));
  assert.equal(store.list(undefined, 200).length, 80);
});
