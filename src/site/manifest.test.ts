import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { namespaceIdOf } from "../cluster/index.ts";
import type { NamespaceId, NetworkId, PackId } from "../codec/index.ts";
import { RAW, blobIdOf, compareBytes, concatBytes, idFromBytes, utf8 } from "../codec/index.ts";
import { sha256 } from "../crypto/index.ts";
import { Breathing, machineEnv, silentLog } from "../platform/index.ts";
import { siteGenesis } from "./claim.ts";
import { FakePool } from "./fakes/pool.ts";
import { namedId } from "./fakes/records.ts";
import type { BlobPlace, Head } from "./head.ts";
import { ManifestCache } from "./manifest-cache.ts";
import type { ManifestIndex, ManifestPage } from "./manifest-format.ts";
import { indexCodec, pageCodec } from "./manifest-format.ts";
import type { ListedFile } from "./manifest-writer.ts";
import { joined, writePages } from "./manifest-writer.ts";
import { Manifest, loadManifest } from "./manifest.ts";

const env = machineEnv(silentLog);
const namespace = namespaceIdOf(siteGenesis(namedId<NetworkId>("n"), namedId("ada"), new Uint8Array(16)));
const pack = idFromBytes<PackId>(sha256(utf8("a pack")));
const other = idFromBytes<PackId>(sha256(utf8("another pack")));
const blob = blobIdOf(RAW, sha256(utf8("x")));

function file(path: string, changed: Partial<ListedFile> = {}): ListedFile {
  return { path, id: blob, sizeBytes: 1, type: "text/plain", modifiedMs: 1, extents: [{ pack, offset: 0, length: 1 }], ...changed };
}

function manifestOf(files: readonly ListedFile[]): Manifest {
  return new Manifest([pack], [...writePages(files)]);
}

test("a manifest finds every path that was written and no other", () => {
  const path = fc.array(fc.constantFrom("a", "b", "ä", "\u{ffee}", "🌿", "x-y"), { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
  fc.assert(
    fc.property(fc.uniqueArray(path, { maxLength: 40 }), path, (paths, stranger) => {
      const manifest = manifestOf(paths.map((each, at) => file(each, { modifiedMs: at })));
      for (const [at, each] of paths.entries()) assert.equal(manifest.file(each)?.modifiedMs, at);
      assert.equal(manifest.file(stranger) === undefined, !paths.includes(stranger));
      assert.equal([...manifest.all()].length, paths.length);
      assert.equal(manifest.files, paths.length);
    }),
  );
});

test("a folder lists what lies right below it, and no other path is a folder, however its files lie on pages", async () => {
  const path = fc.array(fc.constantFrom("a", "b", "a-", "ä", "🌿"), { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(path, { maxLength: 30 }), fc.integer({ min: 1, max: 4 }), path, async (paths, perPage, stranger) => {
      const files = paths.map((each) => file(each, { sizeBytes: each.length, extents: [{ pack, offset: 0, length: each.length }] })).sort((a, b) => compareBytes(utf8(a.path), utf8(b.path)));
      const pages = Array.from({ length: Math.ceil(files.length / perPage) }, (_, at) => [...writePages(files.slice(at * perPage, (at + 1) * perPage))]).flat();
      const manifest = new Manifest([pack], pages);
      for (const folder of ["", stranger, ...paths, ...paths.map((each) => each.slice(0, each.lastIndexOf("/"))).filter((each) => paths.every((other) => other !== each))]) {
        const below = paths.filter((each) => folder === "" || each.startsWith(`${folder}/`)).map((each) => each.slice(folder === "" ? 0 : folder.length + 1));
        const sizes = new Map<string, number>();
        for (const rest of below) {
          const name = rest.replace(/\/.*$/, "/");
          sizes.set(name, (sizes.get(name) ?? 0) + rest.length + (folder === "" ? 0 : folder.length + 1));
        }
        const listed = await manifest.folder(folder, new Breathing(env));
        assert.equal(manifest.hasFolder(folder), folder === "" || below.length > 0);
        assert.deepEqual(new Map(listed.map(({ name, sizeBytes }) => [name, sizeBytes])), sizes);
        assert.ok(listed.every(({ name, isFolder }) => isFolder === name.endsWith("/")));
      }
    }),
  );
});

test("a listing takes no memory for the folders that were not asked for, of which few files can have very many", async () => {
  const manifest = manifestOf(Array.from({ length: 5_000 }, (_, at) => file(`f${at}/${"a/".repeat(60)}x`)));
  const before = process.memoryUsage().heapUsed;
  assert.equal((await manifest.folder("", new Breathing(env))).length, 5_000);
  const tookBytes = process.memoryUsage().heapUsed - before;
  assert.ok(tookBytes < 64 * 1024 * 1024, `${tookBytes} bytes`);
});

test("fifty thousand files make pages of bounded size, and one more file changes one or two of them", () => {
  const files = Array.from({ length: 50_000 }, (_, at) => file(`section-${at % 97}/article-${at}/index.html`, { sizeBytes: 1 }));
  const pages = [...writePages(files)];
  assert.ok(pages.every(({ bytes }) => bytes.length <= 512 * 1024));
  assert.ok(pages.length > 20 && pages.length < 1000, `${pages.length} pages`);
  const before = new Set(pages.map(({ bytes }) => blobIdOf(RAW, sha256(bytes))));
  const after = [...writePages([...files, file("section-50/new.html")])].map(({ bytes }) => blobIdOf(RAW, sha256(bytes)));
  assert.ok(after.filter((id) => !before.has(id)).length <= 2);
  const manifest = manifestOf(files);
  assert.equal(manifest.file("section-9/article-9/index.html")?.sizeBytes, 1);
});

test("adjacent extents of one pack are one", () => {
  const extents = [{ pack, offset: 0, length: 5 }, { pack, offset: 5, length: 6 }, { pack, offset: 20, length: 1 }, { pack: other, offset: 21, length: 1 }];
  assert.deepEqual(joined(extents), [{ pack, offset: 0, length: 11 }, { pack, offset: 20, length: 1 }, { pack: other, offset: 21, length: 1 }]);
});

test("a file in too many pieces to be listed is named", () => {
  const extents = Array.from({ length: 32_000 }, (_, at) => ({ pack: idFromBytes<PackId>(sha256(utf8(`pack ${at}`))), offset: 0, length: 1 }));
  assert.throws(() => [...writePages([file("film", { sizeBytes: 32_000, extents })])], { code: "SITE_TOO_LARGE", message: /film/ });
});

/** Puts a manifest, as a publisher might craft it, into a pool. */
async function stored(index: ManifestIndex, pages: readonly Uint8Array[]): Promise<{ pool: FakePool; place: BlobPlace }> {
  const pool = new FakePool();
  const blobs = [...pages, indexCodec.encode(index)];
  let offset = 0;
  const placed = blobs.map((bytes) => ({ id: blobIdOf(RAW, sha256(bytes)), offset: (offset += bytes.length) - bytes.length, length: bytes.length }));
  const { pack } = await pool.store(namespace, { bytes: concatBytes(...blobs), blobs: placed }, { kind: "copies", copies: "all" });
  return { pool, place: { ...placed.at(-1)!, pack } };
}

function entryOf(bytes: Uint8Array, offset: number, changed: Partial<ManifestIndex["pages"][number]> = {}): ManifestIndex["pages"][number] {
  return { first: "a", files: 1, id: blobIdOf(RAW, sha256(bytes)), pack: 0, offset, length: bytes.length, ...changed };
}

const row: ManifestPage["files"][number] = { path: "a", id: blob, sizeBytes: 1, type: 0, modifiedMs: 1, extents: [0, 0, 1] };

async function loadPage(page: Partial<ManifestPage>, changed: Partial<ManifestIndex["pages"][number]> = {}): Promise<Manifest> {
  const bytes = pageCodec.encode({ packs: [pack], types: ["text/plain"], files: [row], ...page });
  const { pool, place } = await stored({ packs: [pack], pages: [entryOf(bytes, 0, changed)] }, [bytes]);
  return loadManifest(pool, namespace, place);
}

test("a manifest that a hostile publisher crafted is refused as damaged, never followed", async () => {
  assert.equal((await loadPage({})).file("a")?.sizeBytes, 1);
  const pages: Readonly<Record<string, Partial<ManifestPage>>> = {
    "a path that leaves its folder": { files: [{ ...row, path: "../../etc/passwd" }] },
    "a path with a control character": { files: [{ ...row, path: "a\u001b[2J" }] },
    "files out of order": { files: [{ ...row, path: "b" }, row] },
    "a path twice": { files: [row, row] },
    "a pack that is not listed": { files: [{ ...row, extents: [1, 0, 1] }] },
    "a type that is not listed": { files: [{ ...row, type: 1 }] },
    "extents that end in the middle": { files: [{ ...row, extents: [0, 0] }] },
    "extents of another size than the file": { files: [{ ...row, extents: [0, 0, 2] }] },
    "more files than the index says": { files: [row, { ...row, path: "b" }] },
  };
  for (const [what, page] of Object.entries(pages)) {
    const manifest = await loadPage(page);
    assert.throws(() => [...manifest.all()], { code: "DAMAGED_SITE" }, what);
  }
});

test("an index that contradicts itself is refused as damaged", async () => {
  const bytes = pageCodec.encode({ packs: [pack], types: ["text/plain"], files: [row] });
  const entry = entryOf(bytes, 0);
  const indexes: Readonly<Record<string, ManifestIndex>> = {
    "a pack that it does not list": { packs: [], pages: [{ ...entry, pack: 1 }] },
    "pages out of order": { packs: [], pages: [{ ...entry, first: "b" }, entry] },
    "a page elsewhere than it says": { packs: [], pages: [{ ...entry, offset: 1, length: bytes.length }] },
    "more files than a site may have": { packs: [], pages: [{ ...entry, files: 200_000 }, { ...entry, first: "b", files: 1 }] },
    "more bytes than a manifest may have": { packs: [], pages: Array.from({ length: 129 }, (_, at) => ({ ...entry, first: at.toString().padStart(3, "0"), length: 1024 * 1024 })) },
  };
  for (const [what, index] of Object.entries(indexes)) {
    const { pool, place } = await stored(index, [bytes]);
    await assert.rejects(loadManifest(pool, namespace, place), { code: "DAMAGED_SITE" }, what);
  }
  const { pool, place } = await stored({ packs: [], pages: [] }, [bytes]);
  await assert.rejects(loadManifest(pool, namespace, { ...place, id: entry.id, offset: 0, length: bytes.length }), { code: "DAMAGED_SITE" });
});

async function heads(count: number, namespaceOf: (at: number) => NamespaceId = () => namespace): Promise<{ pool: FakePool; heads: Head[]; reads: () => number }> {
  const pool = new FakePool();
  let reads = 0;
  pool.beforeRead = async () => void (reads += 1);
  const made: Head[] = [];
  for (let at = 0; at < count; at += 1) {
    const page = pageCodec.encode({ packs: [pack], types: ["text/plain"], files: [{ ...row, modifiedMs: at }] });
    const index = indexCodec.encode({ packs: [pack], pages: [entryOf(page, 0)] });
    const blobs = [page, index].map((bytes, which) => ({ id: blobIdOf(RAW, sha256(bytes)), offset: which * page.length, length: bytes.length }));
    const stored = await pool.store(namespaceOf(at), { bytes: concatBytes(page, index), blobs }, { kind: "copies", copies: "all" });
    made.push({ sequence: at, root: blob, manifest: { ...blobs[1]!, pack: stored.pack }, files: 1, sizeBytes: 1, publishedMs: 1, previous: null });
  }
  return { pool, heads: made, reads: () => reads };
}

test("a manifest that several ask for at once is loaded once, and stays when one of them leaves", async () => {
  const { pool, heads: [head], reads } = await heads(1);
  const cache = new ManifestCache(pool, 1024 * 1024);
  const leaver = new AbortController();
  const left = assert.rejects(cache.get(namespace, head!, leaver.signal), /left/);
  const stays = cache.get(namespace, head!);
  leaver.abort(new Error("left"));
  await left;
  assert.ok((await stays).file("a"));
  await cache.get(namespace, head!);
  assert.equal(reads(), 2, "the index and its page");
});

test("the cache of manifests keeps to its budget and drops what was used longest ago", async () => {
  const siteOf = (at: number): NamespaceId => idFromBytes<NamespaceId>(sha256(utf8(`site ${at}`)));
  const { pool, heads: made, reads } = await heads(20, siteOf);
  const cache = new ManifestCache(pool, 3000);
  for (const [at, head] of made.entries()) {
    await cache.get(siteOf(0), made[0]!);
    await cache.get(siteOf(at), head);
    assert.ok(cache.usedBytes <= 3000, `${cache.usedBytes} bytes`);
  }
  const before = reads();
  await cache.get(siteOf(0), made[0]!);
  await cache.get(siteOf(19), made[19]!);
  assert.equal(reads(), before);
  await cache.get(siteOf(1), made[1]!);
  assert.ok(reads() > before);
});

test("the cache keeps the manifests of three heads of a site, however many it has had", async () => {
  const { pool, heads: made, reads } = await heads(20);
  const cache = new ManifestCache(pool, 64 * 1024 * 1024);
  for (const head of made.slice(0, 10)) await cache.get(namespace, head);
  const oneHead = cache.usedBytes / 3;
  for (const head of made.slice(10)) await cache.get(namespace, head);
  assert.equal(cache.usedBytes, 3 * oneHead);
  const before = reads();
  for (const head of made.slice(17)) await cache.get(namespace, head);
  assert.equal(reads(), before);
});

test("a manifest that could not be loaded is tried again", async () => {
  const { pool, heads: [head] } = await heads(1);
  const cache = new ManifestCache(pool, 3000);
  pool.beforeRead = () => Promise.reject(new Error("UNAVAILABLE"));
  await assert.rejects(cache.get(namespace, head!), /UNAVAILABLE/);
  pool.beforeRead = async () => {};
  assert.ok((await cache.get(namespace, head!)).file("a"));
});

test("a listing of very many files lets others have their turn between two pages of them", async () => {
  const manifest = manifestOf(Array.from({ length: 20_000 }, (_, at) => file(`f${at}/x`)));
  let turns = 0;
  const turn = setInterval(() => (turns += 1), 0);
  assert.equal((await manifest.folder("", new Breathing(env))).length, 20_000);
  clearInterval(turn);
  assert.ok(turns >= 2, `${turns} turns`);
});
