import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { utf8 } from "../codec/index.ts";
import { EMPTY_CONTEXT } from "../records/index.ts";
import { MIB, assertHas, bytesOf, collect, handEnv, network, noise, one, publish, read } from "./fakes/hosts.ts";
import { HEAD_KEY, headCodec, historyKey } from "./head.ts";
import { Manifest } from "./manifest.ts";
import { createSites } from "./sites.ts";
import { View } from "./view.ts";

test("a published tree is read back byte for byte on every host", async () => {
  const { hosts } = network({ a: "ada", b: "bob" });
  const tree = { "index.html": "<h1>hello</h1>", "a/b/c.txt": "deep", "empty": "", "big.bin": noise(3 * MIB + 17, 1) };
  const { head, safe, survives, site } = await publish(hosts["a"]!, "Blog", tree);
  assert.equal(head.files, 4);
  assert.equal(head.sizeBytes, 14 + 4 + 3 * MIB + 17);
  assert.deepEqual([head.sequence, safe, survives, site.name], [1, true, 2, "blog"]);
  for (const host of Object.values(hosts)) await assertHas(host, "blog", tree);
});

test("any tree is read back byte for byte, in any ranges", async () => {
  const part = fc.constantFrom("a", "b", "ü", "🌿", "index.html");
  const path = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/"));
  const size = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.constantFrom(MIB - 1, MIB, MIB + 1, 2 * MIB));
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(fc.tuple(path, size), { minLength: 1, maxLength: 8, selector: ([each]) => each }), fc.nat(), fc.nat(), async (entries, from, span) => {
      const { host } = one();
      const publication = await host.sites.publish("x", { copies: 1 });
      const tree: Record<string, Uint8Array> = {};
      for (const [at, [path, size]] of entries.entries()) {
        const content = noise(size, at);
        const added = await publication.add(path, bytesOf(content)).catch((error: { code: string }) => error);
        if ("code" in added) assert.equal(added.code, "BAD_PATH");
        else tree[path] = content;
      }
      await publication.commit();
      await assertHas(host, "x", tree);
      const view = await host.sites.open("x");
      for (const [path, content] of Object.entries(tree)) {
        const offset = content.length === 0 ? 0 : from % content.length;
        assert.deepEqual(Buffer.from(await read(view, path, offset, span % (MIB + 7))), Buffer.from(content.subarray(offset, offset + (span % (MIB + 7)))));
      }
    }),
    { numRuns: 25 },
  );
});

test("a folder is listed with the sizes of what lies below", async () => {
  const { host } = one();
  await publish(host, "s", { "index.html": "12345", "a/x": "1", "a/y/z": "22", "a-b": "333", "ü/n": "4" });
  const view = await host.sites.open("s");
  assert.deepEqual(await view.folder(""), [
    { name: "a-b", sizeBytes: 3, isFolder: false },
    { name: "a/", sizeBytes: 3, isFolder: true },
    { name: "index.html", sizeBytes: 5, isFolder: false },
    { name: "ü/", sizeBytes: 1, isFolder: true },
  ]);
  assert.deepEqual(await view.folder("a/y"), [{ name: "z", sizeBytes: 2, isFolder: false }]);
  assert.deepEqual(await view.folder("u\u0308"), [{ name: "n", sizeBytes: 1, isFolder: false }]);
  for (const path of ["nowhere", "index.html", "a/", "/"]) assert.deepEqual([view.hasFolder(path), await view.folder(path)], [false, undefined], path);
  assert.ok(view.file("u\u0308/n"), "an accented path is found in either form");
});

test("a path that a new head lacks is served from the one before for ten minutes", async () => {
  const { hosts, advance } = network({ a: "ada", b: "bob" });
  await publish(hosts["a"]!, "s", { "index.html": "old", "app-1.js": "one" });
  await publish(hosts["a"]!, "s", { "index.html": "new", "app-2.js": "two" });
  const kept = await hosts["b"]!.sites.open("s");
  for (const { sites } of Object.values(hosts)) {
    const view = await sites.open("s");
    assert.equal(Buffer.from(await read(view, "app-1.js")).toString(), "one");
    assert.deepEqual([view.file("app-1.js")!.isLent, view.file("app-2.js")!.isLent], [true, undefined]);
    assert.equal(Buffer.from(await read(view, "index.html")).toString(), "new");
    assert.equal(view.file("app-3.js"), undefined);
    assert.equal([...view.files()].length, 2, "lists are of the new head only");
  }
  advance(10 * 60 * 1000);
  for (const view of [kept, await hosts["b"]!.sites.open("s")]) assert.equal(view.file("app-1.js"), undefined);
});

for (const [when, pauseMs] of [["a moment ago", 0], ["a day ago", 86_400_000]] as const) {
  test(`a site whose head was replaced ${when} is shown while the list of the one before cannot be had`, { timeout: 5_000 }, async (t) => {
    const { hosts, pool, advance } = network({ a: "ada", b: "bob" });
    const { site } = await publish(hosts["a"]!, "s", { page: "old", lent: "still here" });
    const old = new Set([...pool.packs(site.namespace)].map(({ pack }) => pack));
    await publish(hosts["a"]!, "s", { page: "new" });
    advance(pauseMs);
    const { promise, resolve } = Promise.withResolvers<void>();
    const real = pool.read.bind(pool);
    t.mock.method(pool, "read", async function* (...[namespace, pack, ...rest]: Parameters<typeof pool.read>) {
      if (old.has(pack)) await promise;
      yield* real(namespace, pack, ...rest);
    });
    const view = await hosts["b"]!.sites.open("s");
    assert.equal(Buffer.from(await read(view, "page")).toString(), "new");
    assert.equal(view.file("lent"), undefined);
    resolve();
    await new Promise((done) => setImmediate(done));
    assert.equal(view.file("lent")?.isLent, pauseMs === 0 ? true : undefined);
  });
}

test("a host that starts later does not serve what was gone before", async () => {
  const { hosts, net, pool } = network({ a: "ada" });
  await publish(hosts["a"]!, "s", { "index.html": "old", "secret.html": "x" });
  await publish(hosts["a"]!, "s", { "index.html": "new" });
  const { records } = hosts["a"]!;
  const restarted = createSites(handEnv().env, { network: net.id, self: records.self, account: () => records.account, roster: () => net.roster, records, pool });
  assert.equal((await restarted.open("s")).file("secret.html"), undefined);
});

test("a view stays with its head when a newer one comes", async () => {
  const { host } = one();
  await publish(host, "s", { "index.html": "old" });
  const view = await host.sites.open("s");
  const file = view.file("index.html")!;
  await publish(host, "s", { "index.html": "new" });
  assert.equal(Buffer.from(await collect(file.read(0, 10))).toString(), "old");
  assert.equal(view.head.sequence, 1);
});

test("a head whose manifest cannot be read yet leaves the one before in place", async () => {
  const { host, pool } = one();
  await publish(host, "s", { "index.html": "old" });
  await host.sites.open("s");
  await publish(host, "s", { "index.html": "new" });
  pool.beforeRead = () => Promise.reject(new Error("UNAVAILABLE"));
  assert.equal((await host.sites.open("s")).head.sequence, 1);
  pool.beforeRead = async () => {};
  assert.equal((await host.sites.open("s")).head.sequence, 2);
});

test("ten thousand small files are published, found and listed in bounded time and packs", async () => {
  const { host, pool } = one();
  const publication = await host.sites.publish("s", { copies: 1 });
  for (let at = 0; at < 10_000; at += 1) await publication.add(`d${at % 100}/file-${at}.txt`, bytesOf(utf8(`content ${at}`)));
  const { head } = await publication.commit();
  assert.equal(head.files, 10_000);
  // 4,096 blobs are the most that a pack takes.
  assert.equal(pool.storedBytes.length, 4);
  const view = await host.sites.open("s");
  assert.equal((await view.folder(""))!.length, 100);
  assert.equal([...view.files()].length, 10_000);
  assert.equal(Buffer.from(await read(view, "d7/file-4207.txt")).toString(), "content 4207");
});

for (const [what, path, lookups] of [
  ["longer than a file's, composed or not,", "/a".repeat(7_900), 0],
  ["with one form", "a/b/c", 1],
  ["with two forms", "a/ü", 3],
  ["with more marks on a letter than any writing has", `a/u${"\u0301\u0316".repeat(600)}`, 1],
] as const) {
  test(`a path ${what} is looked for ${lookups} times`, (t) => {
    const manifest = new Manifest([], []);
    const { mock } = t.mock.method(manifest, "file");
    const view = new View({ env: undefined as never, pool: undefined as never, site: undefined as never, head: undefined as never, manifest, before: undefined });
    assert.equal(view.file(path), undefined);
    assert.equal(mock.callCount(), lookups);
  });
}

test("a head that announces another number of files than it lists is not shown", async () => {
  const { host } = one();
  const { site } = await publish(host, "s", { a: "first" });
  const state = host.records.local(site.namespace, HEAD_KEY)!;
  const head = headCodec.decode(state.siblings[0]!.value!);
  const value = headCodec.encode({ ...head, sequence: 2, files: 0, previous: 1 });
  await host.records.write([HEAD_KEY, historyKey(2)].map((key) => ({ namespace: site.namespace, key, value, context: key === HEAD_KEY ? state.context : EMPTY_CONTEXT })));
  await assert.rejects(host.sites.open("s", undefined, 2), { code: "DAMAGED_SITE", message: /lists 1 files, where 0 were announced/ });
  assert.equal((await host.sites.open("s")).head.sequence, 1);
});
