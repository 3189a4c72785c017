import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { MAX_PATH_BYTES } from "../../codec/index.ts";
import type { EntryApi } from "../entry-api.ts";
import { ApiError, CliError } from "../errors.ts";
import { PUTTING } from "./deed.ts";
import { context, file, folder } from "./fakes/serving.ts";
import { putAll } from "./put.ts";
import { scan } from "./scan.ts";

test("a folder is put with its empty folders and facts, and taken back when a file cannot be sent", async () => {
  await using place = await folder();
  await mkdir(join(place.path, "sub/empty"), { recursive: true });
  await writeFile(join(place.path, "sub/a"), "hello", { mode: 0o600 });
  const calls: unknown[] = [];
  const api = {
    begin: async (name: string, kind: string, redundancy: unknown) => (calls.push([name === "", kind, redundancy]), "u"),
    addFolders: async (_: string, folders: { path: string }[]) => void calls.push(folders.map(({ path }) => path)),
    addFile: async (_: string, sent: { path: string; mode: number; sizeBytes: number }) => (calls.push([sent.path, sent.mode, sent.sizeBytes]), file(sent.path, "hello")),
    commit: async () => ({}),
    abort: async () => void calls.push("abort"),
  };
  const found = await scan(place.path, new AbortController().signal, PUTTING);
  await putAll(context(), api as unknown as EntryApi, place.path, { kind: "code", k: 2, m: 1 }, found);
  assert.deepEqual(calls, [[false, "folder", { kind: "code", k: 2, m: 1 }], ["sub", "sub/empty"], ["sub/a", 0o600, 5]]);
  const failing = { ...api, addFile: async () => Promise.reject(new Error("no space")) };
  await assert.rejects(putAll(context(), failing as unknown as EntryApi, place.path, undefined, found), /no space/);
  assert.equal(calls.at(-1), "abort");
});

test("folders are named in lists that a host reads, with paths as long as they may be", async () => {
  const folders = Array.from({ length: 1000 }, (_, at) => ({ path: `"`.repeat(MAX_PATH_BYTES - 3) + String(at).padStart(3, "0"), mode: 0o755, modifiedMs: 1 }));
  const lists: string[] = [];
  const api = { begin: async () => "u", addFolders: async (_: string, named: unknown) => void lists.push(JSON.stringify({ folders: named })), commit: async () => ({}) };
  await putAll(context(), api as unknown as EntryApi, "deep", undefined, { kind: "folder", files: [], folders, sizeBytes: 0, warnings: [] });
  assert.ok(lists.every((list) => Buffer.byteLength(list) <= 1024 * 1024), `${Math.max(...lists.map(({ length }) => length))} bytes`);
  assert.deepEqual(lists.flatMap((list) => (JSON.parse(list) as { folders: unknown }).folders), folders);
});

test("a commit whose answer was lost is asked for again, and one that is stopped is not said to have kept nothing", async () => {
  await using place = await folder();
  await writeFile(join(place.path, "a"), "hello");
  const stop = new AbortController();
  const answers = [new CliError("NOT_RUNNING", "the line broke"), { isThere: true }, new CliError("NOT_RUNNING", "the line broke"), new CliError("NOT_RUNNING", "the host is gone")];
  const api = {
    begin: async () => "u",
    addFile: async (_: string, { path }: { path: string }) => file(path, "hello"),
    commit: async () => {
      const answer = answers.shift();
      if (answer !== undefined && !(answer instanceof Error)) return answer;
      if (answer === undefined) stop.abort(new CliError("CANCELLED", "Stopped."));
      throw answer ?? stop.signal.reason;
    },
    abort: async () => Promise.reject(new ApiError(409, "UPLOAD_BUSY", "it is being committed")),
  } as unknown as EntryApi;
  const found = await scan(join(place.path, "a"), stop.signal, PUTTING);
  assert.deepEqual((await putAll(context(stop.signal), api, "a", undefined, found)).row, { isThere: true });
  await assert.rejects(putAll(context(stop.signal), api, "a", undefined, found), /the host is gone/);
  await assert.rejects(putAll(context(stop.signal), api, "a", undefined, found), { code: "CANCELLED", message: /while it was being kept/ });
});

test("small files are put in bundles, large ones by themselves, and a bundle with a file that changed is not sent", async () => {
  await using place = await folder();
  const sizes = { "a": 5, "b": 0, "large": 300_000, "z": 7 };
  for (const [name, size] of Object.entries(sizes)) await writeFile(join(place.path, name), Buffer.alloc(size, name));
  const sent: unknown[] = [];
  const api = {
    begin: async () => "u",
    addFolders: async () => {},
    addFile: async (_: string, { path }: { path: string }) => (sent.push(path), file(path, "")),
    addBundle: async (_: string, number: number, files: readonly { path: string; sizeBytes: number }[], contents: readonly Uint8Array[]) => void sent.push([number, files.map(({ path, sizeBytes }, at) => [path, sizeBytes, Buffer.from(contents[at]!).toString()])]),
    commit: async () => ({}),
    abort: async () => void sent.push("abort"),
  } as unknown as EntryApi;
  const found = await scan(place.path, new AbortController().signal, PUTTING);
  await putAll(context(), api, place.path, undefined, found);
  assert.deepEqual(new Set(sent), new Set(["large", [1, [["a", 5, "aaaaa"], ["b", 0, ""], ["z", 7, "zzzzzzz"]]]]));
  sent.length = 0;
  await writeFile(join(place.path, "z"), "longer than it was");
  await assert.rejects(putAll(context(), api, place.path, undefined, found), { code: "FILE_CHANGED" });
  assert.deepEqual(sent.filter((each) => each !== "large"), ["abort"]);
});
