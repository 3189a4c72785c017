import assert from "node:assert/strict";
import test from "node:test";
import { utf8 } from "../codec/index.ts";
import { MAX_PACK_BYTES } from "../pool/index.ts";
import { MIB, assertHas, bytesOf, noise, one, publish, read } from "./fakes/hosts.ts";
import { rawLeaf } from "./unixfs/block.ts";

test("a site's root and its files have the ids of UnixFS, whatever the order in which they came", async () => {
  const tree = { "index.html": "<h1>hi</h1>", "img/a.png": noise(2 * MIB, 3), "img/b.png": "b" };
  const first = await publish(one().host, "s", tree);
  const second = await publish(one().host, "s", Object.fromEntries(Object.entries(tree).reverse()));
  assert.equal(first.head.root, second.head.root);
  const { host, pool } = one();
  const { head } = await publish(host, "s", tree);
  // Every block of the tree is in some pack, so the site can be handed to IPFS as it is.
  assert.ok(pool.blobs().has(head.root));
  for (const { id } of (await host.sites.open("s")).files()) assert.ok(pool.blobs().has(id));
});

test("publishing again sends only what changed", async () => {
  const { host, pool } = one();
  const tree: Record<string, Uint8Array | string> = { "big.bin": noise(5 * MIB, 1), "a.txt": "a", "b.txt": "b" };
  await publish(host, "s", tree);
  const before = pool.storedBytes.length;
  tree["a.txt"] = "changed";
  const { head } = await publish(host, "s", tree);
  assert.equal(head.sequence, 2);
  const sent = pool.storedBytes.slice(before);
  assert.ok(sent.length <= 2 && sent.reduce((sum, size) => sum + size, 0) < 2000, `sent ${sent.join(", ")}`);
  await assertHas(host, "s", tree);
});

test("publishing the same again sends nothing and makes a head all the same", async () => {
  const { host, pool } = one();
  const tree = { "a.txt": "a", "b/c.txt": "c" };
  await publish(host, "s", tree);
  const before = pool.storedBytes.length;
  const { head, survives } = await publish(host, "s", tree);
  assert.equal(pool.storedBytes.length, before);
  assert.deepEqual([head.sequence, survives], [2, 2]);
});

test("a head asks for one copy more than hosts may be lost without its content, and for no more than three", async () => {
  const { host } = one();
  for (const copies of [1, 2, 3, 5]) await publish(host, "s", { "a.txt": `in ${copies}` }, copies);
  assert.deepEqual(host.records.copiesAsked.slice(-4), [1, 2, 3, 3]);
});

test("a change of one file among many rewrites few pages of the manifest", async () => {
  const { host, pool } = one();
  const tree = Object.fromEntries(Array.from({ length: 4000 }, (_, at) => [`folder-${at % 40}/page-${at}.html`, `page ${at}`]));
  await publish(host, "s", tree);
  const before = pool.storedBytes.reduce((sum, size) => sum + size, 0);
  await publish(host, "s", { ...tree, "folder-7/page-7.html": "new" });
  const sent = pool.storedBytes.reduce((sum, size) => sum + size, 0) - before;
  assert.ok(sent < before / 4, `${sent} of ${before} bytes`);
  await assertHas(host, "s", { ...tree, "folder-7/page-7.html": "new" });
});

test("more copies than a pack has are made by sending it again", async () => {
  const { host, pool } = one();
  await publish(host, "s", { "a.txt": "a" }, 1);
  const before = pool.storedBytes.length;
  assert.equal((await publish(host, "s", { "a.txt": "a" }, 3)).survives, 2);
  assert.ok(pool.storedBytes.length > before);
});

test("what says how to serve a site lies on every host, however few have the rest", async () => {
  const { host, pool } = one();
  const tree = { "index.html": "front", _headers: "/*\n  X: y", _redirects: "/a /b", "sub/_headers": "no rules" };
  const { site } = await publish(host, "s", tree, 1);
  const view = await host.sites.open("s");
  const copiesOf = (path: string): unknown => [...pool.packs(site.namespace)].find(({ blobs }) => blobs.some(({ id }) => id === view.file(path)!.id))!.redundancy;
  assert.deepEqual(Object.keys(tree).map(copiesOf), [1, "all", "all", 1].map((copies) => ({ kind: "copies", copies })));
  await assertHas(host, "s", tree);
  const before = pool.storedBytes.length;
  await publish(host, "s", tree, 1);
  assert.equal(pool.storedBytes.length, before);
});

test("a file of the version before is kept without its bytes, and the site has the same id as if it had been sent", async () => {
  const { host, pool } = one();
  const tree = { "small.txt": "small", "large.bin": noise(5 * MIB, 1), "empty.txt": "", _headers: "/*\n  X: y", "gone.txt": "x" };
  await publish(host, "s", tree);
  const ids = new Map([...(await host.sites.open("s")).files()].map(({ path, id }) => [path, id]));
  const before = pool.storedBytes.length;
  const kept = ["small.txt", "large.bin", "empty.txt", "_headers"] as const;
  const next = await host.sites.publish("s", { copies: 3 });
  // Twice, as by somebody who did not hear the first answer.
  for (const path of [...kept, ...kept]) assert.equal((await next.keep(path, ids.get(path)!))?.path, path);
  await next.add("new.txt", bytesOf(utf8("new")));
  assert.equal(await next.keep("small.txt", ids.get("large.bin")!), undefined);
  assert.equal(await next.keep("none.txt", ids.get("small.txt")!), undefined);
  await next.add("gone.txt", bytesOf(utf8("another")));
  await assert.rejects(next.keep("gone.txt", ids.get("gone.txt")!), { code: "DUPLICATE_PATH" });
  const { head } = await next.commit();
  const wanted = { "new.txt": "new", "gone.txt": "another", ...Object.fromEntries(kept.map((path) => [path, tree[path]])) };
  assert.equal(head.root, (await publish(one().host, "s", wanted)).head.root);
  await assertHas(host, "s", wanted);
  const sent = pool.storedBytes.slice(before).reduce((sum, size) => sum + size, 0);
  assert.ok(sent < 2000, `${sent} bytes sent`);
});

test("a file that lies on fewer hosts than are wanted now is not kept", async () => {
  const { host } = one();
  const { site } = await publish(host, "s", { "a.txt": "a" }, 1);
  const { id } = (await host.sites.open("s")).file("a.txt")!;
  const next = await host.sites.publish(site.name, { copies: 3 });
  assert.equal(await next.keep("a.txt", id), undefined);
  await next.abort();
});

test("what was kept is not removed when the publication is aborted", async () => {
  const { host } = one();
  await publish(host, "s", { "a.txt": "a" });
  const next = await host.sites.publish("s", { copies: 3 });
  await next.keep("a.txt", (await host.sites.open("s")).file("a.txt")!.id);
  await next.abort();
  await assertHas(host, "s", { "a.txt": "a" });
});

test("a preview has a number and can be opened by it, while the site stays as it is", async () => {
  const { host, pool } = one();
  const preview = async (tree: Readonly<Record<string, string>>): Promise<number> => {
    const publication = await host.sites.publish("s", { copies: 3, isPreview: true });
    for (const [path, text] of Object.entries(tree)) await publication.add(path, bytesOf(utf8(text)));
    return (await publication.commit()).head.sequence;
  };
  assert.equal(await preview({ "a.txt": "first look" }), 1);
  assert.equal(host.sites.find("s")!.head, undefined);
  await assert.rejects(host.sites.open("s"), { code: "NO_SITE" });
  assert.equal(Buffer.from(await read(await host.sites.open("s", undefined, 1), "a.txt")).toString(), "first look");
  assert.equal((await publish(host, "s", { "a.txt": "published" })).head.sequence, 2);
  assert.equal(await preview({ "a.txt": "second look" }), 3);
  await assertHas(host, "s", { "a.txt": "published" });
  assert.equal((await publish(host, "s", { "a.txt": "published again" })).head.sequence, 4);
  const before = pool.storedBytes.length;
  assert.equal((await host.sites.rollback("s", 3)).head.sequence, 5);
  assert.equal(pool.storedBytes.length, before);
  await assertHas(host, "s", { "a.txt": "second look" });
  assert.deepEqual(host.sites.history("s").map(({ sequence }) => sequence), [5, 4, 3, 2, 1]);
  await assert.rejects(host.sites.open("s", undefined, 9), { code: "NO_HEAD" });
});

test("a file that did not change keeps its time, others get the publication's", async () => {
  const { host, advance } = one();
  await publish(host, "s", { "old.txt": "old", "new.txt": "1" });
  const first = (await host.sites.open("s")).file("old.txt")!.modifiedMs;
  advance(5000);
  await publish(host, "s", { "old.txt": "old", "new.txt": "2" });
  const view = await host.sites.open("s");
  assert.equal(view.file("old.txt")!.modifiedMs, first);
  assert.equal(view.file("new.txt")!.modifiedMs, first + 5000);
});

test("files in parallel lie in one stretch of each pack", async () => {
  const { host, pool } = one();
  await publish(host, "s", { a: noise(6 * MIB, 1), b: noise(6 * MIB, 2) });
  const view = await host.sites.open("s");
  let reads = 0;
  pool.beforeRead = async () => void (reads += 1);
  for (const path of ["a", "b"]) await read(view, path);
  assert.equal(reads, 2, "each file is one range of one pack");
});

test("while a pack is under way no more than one other is filled", async () => {
  const { host, pool } = one();
  const { promise, resolve } = Promise.withResolvers<void>();
  pool.beforeStore = () => promise;
  let taken = 0;
  const isFull = Promise.withResolvers<void>();
  async function* long(): AsyncGenerator<Uint8Array> {
    for (; taken < 80; taken += 1) {
      if (taken === 32) isFull.resolve();
      yield noise(MIB, taken);
    }
  }
  const publication = await host.sites.publish("s", { copies: 1 });
  const adding = publication.add("a", long());
  await isFull.promise;
  for (let turn = 0; turn < 200; turn += 1) await new Promise(setImmediate);
  // Two full packs, and the chunk in the file's own hands.
  assert.ok(taken <= 34, `${taken} MiB were taken in`);
  resolve();
  await adding;
  await publication.commit();
  assert.ok(pool.mostInFlightBytes <= MAX_PACK_BYTES);
});

test("nothing is visible before the commit, and nothing remains after an abort", async () => {
  const { host, pool } = one();
  const publication = await host.sites.publish("s", { copies: 1 });
  await publication.add("big", bytesOf(noise(20 * MIB, 1)));
  assert.ok(pool.count > 0);
  assert.equal(host.sites.find("s"), undefined);
  await publication.abort();
  await publication.abort();
  assert.equal(pool.count, 0);
  assert.deepEqual(host.sites.list(), []);
  await assert.rejects(publication.add("x", bytesOf(utf8("x"))), { code: "CLOSED" });
  await assert.rejects(publication.commit(), { code: "CLOSED" });
});

test("an abort takes back what a new publication sent and nothing of the site before it", async () => {
  const { host } = one();
  await publish(host, "s", { "a.txt": "a", "b.txt": "b" });
  const publication = await host.sites.publish("s", { copies: 3 });
  await publication.add("a.txt", bytesOf(utf8("a")));
  await publication.add("c", bytesOf(noise(17 * MIB, 1)));
  await publication.abort();
  await assertHas(host, "s", { "a.txt": "a", "b.txt": "b" });
});

test("an abort ends a file whose source keeps silent", async () => {
  const { host } = one();
  const publication = await host.sites.publish("s", { copies: 1 });
  let isReturned = false;
  const silent: AsyncIterable<Uint8Array> = { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}), return: async () => ((isReturned = true), { done: true, value: undefined }) }) };
  const adding = assert.rejects(publication.add("a", silent), { code: "CLOSED" });
  await publication.abort();
  await adding;
  assert.ok(isReturned);
});

test("a signal ends a publication; its abort cleans up", async () => {
  const { host, pool } = one();
  const controller = new AbortController();
  const publication = await host.sites.publish("s", { copies: 1, signal: controller.signal });
  await publication.add("a", bytesOf(noise(17 * MIB, 1)));
  controller.abort(new Error("the visitor left"));
  await assert.rejects(publication.add("b", bytesOf(utf8("b"))), /the visitor left/);
  await assert.rejects(publication.commit(), /the visitor left/);
  await publication.abort();
  assert.equal(pool.count, 0);
});

test("an abort after the commit changes nothing", async () => {
  const { host } = one();
  const publication = await host.sites.publish("s", { copies: 1 });
  await publication.add("a", bytesOf(utf8("a")));
  await publication.commit();
  await publication.abort();
  await assertHas(host, "s", { a: "a" });
  await assert.rejects(publication.add("b", bytesOf(utf8("b"))), { code: "CLOSED" });
});

test("a source that fails midway fails its file only, and the path may be given again", async () => {
  const { host } = one();
  const publication = await host.sites.publish("s", { copies: 1 });
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield noise(2 * MIB, 1);
    throw new Error("the file changed while it was read");
  }
  await publication.add("good.txt", bytesOf(utf8("good")));
  await assert.rejects(publication.add("bad.bin", failing()), /changed while it was read/);
  await publication.add("bad.bin", bytesOf(utf8("second try")));
  await publication.commit();
  await assertHas(host, "s", { "good.txt": "good", "bad.bin": "second try" });
});

test("a commit waits for the files that are still coming", async () => {
  const { host } = one();
  const publication = await host.sites.publish("s", { copies: 1 });
  const { promise, resolve } = Promise.withResolvers<void>();
  async function* slow(): AsyncGenerator<Uint8Array> {
    await promise;
    yield utf8("slow");
  }
  const adding = publication.add("slow", slow());
  const committing = publication.commit();
  resolve();
  await adding;
  assert.equal((await committing).head.files, 1);
});

test("a pool without space fails the publication and leaves the site as it was", async () => {
  const { host, pool } = one();
  await publish(host, "s", { a: "a" });
  pool.beforeStore = () => Promise.reject(new Error("NO_SPACE"));
  const publication = await host.sites.publish("s", { copies: 1 });
  await publication.add("b", bytesOf(utf8("b")));
  for (const time of ["first", "again"]) await assert.rejects(publication.commit(), /NO_SPACE/, time);
  await publication.abort();
  await assertHas(host, "s", { a: "a" });
});

test("bad paths, the same path twice and an empty site are refused", async () => {
  const { host } = one();
  const publication = await host.sites.publish("s", { copies: 1 });
  await assert.rejects(publication.commit(), { code: "EMPTY_SITE" });
  await publication.add("late", bytesOf(utf8("a")));
  assert.equal((await publication.commit()).head.sequence, 1, "it stayed open");
  const second = await host.sites.publish("s", { copies: 1 });
  await second.add("a", bytesOf(utf8("a")));
  await assert.rejects(second.add("a", bytesOf(utf8("a"))), { code: "DUPLICATE_PATH" });
  await assert.rejects(second.add("../a", bytesOf(utf8("a"))), { code: "BAD_PATH" });
  await assert.rejects(second.add("a/b", bytesOf(utf8("a"))), { code: "BAD_PATH" });
  await assert.rejects(host.sites.publish("No Name", { copies: 1 }), { code: "BAD_NAME" });
});

test("equal content is sent once", async () => {
  const { host, pool } = one();
  const content = noise(2 * MIB, 5);
  await publish(host, "s", { a: content, b: content, c: content });
  assert.ok(pool.storedBytes.reduce((sum, size) => sum + size, 0) < 2 * MIB + 3000);
  await assertHas(host, "s", { a: content, b: content, c: content });
});

test("an added file is answered with what will be listed", async () => {
  const { host } = one();
  const publication = await host.sites.publish("s", { copies: 1 });
  const info = await publication.add("p.html", bytesOf(utf8("<p>")));
  assert.deepEqual(info, { path: "p.html", id: rawLeaf(utf8("<p>")).id, sizeBytes: 3, type: "text/html; charset=utf-8" });
  await publication.commit();
  assert.deepEqual([...(await host.sites.open("s")).files()], [info]);
});
