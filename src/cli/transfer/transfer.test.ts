import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { appendFile, mkdir, mkdtemp, readFile, readdir, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import test from "node:test";
import { RAW, blobIdOf } from "../../codec/index.ts";
import type { FileRow } from "../../door/index.ts";
import { machineEnv, silentLog } from "../../platform/index.ts";
import type { HostApi } from "../api.ts";
import type { Context } from "../context.ts";
import { ApiError, CliError } from "../errors.ts";
import { download } from "./download.ts";
import { inParallel } from "./parallel.ts";
import { readUnchanged } from "./read-unchanged.ts";
import { upload } from "./upload.ts";

const io = { json: false, isTerminal: false, columns: 80, answer() {}, bytes: async () => {}, row: async () => {}, note() {}, redraw() {} };

function context(signal = new AbortController().signal): Context {
  return { io, env: machineEnv(silentLog), signal };
}

async function folder(): Promise<{ path: string; [Symbol.asyncDispose](): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), "holdfast-transfer-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

test("a file is read as it was seen, also when it is empty", async () => {
  await using place = await folder();
  const absolutePath = join(place.path, "f");
  await writeFile(absolutePath, Buffer.alloc(2_500_000, 7));
  const chunks = await Array.fromAsync(readUnchanged({ path: "f", absolutePath, sizeBytes: 2_500_000 }));
  assert.deepEqual(Buffer.concat(chunks), Buffer.alloc(2_500_000, 7));
  await truncate(absolutePath, 0);
  assert.deepEqual(await Array.fromAsync(readUnchanged({ path: "f", absolutePath, sizeBytes: 0 })), []);
});

test("a file that grows, shrinks, is rewritten or vanishes while it is read is an error that names it", async () => {
  await using place = await folder();
  const absolutePath = join(place.path, "f");
  const changes: (() => Promise<void>)[] = [() => appendFile(absolutePath, "x"), () => truncate(absolutePath, 10), () => writeFile(absolutePath, Buffer.alloc(2_500_000, 8))];
  for (const change of changes) {
    await writeFile(absolutePath, Buffer.alloc(2_500_000, 7));
    const reading = async (): Promise<void> => {
      let isFirst = true;
      for await (const _ of readUnchanged({ path: "f.html", absolutePath, sizeBytes: 2_500_000 })) {
        if (isFirst) await change();
        isFirst = false;
      }
    };
    await assert.rejects(reading(), (error: unknown) => error instanceof CliError && error.code === "FILE_CHANGED" && error.message.startsWith("f.html"));
  }
  await rm(absolutePath);
  await assert.rejects(Array.fromAsync(readUnchanged({ path: "f", absolutePath, sizeBytes: 1 })), { code: "FILE_CHANGED" });
});

test("a publication is left when a file cannot be sent and when it is stopped, and ended when there is no room for it", async () => {
  await using place = await folder();
  await writeFile(join(place.path, "a"), "a");
  const found = { kind: "folder" as const, files: [{ path: "a", absolutePath: join(place.path, "a"), sizeBytes: 1, modifiedMs: 1, mode: 0o644 }], folders: [], sizeBytes: 1, warnings: [] };
  const calls: string[] = [];
  const api = { beginPublication: async () => "p1", files: noFiles, leave: async (id: string) => void calls.push(`leave ${id}`), abort: async (id: string) => void calls.push(`abort ${id}`) };
  const failing = { ...api, addFile: async () => Promise.reject(new Error("cut off")) } as unknown as HostApi;
  await assert.rejects(upload(context(), failing, { name: "blog", copies: 3, preview: false }, found), /cut off/);
  const full = { ...api, addFile: async () => Promise.reject(new ApiError(507, "NO_SPACE", "no space")) } as unknown as HostApi;
  await assert.rejects(upload(context(), full, { name: "blog", copies: 3, preview: false }, found), { code: "NO_SPACE" });
  const stop = new AbortController();
  const slow = { ...api, addFile: (...args: unknown[]) => new Promise((_, reject) => (args[4] as AbortSignal).addEventListener("abort", () => reject(new Error("aborted")))) } as unknown as HostApi;
  const uploading = upload(context(stop.signal), slow, { name: "blog", copies: 3, preview: false }, found);
  stop.abort(new CliError("CANCELLED", "Stopped."));
  await assert.rejects(uploading, { code: "CANCELLED" });
  assert.deepEqual(calls, ["leave p1", "abort p1", "leave p1"]);
});

test("only files that the site does not have, or has otherwise, are sent", async () => {
  await using place = await folder();
  const contents: Record<string, string> = { same: "same", "other content": "aaaa", "other size": "a", "out of reach": "here", new: "new" };
  for (const [path, text] of Object.entries(contents)) await writeFile(join(place.path, path), text);
  const files = Object.entries(contents).map(([path, text]) => ({ path, absolutePath: join(place.path, path), sizeBytes: text.length, modifiedMs: 1, mode: 0o644 }));
  const idOf = (text: string): string => blobIdOf(RAW, createHash("sha256").update(text).digest());
  const published = Object.entries({ same: "same", "other content": "bbbb", "other size": "aa", "out of reach": "here" }).map(([path, text]) => ({ site: "blog", path, id: idOf(text), sizeBytes: text.length, type: "x" }));
  const asked: string[] = [];
  const sent: string[] = [];
  const api = {
    beginPublication: async () => "p1",
    files: () => Readable.from(published),
    keepFiles: async (_: string, offered: readonly { readonly path: string }[]) => {
      asked.push(...offered.map(({ path }) => path));
      return ["same"];
    },
    addFile: async (_: string, path: string) => void sent.push(path),
    commit: async () => ({}),
  } as unknown as HostApi;
  const done = await upload(context(), api, { name: "blog", copies: 3, preview: false }, { kind: "folder", files, folders: [], sizeBytes: 0, warnings: [] });
  assert.deepEqual(asked.sort(), ["out of reach", "same"]);
  assert.deepEqual(sent.sort(), ["new", "other content", "other size", "out of reach"]);
  assert.equal(done.sent, 4);
});

async function* noFiles(): AsyncGenerator<FileRow> {}

function row(path: string, bytes: Buffer): FileRow {
  return { site: "blog", path, id: blobIdOf(RAW, createHash("sha256").update(bytes).digest()), sizeBytes: bytes.length, type: "text/plain" };
}

function serving(bytes: Buffer): HostApi {
  return { download: async () => Readable.from([bytes]) } as unknown as HostApi;
}

test("a site is downloaded into an empty folder and never over anything", async () => {
  await using place = await folder();
  const bytes = Buffer.from("hello");
  await download(context(), serving(bytes), "blog", [row("a/b.txt", bytes), row("c.txt", bytes)], join(place.path, "new"));
  assert.equal(await readFile(join(place.path, "new/a/b.txt"), "utf8"), "hello");
  await assert.rejects(download(context(), serving(bytes), "blog", [row("d", bytes)], join(place.path, "new")), { code: "FOLDER_NOT_EMPTY" });
});

test("a download that is cut, wrong or unsafe leaves nothing behind", async () => {
  await using place = await folder();
  const bytes = Buffer.from("hello");
  const into = (name: string, api: HostApi, rows: FileRow[]): Promise<void> => download(context(), api, "blog", rows, join(place.path, name));
  await assert.rejects(into("cut", serving(bytes.subarray(0, 3)), [row("a/b", bytes)]), { code: "DAMAGED" });
  await assert.rejects(into("wrong", serving(Buffer.from("hallo")), [row("a/b", bytes)]), { code: "DAMAGED" });
  await assert.rejects(into("unsafe", serving(bytes), [row("../a", bytes)]), { code: "UNSAFE_PATH" });
  await mkdir(join(place.path, "kept"));
  await assert.rejects(into("kept", serving(Buffer.from("longer than said")), [row("a/b", bytes)]), { code: "DAMAGED" });
  assert.deepEqual([await readdir(place.path), await readdir(join(place.path, "kept"))], [["kept"], []]);
});

test("a download that breaks off takes away nothing but what it has put there itself", async () => {
  await using place = await folder();
  const to = join(place.path, "above/new");
  const bytes = Buffer.from("hello");
  const besides = (notes: string): HostApi => {
    const download = async (_: string, path: string): Promise<Readable> => {
      if (path === "a") return Readable.from([bytes]);
      await writeFile(join(to, notes), "an hour of work");
      throw new Error("the connection broke");
    };
    return { download } as unknown as HostApi;
  };
  await assert.rejects(download(context(), besides("notes.txt"), "blog", [row("a", bytes), row("b/film", bytes)], to), /broke/);
  assert.deepEqual(await readdir(to), ["notes.txt"]);
  await rm(join(to, "notes.txt"));
  await assert.rejects(download(context(), besides("b/notes.txt"), "blog", [row("a", bytes), row("b/c/film", bytes)], to), /broke/);
  assert.deepEqual([await readdir(to), await readdir(join(to, "b"))], [["b"], ["notes.txt"]]);
  await rm(join(place.path, "above"), { recursive: true });
  await assert.rejects(download(context(), besides("../../notes.txt"), "blog", [row("a", bytes), row("b/film", bytes)], to), /broke/);
  assert.deepEqual(await readdir(place.path), ["notes.txt"], "the folders above it that it made are gone with it");
});

test("of two downloads into one new folder, one that fails takes nothing from the other", async () => {
  await using place = await folder();
  const to = join(place.path, "new");
  const bytes = Buffer.from("hello");
  const rows = [row("a", bytes), row("b/c", bytes)];
  const slow = Promise.withResolvers<Readable>();
  const failing = download(context(), { download: () => slow.promise } as unknown as HostApi, "blog", rows, to);
  const whole = download(context(), serving(bytes), "blog", rows, to);
  await whole;
  slow.resolve(Readable.from([bytes]));
  await assert.rejects(failing);
  assert.deepEqual([await readFile(join(to, "a"), "utf8"), await readFile(join(to, "b/c"), "utf8")], ["hello", "hello"]);
});

test("work in parallel keeps its width, and the first failure stops what has not begun", async () => {
  let running = 0;
  let most = 0;
  const done: number[] = [];
  const work = async (item: number): Promise<void> => {
    most = Math.max(most, (running += 1));
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
    if (item === 5) throw new Error("five");
    done.push(item);
  };
  await assert.rejects(inParallel([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 3, new AbortController().signal, work), /five/);
  assert.equal(most, 3);
  assert.ok(!done.includes(9));
});
