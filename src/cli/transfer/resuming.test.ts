import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import type { MakeDirectoryOptions } from "node:fs";
import files, { open, readFile, readdir, readlink, rm, stat, symlink, writeFile } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { Readable } from "node:stream";
import test from "node:test";
import type { TestContext } from "node:test";
import { promisify } from "node:util";
import type { BlobRow, PrivateRow } from "../../door/index.ts";
import type { Context } from "../context.ts";
import type { EntryApi } from "../entry-api.ts";
import { CliError } from "../errors.ts";
import { context, fetched, file, folder, io, serving } from "./fakes/serving.ts";
import { fetchAll } from "./fetch.ts";

/** The stretches by which the daemon here lets a part be checked. */
const BLOB_BYTES = 300 * 1024;

async function* blobsOf(content: Uint8Array): AsyncGenerator<BlobRow> {
  for (let at = 0; at < content.length; at += BLOB_BYTES) {
    const blob = content.subarray(at, at + BLOB_BYTES);
    yield { sizeBytes: blob.length, sha256: createHash("sha256").update(blob).digest("hex") };
  }
}

/** A host with one large file, which gives of it no more than so many bytes and is then gone. */
function servingLarge(content: Buffer, offsets: number[], bytesMax = content.length): EntryApi {
  const download = async (_: string, _path: string, offset: number): Promise<unknown> => {
    offsets.push(offset);
    if (offset >= bytesMax) throw new CliError("NOT_RUNNING", "the host is gone");
    return Object.assign(Readable.from([content.subarray(offset, bytesMax)]), { trailers: {} });
  };
  return { download, blobs: () => blobsOf(content) } as unknown as EntryApi;
}

function large(path: string, content: Buffer): PrivateRow {
  return { ...file(path, ""), sizeBytes: content.length, sha256: createHash("sha256").update(content).digest("hex") };
}

/** Leaves what a fetch leaves that comes no further than so many bytes, and names it. */
async function partOf(content: Buffer, path: string, bytes: number): Promise<string> {
  await assert.rejects(fetched(servingLarge(content, [], bytes), [large("a", content)], path), { code: "NOT_RUNNING" });
  const [part, ...others] = await readdir(path);
  assert.match(part!, /^[0-9a-f]{32}\.holdfast-part$/);
  assert.deepEqual(others, []);
  return join(path, part!);
}

/** Has the second write to any file fail, once, for want of room. */
async function failSecondWrite(t: TestContext, folderPath: string): Promise<void> {
  await using opened = await open(folderPath);
  const prototype = Object.getPrototypeOf(opened) as FileHandle;
  t.mock.method(prototype, "write").mock.mockImplementationOnce(async () => Promise.reject(Object.assign(new Error("no room"), { code: "ENOSPC" })), 1);
}

test("a file of which an earlier fetch had some goes on behind its last whole blob, and nothing but the file stays", async () => {
  await using place = await folder();
  const content = randomBytes(4 * BLOB_BYTES + 5);
  assert.equal((await stat(await partOf(content, place.path, 2 * BLOB_BYTES + 7))).mode & 0o777, 0o600);
  const [offsets, said]: [number[], string[]] = [[], []];
  const noting: Context = { ...context(), io: { ...io, note: (text) => void said.push(text) } };
  const done = await fetchAll(noting, servingLarge(content, offsets), "id", [large("a", content)], place.path, () => {});
  assert.deepEqual([offsets, done.resumedBytes, await readdir(place.path)], [[2 * BLOB_BYTES], 2 * BLOB_BYTES, ["a"]]);
  assert.match(said[0]!, /^a goes on at 614 kB of 1\.23 MB/);
  assert.ok(content.equals(await readFile(join(place.path, "a"))));
});

test("what is torn of an earlier fetch's part is said and comes anew, wherever it is torn", async () => {
  const content = randomBytes(3 * BLOB_BYTES);
  const spoilt: readonly (readonly [string, (part: Buffer) => Buffer, number, boolean])[] = [
    ["a flipped bit", (part) => (part.set([part[BLOB_BYTES + 9]! ^ 1], BLOB_BYTES + 9), part), BLOB_BYTES, true],
    ["a tail of zeros", (part) => part.fill(0, BLOB_BYTES - 1), 0, true],
    ["more than the file", (part) => Buffer.concat([part, content.subarray(part.length), Buffer.alloc(9)]), content.length, false],
    ["all of the file", (part) => Buffer.concat([part, content.subarray(part.length)]), content.length, false],
    ["nothing", () => Buffer.alloc(0), 0, false],
  ];
  for (const [what, spoil, goesOnAt, isSaid] of spoilt) {
    await using place = await folder();
    const part = await partOf(content, place.path, 2 * BLOB_BYTES);
    await writeFile(part, spoil(await readFile(part)));
    const [offsets, said]: [number[], string[]] = [[], []];
    const noting: Context = { ...context(), io: { ...io, note: (text) => void said.push(text) } };
    assert.equal((await fetchAll(noting, servingLarge(content, offsets), "id", [large("a", content)], place.path, () => {})).resumedBytes, goesOnAt, what);
    assert.deepEqual([offsets, said.some((text) => /comes anew/.test(text))], [goesOnAt < content.length ? [goesOnAt] : [], isSaid], what);
    assert.deepEqual([await readdir(place.path), content.equals(await readFile(join(place.path, "a")))], [["a"], true], what);
  }
});

test("a part of another entry, or of another path, is left alone, and one of a file that is there is taken away", async () => {
  await using place = await folder();
  const content = randomBytes(2 * BLOB_BYTES);
  const part = await partOf(content, place.path, BLOB_BYTES);
  const offsets: number[] = [];
  await fetchAll(context(), servingLarge(content, offsets), "another", [large("b", content)], place.path, () => {});
  await fetchAll(context(), servingLarge(content, offsets), "id", [large("c", content)], place.path, () => {});
  assert.deepEqual([offsets, (await readFile(part)).length], [[0, 0], BLOB_BYTES]);
  await writeFile(join(place.path, "a"), content);
  await fetched(servingLarge(content, offsets), [large("a", content)], place.path);
  assert.deepEqual(await readdir(place.path), ["a", "b", "c"]);
});

test("a link in the place of a part is not followed", async () => {
  await using place = await folder();
  const content = randomBytes(2 * BLOB_BYTES);
  const part = await partOf(content, place.path, BLOB_BYTES);
  await rm(part);
  await writeFile(join(place.path, "mine"), "mine!");
  await symlink(join(place.path, "mine"), part);
  await assert.rejects(fetched(servingLarge(content, []), [large("a", content)], place.path), { code: "FILE_IN_THE_WAY" });
  assert.equal(await readFile(join(place.path, "mine"), "utf8"), "mine!");
});

test("an empty file in the place of one with content, which a power cut leaves, is filled", async () => {
  await using place = await folder();
  await writeFile(join(place.path, "a"), "");
  await fetched(serving({ a: "one" }), [file("a", "one")], place.path);
  assert.equal(await readFile(join(place.path, "a"), "utf8"), "one");
});

test("a link in the place of a file is in the way, also one that leads nowhere or to an empty file", async () => {
  await using place = await folder();
  await writeFile(join(place.path, "empty"), "");
  await symlink("absent", join(place.path, "a"));
  await symlink("empty", join(place.path, "b"));
  for (const [path, target] of [["a", "absent"], ["b", "empty"]] as const) {
    await assert.rejects(fetched(serving({ [path]: "hello" }), [file(path, "hello")], place.path), { code: "FILE_IN_THE_WAY" });
    assert.equal(await readlink(join(place.path, path)), target);
  }
  assert.deepEqual(await readdir(place.path), ["a", "b", "empty"]);
});

test("when the disk is full for a moment the fetch says so and keeps what it has, and the next one goes on there", async (t) => {
  await using place = await folder();
  const content = randomBytes(3 * BLOB_BYTES);
  const offsets: number[] = [];
  const inChunks = async (_: string, _path: string, offset: number): Promise<unknown> => {
    offsets.push(offset);
    return Object.assign(Readable.from([content.subarray(offset, offset + BLOB_BYTES), content.subarray(offset + BLOB_BYTES)]), { trailers: {} });
  };
  const api = { download: inChunks, blobs: () => blobsOf(content) } as unknown as EntryApi;
  await failSecondWrite(t, place.path);
  await assert.rejects(fetched(api, [large("a", content)], place.path), { code: "DISK_FULL" });
  assert.equal((await fetched(api, [large("a", content)], place.path)).resumedBytes, BLOB_BYTES);
  assert.deepEqual([offsets, await readdir(place.path)], [[0, BLOB_BYTES], ["a"]]);
  assert.ok(content.equals(await readFile(join(place.path, "a"))));
});

/** Has the kernel let this process write no file beyond so many bytes, as a disk may. */
function limitFiles(bytes: string): Promise<unknown> {
  return promisify(execFile)("prlimit", ["--pid", String(process.pid), `--fsize=${bytes}:`]);
}

test("a file larger than the disk takes any to be is refused as that, before any of it is asked for when no disk may take it, and leaves nothing", async (t) => {
  await using place = await folder();
  const content = randomBytes(2 * BLOB_BYTES);
  const offsets: number[] = [];
  t.after(() => limitFiles("unlimited"));
  await limitFiles(String(BLOB_BYTES));
  const refused = { code: "FILE_TOO_LARGE", message: /\/[ab]: it is larger than this disk takes/ };
  await assert.rejects(fetched(servingLarge(content, offsets), [large("a", content)], place.path), refused);
  await assert.rejects(fetched(servingLarge(content, offsets), [{ ...large("b", content), sizeBytes: 2 ** 32 }], place.path), refused);
  assert.deepEqual([offsets, await readdir(place.path)], [[0], []]);
});

test("files that the disk refuses for their size keep no others back, and are told of when all else is there", async (t) => {
  await using place = await folder();
  const contents = { "a/film": randomBytes(BLOB_BYTES).toString("hex"), "b/film": randomBytes(BLOB_BYTES).toString("hex"), "c": "three", "d": "four" };
  t.after(() => limitFiles("unlimited"));
  await limitFiles(String(BLOB_BYTES));
  const rows = Object.entries(contents).map(([path, content]) => file(path, content));
  await assert.rejects(fetched(serving(contents), rows, place.path), { code: "FILE_TOO_LARGE", message: new RegExp(`film: it is larger than .* It refuses 1 more\\. All else is in ${place.path}: 2 files\\.$`) });
  assert.deepEqual((await readdir(place.path, { recursive: true })).sort(), ["a", "b", "c", "d"]);
});

test("folders and files with names that the disk does not take keep no others back", async (t) => {
  await using place = await folder();
  const made = files.mkdir;
  // No disk of this kind can be mounted everywhere: as FAT answers.
  t.mock.method(files, "mkdir", async (path: string, options: MakeDirectoryOptions) => (path.includes(":") ? Promise.reject(Object.assign(new Error("mkdir"), { code: "EINVAL", syscall: "mkdir" })) : made(path, options)));
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });
  const contents = { "a:b/one": "one", "c/two": "two" };
  const folders = ["a:b", "c"].map((path): PrivateRow => ({ ...file(path, ""), kind: "folder", mode: 0o755 }));
  await assert.rejects(fetched(serving(contents), [...folders, ...Object.entries(contents).map(([path, content]) => file(path, content))], place.path), { code: "NAME_REFUSED", message: new RegExp(`a:b: this disk takes no such name .* It refuses 1 more\\. All else is in ${place.path}: 1 file\\.$`) });
  assert.deepEqual((await readdir(place.path, { recursive: true })).sort(), ["c", "c/two"]);
});

test("a file that somebody else puts in its place while it comes is not overwritten", async () => {
  await using place = await folder();
  const download = async (): Promise<unknown> => {
    await writeFile(join(place.path, "a"), "mine!");
    return Object.assign(Readable.from([Buffer.from("hello")]), { trailers: {} });
  };
  await assert.rejects(fetched({ download } as unknown as EntryApi, [file("a", "hello")], place.path), { code: "FILE_IN_THE_WAY" });
  assert.deepEqual([await readdir(place.path), await readFile(join(place.path, "a"), "utf8")], [["a"], "mine!"]);
});

test("of two fetches of one entry into the same folder the second is refused, until the first has ended", async () => {
  await using place = await folder();
  const rows = [file("a", "hello")];
  const [half, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  async function* halves(): AsyncGenerator<Buffer> {
    yield Buffer.from("he");
    half.resolve();
    await gate.promise;
    yield Buffer.from("llo");
  }
  const first = fetched({ download: async () => Object.assign(Readable.from(halves()), { trailers: {} }) } as unknown as EntryApi, rows, place.path);
  await half.promise;
  await assert.rejects(fetched(serving({ a: "hello" }), rows, place.path), { code: "FILE_IN_THE_WAY", message: /Another fetch/ });
  await fetchAll(context(), serving({ b: "two" }), "another", [file("b", "two")], place.path, () => {});
  gate.resolve();
  await first;
  assert.equal((await fetched(serving({}), rows, place.path)).alreadyThere, 1);
  assert.deepEqual([await readdir(place.path), await readFile(join(place.path, "a"), "utf8")], [["a", "b"], "hello"]);
});
