import assert from "node:assert/strict";
import { mkdir, readFile, readdir, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import test from "node:test";
import type { PrivateRow } from "../../door/index.ts";
import { machineEnv, silentLog } from "../../platform/index.ts";
import type { Context } from "../context.ts";
import type { EntryApi } from "../entry-api.ts";
import { CliError } from "../errors.ts";
import { context, fetched, file, folder, io, serving } from "./fakes/serving.ts";
import { fetchAll } from "./fetch.ts";

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
  assert.deepEqual([asked, told.sort(), done], [[["a/1", "a/2"]], ["a/1", "a/2", "b"], { files: 3, alreadyThere: 1, sizeBytes: 8, resumedBytes: 0, sources: [{ host: "h", via: "cache", bytes: 3, elapsedMs: 0 }] }]);
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

test("files come with their folders, permissions and times, and it is told where from", async () => {
  await using place = await folder();
  const rows: PrivateRow[] = [file("a/b.txt", "hello"), { ...file("a/empty", ""), kind: "folder", sha256: null, mode: 0o750 }, file("c", "x")];
  const done = await fetched(serving({ "a/b.txt": "hello", c: "x" }), rows, join(place.path, "new"));
  assert.deepEqual(done, { files: 2, alreadyThere: 0, sizeBytes: 6, resumedBytes: 0, sources: [{ host: "h", via: "network", bytes: 6, elapsedMs: 4 }] });
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
