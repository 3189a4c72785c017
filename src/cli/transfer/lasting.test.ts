import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { open, readdir, readlink } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { relative } from "node:path";
import { Readable } from "node:stream";
import test from "node:test";
import type { TestContext } from "node:test";
import { RAW, blobIdOf } from "../../codec/index.ts";
import type { FileRow } from "../../door/index.ts";
import type { HostApi } from "../api.ts";
import type { EntryApi } from "../entry-api.ts";
import { download } from "./download.ts";
import { context, fetched, file, folder, serving } from "./fakes/serving.ts";

type Sync = (file: FileHandle) => Promise<void>;

/** Has something else done wherever a file or folder is synced. */
async function watchSyncs(t: TestContext, path: string, instead: (sync: Sync) => Sync): Promise<void> {
  await using opened = await open(path);
  const prototype = Object.getPrototypeOf(opened) as FileHandle;
  const sync = Reflect.get(prototype, "sync") as () => Promise<void>;
  const does = instead((which) => Reflect.apply(sync, which, []));
  t.mock.method(prototype, "sync", function (this: FileHandle) {
    return does(this);
  });
}

/** Notes what is synced, by its path below a folder at that time. */
async function noteSyncs(t: TestContext, home: string): Promise<string[]> {
  const noted: string[] = [];
  await watchSyncs(t, home, (sync) => async (which) => {
    noted.push(relative(home, await readlink(`/proc/self/fd/${which.fd}`)));
    await sync(which);
  });
  return noted;
}

/** A host that gives small files together, and one large one by itself. */
function servingBoth(contents: Readonly<Record<string, string>>): EntryApi {
  const downloadTogether = async (_: string, paths: readonly string[]): Promise<unknown> => Object.assign(Readable.from([Buffer.from(paths.map((path) => contents[path]!).join(""))]), { trailers: {} });
  return Object.assign(serving(contents), { downloadTogether });
}

test("a fetch has the bytes of each file, large or small, on the disk before it gets its name, and the names of each folder once at the end", async (t) => {
  await using place = await folder();
  const contents = { "a/1": "one", "a/2": "two", "b/c/large": randomBytes(200 * 1024).toString("hex") };
  const noted = await noteSyncs(t, place.path);
  await fetched(servingBoth(contents), Object.entries(contents).map(([path, content]) => file(path, content)), `${place.path}/new/deeper`);
  const parts = noted.splice(0, 3);
  assert.deepEqual(parts.map((path) => path.replace(/[0-9a-f]{32}/, "…")).sort(), ["new/deeper/a/….holdfast-part", "new/deeper/a/….holdfast-part", "new/deeper/b/c/….holdfast-part"]);
  assert.equal(new Set(parts).size, 3);
  assert.deepEqual(noted.sort(), ["", "new", "new/deeper", "new/deeper/a", "new/deeper/b", "new/deeper/b/c"]);
});

test("a file whose bytes the disk does not keep gets no name, fetched together with others or alone", async (t) => {
  await using place = await folder();
  await watchSyncs(t, place.path, () => async () => Promise.reject(Object.assign(new Error("sync"), { code: "EIO" })));
  for (const contents of [{ a: "one", b: "two" }, { a: randomBytes(200 * 1024).toString("hex") }]) {
    await assert.rejects(fetched(servingBoth(contents), Object.entries(contents).map(([path, content]) => file(path, content)), place.path), { code: "DISK_BROKEN" });
    assert.deepEqual((await readdir(place.path)).filter((name) => !name.endsWith(".holdfast-part")), []);
  }
});

test("a folder that may be written and not read, and a disk that syncs no folders, are no hindrance to a fetch", async (t) => {
  await using place = await folder();
  await watchSyncs(t, place.path, (sync) => async (which) => ((await which.stat()).isDirectory() ? Promise.reject(Object.assign(new Error("sync"), { code: "EINVAL" })) : sync(which)));
  assert.equal((await fetched(serving({ a: "one" }), [file("a", "one")], place.path)).files, 1);
});

test("a site's copy is on the disk when it is said to be there", async (t) => {
  await using place = await folder();
  const noted = await noteSyncs(t, place.path);
  const bytes = Buffer.from("hello");
  const row: FileRow = { site: "blog", path: "a/b", id: blobIdOf(RAW, createHash("sha256").update(bytes).digest()), sizeBytes: bytes.length, type: "text/plain" };
  await download(context(), { download: async () => Readable.from([bytes]) } as unknown as HostApi, "blog", [row], `${place.path}/new`);
  assert.deepEqual([noted[0], noted.slice(1).sort()], ["new/a/b", ["", "new", "new/a"]]);
});
