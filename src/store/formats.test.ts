import assert from "node:assert/strict";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import test from "node:test";
import type { TestContext } from "node:test";
import { fromHex, hex, idFromBytes, utf8 } from "../codec/index.ts";
import type { HostId, NetworkId, StoreId } from "../codec/index.ts";
import { CommitBatch, unpackCommits } from "./commit-batch.ts";
import { folders } from "./folders.ts";
import { chunksOf, contentOf, packId, pieceOf, temporaryFolder, testEnv } from "./harness.ts";
import { openValue } from "./log-entry.ts";
import { MARKER_NAME, markerBytes, readMarker } from "./marker.ts";
import { MemoryDisk } from "./memory-disk.ts";
import { MemoryLog } from "./memory-log.ts";
import { FilePieceStore } from "./piece-store.ts";
import { fileNameOf, piecePath } from "./piece-name.ts";
import { FileSegmentCache } from "./segment-cache.ts";
import { SqliteLog } from "./sqlite-log.ts";

// What lies on hosts' disks since this format was given out: written byte for byte as ever, and read for ever.

const FIXTURES = resolve(import.meta.dirname, "../../test/fixtures/disk");

const fixture = (name: string): Uint8Array => fromHex(readFileSync(join(FIXTURES, `${name}.hex`), "utf8").replaceAll("\n", ""));

function assertKept(name: string, bytes: Uint8Array): void {
  // A new format's fixture is written once, on purpose, and then kept for good.
  if (process.env["HOLDFAST_WRITE_FIXTURES"] === "1") writeFileSync(join(FIXTURES, `${name}.hex`), `${hex(bytes).replaceAll(/(.{160})/g, "$1\n").trimEnd()}\n`, { flag: "wx" });
  assert.equal(hex(bytes), hex(fixture(name)), "A format has changed. Give it a new version and keep reading the old one.");
}

function place(path: string, bytes: Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
}

const pack = packId("a pack");
const content = contentOf(100);
const piece = { ...pieceOf(content, pack), index: 3 };
const label = utf8("a label");

async function openPieces(directory: string, log: MemoryLog): Promise<FilePieceStore> {
  return FilePieceStore.open(testEnv, { directory, log, capacityBytes: 1e6, keepFreeBytes: 0 });
}

test("a piece's file and its entry in the index are written as ever", async (t) => {
  const directory = temporaryFolder(t);
  const log = new MemoryLog(testEnv, new MemoryDisk(testEnv.random));
  const store = await openPieces(directory, log);
  await store.put(piece, label, chunksOf(content), await store.reserve(content.length));
  assertKept("piece.v1", readFileSync(piecePath(directory, fileNameOf(pack, 3))));
  const [entry] = log.scan({ from: utf8("P"), to: utf8("Q") });
  assertKept("key-piece", entry!.key);
  assertKept("piece-index.v1", entry!.value);
});

test("an old piece's file is taken in by a host that has nothing but the file, and read", async (t) => {
  const directory = temporaryFolder(t);
  place(piecePath(directory, fileNameOf(pack, 3)), fixture("piece.v1"));
  const store = await openPieces(directory, new MemoryLog(testEnv, new MemoryDisk(testEnv.random)));
  assert.deepEqual(store.held(pack, 3), piece);
  assert.deepEqual([await store.read(pack, 3, 0, content.length), await store.packRecord(pack, 3)], [content, label]);
  await store.close();
});

test("an old entry of the piece index is read", async (t) => {
  const directory = temporaryFolder(t);
  place(piecePath(directory, fileNameOf(pack, 3)), fixture("piece.v1"));
  const log = new MemoryLog(testEnv, new MemoryDisk(testEnv.random));
  await log.commit([{ kind: "put", key: fixture("key-piece"), value: fixture("piece-index.v1") }]);
  const store = await openPieces(directory, log);
  assert.deepEqual(store.list(undefined, 10), [piece]);
});

test("a cached segment is written as ever, and an old one is read", async (t) => {
  const directory = temporaryFolder(t);
  const cache = await FileSegmentCache.open(testEnv, { directory, budgetBytes: 1e6, keepFreeBytes: 0 });
  await cache.put(pack, 12, content);
  const place12 = (folder: string): string => join(folders.cache(folder), pack.slice(0, 2), `${pack}.12`);
  assertKept("segment", readFileSync(place12(directory)));
  const other = temporaryFolder(t);
  place(place12(other), fixture("segment"));
  assert.deepEqual(await (await FileSegmentCache.open(testEnv, { directory: other, budgetBytes: 1e6, keepFreeBytes: 0 })).get(pack, 12), content);
});

test("a marker is written as ever, and an old one is read", async (t) => {
  const id = <Id extends string>(fill: number): Id => idFromBytes(new Uint8Array(32).fill(fill)) as unknown as Id;
  const marker = { format: 1, store: id<StoreId>(1), host: id<HostId>(2), network: id<NetworkId>(3), created: "2026-01-02T03:04:05.678Z" } as const;
  assertKept("marker.v1", markerBytes(marker));
  const directory = temporaryFolder(t);
  place(join(directory, MARKER_NAME), fixture("marker.v1"));
  assert.deepEqual(await readMarker(directory), marker);
});

const entries = [{ key: utf8("a key"), value: utf8("a value") }, { key: utf8("another"), value: new Uint8Array(0) }];

test("a value of the record log carries its checksum as ever, and an old one is read", () => {
  const batch = new CommitBatch();
  batch.add(entries.map((entry) => ({ kind: "put", ...entry }) as const));
  const [operations] = unpackCommits(batch.take());
  for (const [at, { key, value }] of entries.entries()) {
    assertKept(`log-value-${at}`, operations![at]!.value!);
    assert.deepEqual(openValue(key, fixture(`log-value-${at}`)), value);
  }
});

async function logIn(t: TestContext, bytes?: Uint8Array): Promise<{ readonly path: string; readonly log: SqliteLog }> {
  const path = join(temporaryFolder(t), "records.db");
  if (bytes !== undefined) place(path, bytes);
  return { path, log: await SqliteLog.open(testEnv, path) };
}

test("a record log's file that an old version wrote is read and written on", async (t) => {
  // What SQLite writes differs from version to version, so these bytes are only read.
  if (process.env["HOLDFAST_WRITE_FIXTURES"] === "1") {
    const { path, log } = await logIn(t);
    await log.commit(entries.map((entry) => ({ kind: "put", ...entry }) as const));
    await log.close();
    writeFileSync(join(FIXTURES, "records.db.v1.hex"), `${hex(readFileSync(path)).replaceAll(/(.{160})/g, "$1\n").trimEnd()}\n`, { flag: "wx" });
  }
  const { path, log } = await logIn(t, fixture("records.db.v1"));
  const all = { from: new Uint8Array(0), to: Uint8Array.of(255) };
  assert.deepEqual(log.scan(all), entries);
  const { storeId } = log;
  await log.commit([{ kind: "put", key: utf8("a third"), value: utf8("v") }]);
  await log.close();
  const again = await SqliteLog.open(testEnv, path);
  assert.deepEqual([again.storeId, again.scan(all).length], [storeId, 3]);
  await again.close();
});

test("every fixture of the disk is looked at", () => {
  assert.deepEqual(readdirSync(FIXTURES).sort(), ["key-piece.hex", "log-value-0.hex", "log-value-1.hex", "marker.v1.hex", "piece-index.v1.hex", "piece.v1.hex", "records.db.v1.hex", "segment.hex"]);
});
