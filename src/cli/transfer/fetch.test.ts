import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import test from "node:test";
import type { PrivateRow } from "../../door/index.ts";
import { machineEnv, silentLog } from "../../platform/index.ts";
import type { Context } from "../context.ts";
import type { EntryApi } from "../entry-api.ts";
import { CliError } from "../errors.ts";
import { PUTTING } from "./deed.ts";
import { fetchAll } from "./fetch.ts";
import { putAll } from "./put.ts";
import { scan } from "./scan.ts";

const io = { json: false, isTerminal: false, columns: 80, answer() {}, bytes: async () => {}, row: async () => {}, note() {}, redraw() {} };

function context(signal = new AbortController().signal): Context {
  return { io, env: machineEnv(silentLog), signal };
}

async function folder(): Promise<{ path: string; [Symbol.asyncDispose](): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), "holdfast-fetch-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

function file(path: string, content: string): PrivateRow {
  return { path, kind: "file", mode: 0o640, modifiedMs: 1_500_000_000_000, sizeBytes: content.length, sha256: createHash("sha256").update(content).digest("hex") };
}

/** A host that gives each file the content under its path, or an error. */
function serving(contents: Readonly<Record<string, string | Error>>, asked: string[] = []): EntryApi {
  const download = async (_: string, path: string): Promise<unknown> => {
    asked.push(path);
    const content = contents[path];
    if (content === undefined || content instanceof Error) throw content ?? new Error("no such file");
    return Object.assign(Readable.from([Buffer.from(content)]), { trailers: { "holdfast-sources": JSON.stringify([{ host: "h", via: "network", bytes: content.length, elapsedMs: 2 }]) } });
  };
  return { download, downloadTogether: async () => Promise.reject(new Error("one by one, please")) } as unknown as EntryApi;
}

/** One that gives small files together as well, what comes changed by `spoil`. */
function servingTogether(contents: Readonly<Record<string, string>>, asked: string[][], spoil: (bytes: Buffer) => Buffer = (bytes) => bytes): EntryApi {
  const downloadTogether = async (_: string, paths: readonly string[]): Promise<unknown> => {
    asked.push([...paths]);
    const bytes = spoil(Buffer.from(paths.map((path) => contents[path]!).join("")));
    return Object.assign(Readable.from([bytes]), { trailers: { "holdfast-sources": JSON.stringify([{ host: "h", via: "cache", bytes: bytes.length, elapsedMs: 0 }]) } });
  };
  return Object.assign(serving(contents), { downloadTogether });
}

test("small files come together, each at its own place, and what is there already is not asked for", async () => {
  await using place = await folder();
  const contents = { "a/1": "one", "a/2": "", "b": "three" };
  const rows = Object.entries(contents).map(([path, content]) => file(path, content));
  await writeFile(join(place.path, "b"), "three");
  const asked: string[][] = [];
  const told: string[] = [];
  const done = await fetchAll(context(), servingTogether(contents, asked), "id", rows, place.path, ({ path }) => told.push(path));
  assert.deepEqual([asked, told.sort(), done], [[["a/1", "a/2"]], ["a/1", "a/2", "b"], { files: 3, alreadyThere: 1, sizeBytes: 8, sources: [{ host: "h", via: "cache", bytes: 3, elapsedMs: 0 }] }]);
  assert.deepEqual([await readFile(join(place.path, "a/1"), "utf8"), await readFile(join(place.path, "a/2"), "utf8"), (await stat(join(place.path, "a/1"))).mode & 0o777], ["one", "", 0o640]);
});

test("files that do not come together come one by one, and of a wrong one none of it stays", async () => {
  await using place = await folder();
  const contents = { a: "one", b: "two" };
  const rows = [file("a", "one"), file("b", "two")];
  await assert.rejects(fetchAll(context(), servingTogether(contents, [], () => Buffer.from("onetwO")), "id", rows, join(place.path, "1"), () => {}), { code: "DAMAGED" });
  assert.deepEqual((await readdir(join(place.path, "1"))).filter((name) => name !== "a"), []);
  for (const spoil of [(bytes: Buffer) => bytes.subarray(1), (bytes: Buffer) => Buffer.concat([bytes, bytes])]) {
    const to = join(place.path, `${spoil(Buffer.from("12")).length}`);
    assert.equal((await fetchAll(context(), servingTogether(contents, [], spoil), "id", rows, to, () => {})).files, 2);
    assert.deepEqual([await readFile(join(to, "a"), "utf8"), await readFile(join(to, "b"), "utf8")], ["one", "two"]);
  }
});

test("a large file that breaks off goes on where it was, and when nothing more comes it is said why", async () => {
  await using place = await folder();
  const offsets: number[] = [];
  const breaking = (last: number): EntryApi => {
    const download = async (_: string, _path: string, offset: number): Promise<unknown> => {
      offsets.push(offset);
      if (offset >= last) throw new CliError("NOT_RUNNING", "no host has the rest");
      async function* some(): AsyncGenerator<Buffer> {
        yield Buffer.from("hello".slice(offset, offset + 2));
        if (offset + 2 < 5) throw new Error("broke off");
      }
      return Object.assign(Readable.from(some()), { trailers: {} });
    };
    return { download } as unknown as EntryApi;
  };
  await fetched(breaking(5), [file("a", "hello")], place.path);
  assert.deepEqual([offsets.splice(0), await readFile(join(place.path, "a"), "utf8")], [[0, 2, 4], "hello"]);
  await assert.rejects(fetched(breaking(4), [file("b", "hello")], place.path), { code: "NOT_RUNNING" });
  assert.deepEqual([offsets, await readdir(place.path)], [[0, 2, 4], ["a"]]);
});

test("a fetch of which some has come waits for hosts that drop out for a moment, says so, and gives up after a while", async () => {
  await using place = await folder();
  const said: string[] = [];
  let [nowMs, backAtMs] = [0, 20_000];
  const env = { ...machineEnv(silentLog), clock: { wallMs: () => nowMs, monotonicMs: () => nowMs }, timers: { ...machineEnv(silentLog).timers, sleep: async (ms: number) => void (nowMs += ms) } };
  const quick: Context = { io: { ...io, note: (text) => void said.push(text) }, env, signal: new AbortController().signal };
  const download = async (_: string, path: string, offset: number): Promise<unknown> => {
    if (path === "never" || (offset > 0 && nowMs < backAtMs)) throw Object.assign(new CliError("NOT_RUNNING", "too few hosts"), { code: "UNAVAILABLE" });
    return Object.assign(Readable.from([Buffer.from("hello".slice(offset, offset === 0 ? 2 : 5))]), { trailers: {} });
  };
  const api = { download } as unknown as EntryApi;
  await assert.rejects(fetchAll(quick, api, "id", [file("never", "x")], place.path, () => {}), { code: "UNAVAILABLE" });
  assert.equal(nowMs, 0, "nothing has come yet: the answer is believed");
  await fetchAll(quick, api, "id", [file("a", "hello")], place.path, () => {});
  assert.equal(await readFile(join(place.path, "a"), "utf8"), "hello");
  assert.match(said[0]!, /looking again for 60 s/);
  backAtMs = Number.POSITIVE_INFINITY;
  const beganMs = nowMs;
  await assert.rejects(fetchAll(quick, api, "id", [file("b", "hello")], place.path, () => {}), { code: "UNAVAILABLE" });
  assert.equal(nowMs - beganMs, 60_000);
});

test("what a fetch that was killed left of a file is no hindrance", async () => {
  await using place = await folder();
  await writeFile(join(place.path, "a.holdfast-part"), "half");
  await fetched(serving({ a: "one" }), [file("a", "one")], place.path);
  assert.deepEqual(await readdir(place.path), ["a"]);
});

test("of two fetches into the same folder the first to end does not show what the other has only begun", async () => {
  await using place = await folder();
  const rows = [file("a", "hello")];
  const [firstHalf, secondHalf, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const halting = (reached: PromiseWithResolvers<void>, until: Promise<void>): EntryApi => {
    async function* halves(): AsyncGenerator<Buffer> {
      yield Buffer.from("he");
      reached.resolve();
      await until;
      yield Buffer.from("llo");
    }
    return { download: async () => Object.assign(Readable.from(halves()), { trailers: {} }) } as unknown as EntryApi;
  };
  const first = assert.rejects(fetched(halting(firstHalf, secondHalf.promise), rows, place.path), { code: "FILE_IN_THE_WAY", message: /Another fetch/ });
  await firstHalf.promise;
  const second = fetched(halting(secondHalf, gate.promise), rows, place.path);
  await first;
  assert.deepEqual(await readdir(place.path), ["a.holdfast-part"]);
  gate.resolve();
  await second;
  assert.equal(await readFile(join(place.path, "a"), "utf8"), "hello");
});

function fetched(api: EntryApi, rows: readonly PrivateRow[], to: string, signal?: AbortSignal): ReturnType<typeof fetchAll> {
  return fetchAll(context(signal), api, "id", rows, to, () => {});
}

test("files come with their folders, permissions and times, and it is told where from", async () => {
  await using place = await folder();
  const rows: PrivateRow[] = [file("a/b.txt", "hello"), { ...file("a/empty", ""), kind: "folder", sha256: null, mode: 0o750 }, file("c", "x")];
  const done = await fetched(serving({ "a/b.txt": "hello", c: "x" }), rows, join(place.path, "new"));
  assert.deepEqual(done, { files: 2, alreadyThere: 0, sizeBytes: 6, sources: [{ host: "h", via: "network", bytes: 6, elapsedMs: 4 }] });
  assert.equal(await readFile(join(place.path, "new/a/b.txt"), "utf8"), "hello");
  const [one, empty] = [await stat(join(place.path, "new/a/b.txt")), await stat(join(place.path, "new/a/empty"))];
  assert.deepEqual([one.mode & 0o777, one.mtimeMs, empty.mode & 0o777, empty.isDirectory()], [0o640, 1_500_000_000_000, 0o750, true]);
});

test("what is there already is not fetched again, and a fetch that failed goes on where it was", async () => {
  await using place = await folder();
  const rows = [file("a", "one"), file("b", "two")];
  await assert.rejects(fetched(serving({ a: "one", b: new CliError("DAMAGED", "broke off") }), rows, place.path), { code: "DAMAGED" });
  assert.deepEqual(await readdir(place.path), ["a"]);
  const asked: string[] = [];
  const done = await fetched(serving({ a: "one", b: "two" }, asked), rows, place.path);
  assert.deepEqual([asked, done.alreadyThere], [["b"], 1]);
});

test("what has another SHA-256 than it was put with, or is cut, does not appear", async () => {
  await using place = await folder();
  for (const wrong of ["hellp", "hell", "hello and more"]) await assert.rejects(fetched(serving({ a: wrong }), [file("a", "hello")], place.path), { code: "DAMAGED" });
  assert.deepEqual(await readdir(place.path), []);
});

test("nothing is overwritten: other content, a folder or a link in the place of a file is left as it is", async () => {
  await using place = await folder();
  await writeFile(join(place.path, "a"), "mine!");
  await mkdir(join(place.path, "b"));
  await symlink("/dev/null", join(place.path, "c"));
  for (const path of ["a", "b", "c"]) await assert.rejects(fetched(serving({ [path]: "hello" }), [file(path, "hello")], place.path), { code: "FILE_IN_THE_WAY" });
  await assert.rejects(fetched(serving({}), [{ ...file("a", ""), kind: "folder", sha256: null }], place.path), { code: "FILE_IN_THE_WAY" });
  assert.equal(await readFile(join(place.path, "a"), "utf8"), "mine!");
});

test("a path that would leave the folder is refused before anything is written", async () => {
  await using place = await folder();
  await assert.rejects(fetched(serving({ a: "x" }), [file("a", "x"), file("../b", "x")], join(place.path, "new")), { code: "UNSAFE_PATH" });
  assert.deepEqual(await readdir(place.path), []);
});

test("a fetch that is stopped leaves whole files only, and says how to go on", async () => {
  await using place = await folder();
  const stop = new AbortController();
  const api = {
    download: async (_: string, path: string) => {
      if (path === "a") return Object.assign(Readable.from([Buffer.from("one")]), { trailers: {} });
      async function* slow(): AsyncGenerator<Buffer> {
        yield Buffer.from("t");
        stop.abort(new CliError("CANCELLED", "Stopped."));
        yield Buffer.from("wo");
      }
      return Object.assign(Readable.from(slow()), { trailers: {} });
    },
  } as unknown as EntryApi;
  await fetched(api, [file("a", "one")], place.path);
  await assert.rejects(fetched(api, [file("a", "one"), file("b", "tWo")], place.path, stop.signal), (error: Error) => error instanceof CliError && error.code === "CANCELLED" && /the same command/.test(error.message));
  assert.deepEqual(await readdir(place.path), ["a"]);
});

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
