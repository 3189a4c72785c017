import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test from "node:test";
import { setImmediate } from "node:timers/promises";
import { equalBytes, utf8 } from "../codec/index.ts";
import { PoolError } from "../pool/index.ts";
import { createEntries } from "./entries.ts";
import { MIB, MemoryPool, MemoryRecords, anyReuse, blobsIn, env, inChunks, namedId, network, noise, person, put, read, treeOf } from "./fakes/persons.ts";

test("a tree comes back byte for byte with its facts, from another host of the same person", async () => {
  await using here = await person("ada");
  const tree = { "a.txt": "hello", "empty": "", "grüße/世界.md": "text", "big.bin": noise(2 * MIB + 123, 1), "big twin.bin": noise(3 * MIB, 2) };
  const { entry, redundancy } = await put(here, tree, ["nothing in it"]);
  assert.deepEqual([entry.name, entry.kind, entry.files, entry.folders, redundancy], ["papers", "folder", 5, 1, { kind: "code", k: 2, m: 2 }]);
  await using there = await person("ada", here);
  const view = await there.entries.open(entry.id);
  const rows = await Array.fromAsync(view.rows());
  assert.deepEqual(rows.map(({ path, kind, mode, modifiedMs, sizeBytes }) => [path, kind, mode, modifiedMs, sizeBytes]), [
    ["a.txt", "file", 0o644, 7, 5], ["big twin.bin", "file", 0o644, 7, 3 * MIB], ["big.bin", "file", 0o644, 7, 2 * MIB + 123], ["empty", "file", 0o644, 7, 0], ["grüße/世界.md", "file", 0o644, 7, 4], ["nothing in it", "folder", 0o755, 5, 0],
  ]);
  const back = await treeOf(view);
  for (const [path, content] of Object.entries(tree)) {
    const expected = typeof content === "string" ? utf8(content) : content;
    assert.ok(equalBytes(back[path]!, expected), path);
    assert.equal(rows.find((row) => row.path === path)?.sha256, createHash("sha256").update(expected).digest("hex"));
  }
});

test("any range of a file is read, and only the blobs that it touches", async () => {
  await using host = await person("ada");
  const bytes = noise(4 * MIB + 5, 3);
  const { entry } = await put(host, { f: bytes });
  const view = await host.entries.open(entry.id);
  for (const [offset, length] of [[0, 1], [0, bytes.length], [bytes.length - 1, 1], [MIB - 1, 2], [2 * MIB + 77, MIB], [5, 0], [bytes.length, 0]] as const) {
    assert.deepEqual(Buffer.from(await read(view, "f", offset, length)), Buffer.from(bytes.subarray(offset, offset + length)), `${offset} ${length}`);
  }
});

test("a read that is broken off ends the reading ahead that it began", async () => {
  await using host = await person("ada");
  const { entry } = await put(host, { f: noise(18 * MIB, 19) });
  const file = (await (await host.entries.open(entry.id)).file("f"))!;
  for await (const _ of file.read(0, file.sizeBytes)) {
    await setImmediate();
    assert.equal(host.pool.reading, 2);
    break;
  }
  await setImmediate();
  assert.equal(host.pool.reading, 0);
});

test("small files are read together in one go, in whatever order they are asked for", async () => {
  await using host = await person("ada");
  const { entry } = await put(host, { "a/1": "one", "a/2": "", "a/3": "three", "b/4": noise(3 * MIB, 5), "b/5": "five" });
  const view = await host.entries.open(entry.id);
  const together = async (...paths: string[]): Promise<Buffer> => Buffer.concat(await Array.fromAsync(view.together(paths)));
  const before = host.pool.reads;
  assert.equal((await together("a/1", "a/2", "a/3")).toString(), "onethree");
  assert.equal(host.pool.reads - before, 1);
  assert.equal((await together("b/5", "a/3", "a/1")).toString(), "fivethreeone");
  assert.equal((await together("b/4", "b/5")).length, 3 * MIB + 4);
  assert.equal((await together()).length, 0);
  for (const path of ["none", "a"]) await assert.rejects(together("a/1", path), { code: "NO_ENTRY" });
});

test("an entry asks for one copy more than hosts may be lost without its content", async () => {
  await using host = await person("ada");
  const { survives } = await put(host, { a: "1" });
  assert.deepEqual([survives, host.records.copiesAsked.at(-1)], [2, 3]);
});

test("a list of what is kept has names, and a removed entry is in it no longer", async () => {
  await using host = await person("ada");
  const one = await put(host, { a: "1" });
  const two = await put(host, { b: "2" });
  const listed = async (): Promise<string[]> => (await Array.fromAsync(host.entries.list())).map(({ id }) => id).sort();
  assert.deepEqual(await listed(), [one.entry.id, two.entry.id].sort());
  await host.entries.remove(one.entry.id);
  assert.deepEqual(await listed(), [two.entry.id]);
  await assert.rejects(host.entries.open(one.entry.id), { code: "NO_ENTRY" });
  await assert.rejects(host.entries.remove("no id"), { code: "NO_ENTRY" });
});

test("the same text is stored once for one person, and twice for two, who have nothing in common", async () => {
  await using ada = await person("ada");
  await using bob = await person("bob", ada);
  const file = noise(4 * MIB, 4);
  await put(ada, { a: file });
  const before = ada.pool.sizes.length;
  await put(ada, { "another name": file });
  assert.equal(ada.pool.sizes.length, before, "nothing was sent");
  const adas = new Set(blobsIn(ada.pool));
  await put(bob, { a: file });
  assert.ok(ada.pool.sizes.length > before);
  const bobs = blobsIn(ada.pool).filter((id) => !adas.has(id));
  assert.ok(bobs.length >= 4 && new Set(bobs).size === bobs.length);
});

test("an insertion at the beginning of a large file has most of it stay where it is", async () => {
  await using host = await person("ada");
  const bytes = noise(6 * MIB, 5);
  await put(host, { f: bytes });
  const before = host.pool.sizes.length;
  await put(host, { f: Buffer.concat([Buffer.from("a few bytes more"), bytes]) });
  const sent = host.pool.sizes.slice(before).reduce((sum, size) => sum + size, 0);
  assert.ok(sent < 3 * MIB, `${sent} bytes were sent`);
});

test("a file with more blobs than a row names is listed apart, and read in part as well as in whole", async () => {
  await using host = await person("ada");
  const bytes = noise(14 * MIB, 6);
  const { entry } = await put(host, { f: bytes });
  const view = await host.entries.open(entry.id);
  host.pool.reads = 0;
  assert.deepEqual(Buffer.from(await read(view, "f", 13 * MIB, 9)), Buffer.from(bytes.subarray(13 * MIB, 13 * MIB + 9)));
  assert.ok(host.pool.reads <= 2, "one list and one blob");
  const file = (await view.file("f"))!;
  assert.equal(createHash("sha256").update(await read(view, "f")).digest("hex"), file.sha256);
  let end = 0;
  for await (const blob of file.blobs()) assert.equal(createHash("sha256").update(bytes.subarray(end, (end += blob.sizeBytes))).digest("hex"), blob.sha256);
  assert.equal(end, bytes.length);
});

test("a reader that goes away does not fail others that wait for the same page of the tree", async () => {
  await using host = await person("ada");
  const { entry } = await put(host, Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`file ${at}`, `text ${at}`])));
  const view = await host.entries.open(entry.id);
  const [begun, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  host.pool.beforeRead = () => {
    begun.resolve();
    return gate.promise;
  };
  const before = host.pool.reads;
  const leaving = new AbortController();
  const left = view.file("file 1", leaving.signal);
  await begun.promise;
  const others = [view.file("file 2"), view.file("file 3", new AbortController().signal)];
  leaving.abort(new Error("the reader went away"));
  await assert.rejects(left, /the reader went away/);
  gate.resolve();
  assert.deepEqual((await Promise.all(others)).map((file) => file?.path), ["file 2", "file 3"]);
  assert.equal(host.pool.reads - before, 1, "the page was fetched once");
});

test("thousands of files are listed in pages, found by path and read", async () => {
  await using host = await person("ada");
  const tree = Object.fromEntries(Array.from({ length: 1200 }, (_, at) => [`folder ${at % 50}/file ${at}`, `content ${at}`]));
  const { entry } = await put(host, tree);
  const view = await host.entries.open(entry.id);
  assert.equal((await Array.fromAsync(view.rows())).length, 1200);
  host.pool.reads = 0;
  for (const at of [0, 1, 599, 1199]) assert.equal(Buffer.from(await read(view, `folder ${at % 50}/file ${at}`)).toString(), `content ${at}`);
  for (let at = 0; at < 1200; at += 100) await read(await host.entries.open(entry.id), `folder ${at % 50}/file ${at}`);
  assert.ok(host.pool.reads < 4 + 12 + 6, `pages are read once, not for each file: ${host.pool.reads} reads`);
  assert.equal(await view.file("folder 1/none"), undefined);
  assert.equal(await view.file(""), undefined);
  assert.equal(await view.file("zzz"), undefined);
});

test("blobs are found also when their packs have been written anew since", async () => {
  await using host = await person("ada");
  const bytes = noise(3 * MIB, 7);
  const { entry } = await put(host, { a: bytes, b: "small" });
  host.pool.rewrite();
  await using other = await person("ada", host);
  for (const { entries } of [host, other]) {
    const view = await entries.open(entry.id);
    if (entries === other.entries) assert.ok(equalBytes(await read(view, "a"), bytes));
  }
  const packs = await other.entries.packsOf(entry.id, new AbortController().signal);
  assert.ok(packs.size > 1 && [...packs].every((pack) => host.pool.stored.has(pack)));
});

test("the packs that are used are those that an entry needs, and no others", async () => {
  await using host = await person("ada");
  const keep = await put(host, { f: noise(14 * MIB, 8), g: "x" });
  const drop = await put(host, { h: noise(2 * MIB, 9) });
  await host.entries.remove(drop.entry.id);
  const { signal } = new AbortController();
  const usage = await host.entries.usage(signal);
  const used = [...host.pool.stored.keys()].filter((pack) => usage.has(pack));
  assert.deepEqual(used.sort(), [...(await host.entries.packsOf(keep.entry.id, signal))].sort());
  assert.ok(used.length < host.pool.stored.size, "the removed entry's pack is needed no longer");
});

test("what is used is not told at all when a part of it cannot be read", async () => {
  await using host = await person("ada");
  await put(host, Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`${at}`, `content ${at}`])));
  host.pool.stored.clear();
  await using other = await person("ada", host);
  await assert.rejects(other.entries.usage(new AbortController().signal), { code: "UNAVAILABLE" });
});

test("an upload that is aborted leaves no entry, and a second try sends only what is missing", async () => {
  await using host = await person("ada");
  const bytes = noise(21 * MIB, 10);
  const upload = await host.entries.put({ name: "x", kind: "folder" });
  const half = Promise.withResolvers<void>();
  async function* stopping(): AsyncGenerator<Uint8Array> {
    yield* inChunks(bytes.subarray(0, 20 * MIB));
    half.resolve();
    await new Promise(() => {});
  }
  const adding = upload.add({ path: "f", mode: 0o600, modifiedMs: 1 }, stopping());
  await half.promise;
  await upload.abort();
  await assert.rejects(adding, { code: "CLOSED" });
  await assert.rejects(upload.add({ path: "g", mode: 0o600, modifiedMs: 1 }, inChunks(bytes)), { code: "CLOSED" });
  assert.deepEqual(await Array.fromAsync(host.entries.list()), []);
  const before = host.pool.sizes.reduce((sum, size) => sum + size, 0);
  await put(host, { f: bytes });
  const sent = host.pool.sizes.reduce((sum, size) => sum + size, 0) - before;
  assert.ok(before > 15 * MIB && sent < bytes.length - before + 2 * MIB, `${sent} bytes after ${before}`);
});

test("a file that fails in the middle is not in the tree, and its path may be given again", async () => {
  await using host = await person("ada");
  const upload = await host.entries.put({ name: "x", kind: "folder" });
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield noise(3 * MIB, 11);
    throw new Error("the disk broke");
  }
  await assert.rejects(upload.add({ path: "f", mode: 0o600, modifiedMs: 1 }, failing()), /the disk broke/);
  await upload.add({ path: "f", mode: 0o600, modifiedMs: 1 }, inChunks(utf8("whole")));
  const { entry } = await upload.commit();
  assert.equal(Buffer.from(await read(await host.entries.open(entry.id), "f")).toString(), "whole");
});

test("a pool that fails fails the upload with its reason", async () => {
  await using host = await person("ada");
  host.pool.beforeStore = async () => Promise.reject(new Error("no space anywhere"));
  await assert.rejects(put(host, { f: "x" }), /no space anywhere/);
});

test("hosts that took packs and are out of reach for a while do not end an upload; those that took none do", async () => {
  const pauses: number[] = [];
  const patient = { ...env, timers: { ...env.timers, sleep: async (ms: number) => void pauses.push(ms) } };
  await using host = await person("ada", { env: patient });
  let stores = 0;
  host.pool.beforeStore = async () => {
    stores += 1;
    if (stores === 2 || stores === 3) throw new PoolError("NO_SPACE", "two hosts are not connected");
  };
  const bytes = noise(20 * MIB, 13);
  const { entry } = await put(host, { f: bytes });
  assert.ok(equalBytes(await read(await host.entries.open(entry.id), "f"), bytes));
  assert.deepEqual(pauses.filter((ms) => ms > 0), [2_000, 5_000]);
  host.pool.beforeStore = async () => Promise.reject(new PoolError("NO_SPACE", "no host takes it"));
  await assert.rejects(put(host, { g: "x" }), { code: "NO_SPACE" });
  assert.equal(pauses.filter((ms) => ms > 0).length, 2);
});

test("paths that could leave a folder, or that are there twice, are refused", async () => {
  await using host = await person("ada");
  const upload = await host.entries.put({ name: "x", kind: "folder" });
  const add = (path: string): Promise<unknown> => upload.add({ path, mode: 0, modifiedMs: 0 }, inChunks(utf8("x")));
  await add("a/b");
  for (const path of ["../x", "/x", "a//b", "", "a\0b"]) await assert.rejects(add(path), { code: "BAD_PATH" });
  await assert.rejects(add("a/b"), { code: "DUPLICATE_PATH" });
  await assert.rejects(add("a"), { code: "BAD_PATH" });
  assert.throws(() => upload.addFolders([{ path: "a/b", mode: 0, modifiedMs: 0 }]), { code: "DUPLICATE_PATH" });
  await upload.abort();
});

test("a pack that is condemned, or kept less redundantly than asked, is not relied on", async () => {
  await using host = await person("ada");
  const bytes = noise(MIB, 12);
  await put(host, { f: bytes });
  const [pack] = [...host.pool.stored.keys()];
  host.records.values.set(`${host.namespace} condemned/${pack}`, utf8("x"));
  const before = host.pool.sizes.length;
  await put(host, { f: bytes });
  assert.ok(host.pool.sizes.length > before);
  const upload = await host.entries.put({ name: "x", kind: "file", redundancy: { kind: "copies", copies: "all" } });
  const sent = host.pool.sizes.length;
  await upload.add({ path: "f", mode: 0, modifiedMs: 0 }, inChunks(bytes));
  await upload.commit();
  assert.ok(host.pool.sizes.length > sent);
});

test("a pack of which fewer different pieces are left than a reader needs is not relied on, neither when an upload begins nor when it ends", async () => {
  await using host = await person("ada");
  const f = noise(MIB, 60);
  await put(host, { f });
  const [lost] = [...host.pool.stored.keys()];
  host.pool.left.set(lost!, 1);
  const { entry } = await put(host, { f });
  assert.ok(equalBytes((await treeOf(await host.entries.open(entry.id)))["f"]!, f));
  const upload = await host.entries.put({ name: "again", kind: "file" });
  await upload.add({ path: "f", mode: 0o600, modifiedMs: 1 }, inChunks(f));
  for (const pack of host.pool.stored.keys()) host.pool.left.set(pack, 1);
  await assert.rejects(upload.commit(), { code: "CLOSED", message: /lost meanwhile.*Put it again/ });
});

test("a host without the person's key says what to do, and begins when the key is there", async () => {
  const account = namedId<never>("ada");
  let isHere = false;
  const missing = Object.assign(new Error("give the recovery phrase"), { code: "NO_ACCOUNT_KEY" });
  const parts = { network, records: new MemoryRecords().of(account), pool: new MemoryPool(), reuse: anyReuse(), seed: async () => (isHere ? new Uint8Array(32) : Promise.reject(missing)) };
  const nobody = createEntries(env, { ...parts, account: () => undefined });
  await assert.rejects(Array.fromAsync(nobody.list()), { code: "NO_ACCOUNT" });
  const entries = createEntries(env, { ...parts, account: () => account });
  await assert.rejects(Array.fromAsync(entries.list()), { code: "NO_ACCOUNT_KEY" });
  isHere = true;
  assert.deepEqual(await Array.fromAsync(entries.list()), []);
  await Promise.all([nobody.stop(), entries.stop()]);
});

test("content of earlier is put again while too few hosts are in reach to tell what is condemned, and refused when that is so only at the end", async () => {
  await using host = await person("ada");
  const bytes = noise(MIB, 14);
  await put(host, { f: bytes });
  const before = host.pool.sizes.length;
  host.reuse.canRely = false;
  await put(host, { f: bytes });
  assert.ok(host.pool.sizes.length > before);
  host.reuse.canRely = true;
  host.reuse.reliable = async () => new Set();
  await assert.rejects(put(host, { f: bytes }), { code: "CLOSED", message: /Put it again/ });
});

test("content of earlier that an upload relies on is whole in the entry when fewer hosts are in reach in between", async () => {
  await using host = await person("ada");
  const [large, small] = [noise(14 * MIB, 15), noise(MIB, 16)];
  await put(host, { large, small });
  const before = host.pool.sizes.length;
  const upload = await host.entries.put({ name: "again", kind: "folder" });
  await upload.add({ path: "large", mode: 0o600, modifiedMs: 1 }, inChunks(large));
  await upload.add({ path: "small", mode: 0o600, modifiedMs: 1 }, inChunks(small));
  host.reuse.canRely = false;
  const { entry } = await upload.commit();
  assert.ok(host.pool.sizes.slice(before).every((sizeBytes) => sizeBytes < MIB), "only lists and pages were sent");
  const view = await host.entries.open(entry.id);
  assert.ok(equalBytes(await read(view, "large"), large) && equalBytes(await read(view, "small"), small));
});

test("an upload that relies on content that is deleted before it ends is refused", async () => {
  await using host = await person("ada");
  for (const bytes of [noise(14 * MIB, 17), noise(MIB, 18)]) {
    await put(host, { f: bytes });
    const upload = await host.entries.put({ name: "again", kind: "file" });
    await upload.add({ path: "f", mode: 0o600, modifiedMs: 1 }, inChunks(bytes));
    host.pool.stored.clear();
    for (const time of ["first", "again"]) await assert.rejects(upload.commit(), { code: "CLOSED", message: /Put it again/ }, time);
    await assert.rejects(upload.add({ path: "g", mode: 0o600, modifiedMs: 1 }, inChunks(bytes)), { code: "CLOSED", message: /is being committed/ });
  }
});

test("an upload that took so long that what it has sent itself may be gone asks about that, too", async () => {
  await using host = await person("ada");
  const asked: number[] = [];
  host.reuse.reliable = async (_, packs) => (asked.push([...packs].length), new Set());
  await put(host, { f: noise(MIB, 19) });
  assert.deepEqual(asked, [0], "what was sent a moment ago is there");
  const before = host.pool.sizes.length;
  host.reuse.staysSince = () => false;
  await assert.rejects(put(host, { f: noise(MIB, 20) }), { code: "CLOSED", message: /Put it again/ });
  assert.equal(asked[1], host.pool.sizes.length - before);
});

test("an upload whose machine sleeps while it asks about what was there before comes to doubt what it has sent itself", async () => {
  await using host = await person("ada");
  await put(host, { old: noise(300_000, 61) });
  const before = host.records.values.size;
  host.reuse.reliable = async (_, packs) => {
    host.reuse.staysSince = () => false;
    return new Set(packs);
  };
  await assert.rejects(put(host, { old: noise(300_000, 61), young: noise(300_000, 62) }), { code: "CLOSED", message: /Put it again/ });
  assert.equal(host.records.values.size, before);
});
