import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import { utf8 } from "../../codec/index.ts";
import { sha256 } from "../../crypto/index.ts";
import { fileOf } from "../fakes/fake-sites.ts";
import type { Ask, Reply } from "../fakes/harness.ts";
import { TestDoor } from "../fakes/harness.ts";

// What a site's own files and rules make of its addresses, over HTTP. One door for all.

const TEXT = "holdfast ".repeat(1000);
const css = fileOf(TEXT, { type: "text/css; charset=utf-8" });

let door: TestDoor;
before(async () => {
  door = await TestDoor.open();
});
after(() => door[Symbol.asyncDispose]());

/** Publishes and asks. */
function ask(files: Parameters<TestDoor["sites"]["put"]>[1], path: string, more: Ask = {}): Promise<Reply> {
  door.sites.put("blog", files);
  return door.site("blog", path, more);
}

const SITE = {
  "index.html": "front",
  "about.html": "about",
  "guide.html": "guide",
  "guide/index.html": "guide's folder",
  "guide/one.html": "one",
  "docs/index.html": "docs",
  "docs/404.html": "no such page of the docs",
  "404.html": "lost",
  "media/film.txt": "film",
  _redirects: "/old/* /guide/:splat 302\n/about.php /about 301\n/forced.html /about 200!\n/rewritten /about 200\n/gone /404.html 410\n/nowhere /none 200\n/shop/* /shop.html 200\n/elsewhere https://example.org/ 308\n/media/ /about 200",
  _headers: "/*\n  X-All: yes\n/docs/*\n  Cache-Control: public, max-age=60\n  ! X-Frame-Options\n/about\n  Content-Security-Policy: default-src 'self'",
  "forced.html": "not shown",
  "shop.html": "the shop",
  "shop/real.html": "a real page",
};

for (const [path, status, shown] of [
  ["/about", 200, "about"],
  ["/about.html", 200, "about"],
  ["/about/", 308, "/about"],
  ["/about/?a=1", 308, "/about?a=1"],
  ["/guide", 200, "guide"],
  ["/guide/", 200, "guide's folder"],
  ["/guide/one", 200, "one"],
  ["/docs", 308, "/docs/"],
  ["/docs/none", 404, "no such page of the docs"],
  ["/none/none", 404, "lost"],
  ["//about", 404, "lost"],
  ["/media", 200, "about"],
  ["/media/film.txt", 200, "film"],
  ["/old/one?x=1", 302, "/guide/one?x=1"],
  ["/about.php", 301, "/about"],
  ["/forced.html", 200, "about"],
  ["/rewritten", 200, "about"],
  ["/gone", 410, "lost"],
  ["/nowhere", 404, "lost"],
  ["/shop", 200, "the shop"],
  ["/shop/cart/1", 200, "the shop"],
  ["/shop/real", 200, "a real page"],
  ["/elsewhere", 308, "https://example.org/"],
  ["/_redirects", 404, "lost"],
  ["/_headers", 404, "lost"],
] as const) {
  test(`GET ${path} is answered with ${status} and ${shown}`, async () => {
    const reply = await ask(SITE, path);
    assert.equal(reply.status, status);
    if (status >= 300 && status < 400) assert.equal(reply.headers.location, shown);
    else assert.equal(reply.body.toString(), shown);
    assert.equal((await door.site("blog", path)).status, status, "again, from what was prepared");
  });
}

test("a file that a rule sends has its own validators, and what stands for a missing one has none", async () => {
  const own = await ask(SITE, "/about");
  const rewritten = await door.site("blog", "/rewritten");
  assert.equal(rewritten.headers.etag, own.headers.etag);
  assert.equal((await door.site("blog", "/rewritten", { headers: { "if-none-match": own.headers.etag! } })).status, 304);
  const gone = await door.site("blog", "/gone", { headers: { range: "bytes=0-1" } });
  assert.deepEqual([gone.status, gone.headers.etag, gone.headers["last-modified"], gone.headers["accept-ranges"]], [410, undefined, undefined, undefined]);
  assert.equal(gone.headers["cache-control"], "no-cache");
});

test("the listing of the root does not show the rules, and rules come before a listing", async () => {
  const { body } = await ask({ "a.txt": "a", _headers: "/*\n  X: y" }, "/");
  assert.match(body.toString(), /a\.txt/);
  assert.doesNotMatch(body.toString(), /_headers/);
  assert.equal((await ask({ "app.html": "app", "assets/a.js": "a", _redirects: "/* /app.html 200" }, "/assets/")).body.toString(), "app");
});

test("a site's headers come on top of the host's, in answers of each kind", async () => {
  const page = await ask(SITE, "/docs/");
  assert.equal(page.headers["x-all"], "yes");
  assert.equal(page.headers["cache-control"], "public, max-age=60");
  assert.equal(page.headers["x-frame-options"], undefined);
  assert.equal(page.headers["cross-origin-opener-policy"], "same-origin-allow-popups");
  const unchanged = await door.site("blog", "/docs/", { headers: { "if-none-match": page.headers.etag! } });
  assert.deepEqual([unchanged.status, unchanged.headers["cache-control"], unchanged.headers["x-all"], unchanged.headers["content-type"]], [304, "public, max-age=60", "yes", undefined]);
  assert.equal((await door.site("blog", "/docs/", { headers: { range: "bytes=0-0" } })).headers["x-all"], "yes");
  assert.equal((await door.site("blog", "/none")).headers["x-all"], "yes");
  assert.equal((await door.site("blog", "/about")).headers["content-security-policy"], "default-src 'self'");
});

test("a page is guarded by default, and a picture does not bear a page's headers", async () => {
  const page = await ask({ "index.html": "x", "a.png": fileOf("x", { type: "image/png" }), "app.3f2a9c1b.css": css }, "/");
  assert.deepEqual([page.headers["referrer-policy"], page.headers["x-frame-options"], page.headers["x-content-type-options"]], ["strict-origin-when-cross-origin", "SAMEORIGIN", "nosniff"]);
  const picture = await door.site("blog", "/a.png");
  assert.deepEqual([picture.headers["x-frame-options"], picture.headers["x-content-type-options"]], [undefined, "nosniff"]);
  assert.equal((await door.site("blog", "/app.3f2a9c1b.css")).headers["cache-control"], "public, max-age=31536000, immutable");
});

test("rules go with the head that brought them, not with the one before", async () => {
  assert.equal((await ask({ "index.html": "x", _redirects: "/a /b 302" }, "/a")).status, 302);
  door.sites.lent.set("_redirects", fileOf("/a /b 302"));
  assert.equal((await ask({ "index.html": "x" }, "/a")).status, 404);
  door.sites.lent.clear();
});

test("rules that are too large count as none", async () => {
  assert.equal((await ask({ "index.html": "x", _redirects: `/a /b 302\n${"#".repeat(65 * 1024)}` }, "/a")).status, 404);
});

test("each version of a site has an address of its own, and says when there is none of that number", async () => {
  door.sites.put("blog", { "index.html": "first" });
  door.sites.versions.set(7, await door.sites.open("blog"));
  door.sites.put("blog", { "index.html": "second" });
  const opens = door.sites.opens;
  for (let round = 0; round < 3; round++) assert.equal((await door.site("7.blog", "/")).body.toString(), "first");
  assert.equal(door.sites.opens, opens + 1);
  assert.equal((await door.site("blog", "/")).body.toString(), "second");
  const none = await door.site("8.blog", "/");
  assert.deepEqual([none.status, none.body.toString().includes("no publication number 8")], [404, true]);
  for (const name of ["0.blog", "07.blog", "x.blog", "7.7.blog", "1234567890123.blog"]) assert.equal((await door.site(name, "/")).status, 421, name);
  assert.equal((await door.site("7.shop", "/")).status, 404);
});

const DECODERS = { br: brotliDecompressSync, zstd: zstdDecompressSync, gzip: gunzipSync } as const;

for (const encoding of ["br", "zstd", "gzip"] as const) {
  test(`text is compressed with ${encoding} for whoever accepts it, once for all`, async () => {
    const plain = await ask({ "a.css": css }, "/a.css");
    const first = await door.site("blog", "/a.css", { headers: { "accept-encoding": encoding } });
    const second = await door.site("blog", "/a.css", { headers: { "accept-encoding": `${encoding};q=0.5` } });
    for (const { status, headers, body } of [first, second]) {
      assert.equal(status, 200);
      assert.equal(headers["content-encoding"], encoding);
      assert.equal(headers["content-length"], String(body.length));
      assert.equal(headers["content-type"], "text/css; charset=utf-8");
      assert.equal(headers.vary, "Accept-Encoding");
      assert.equal(headers["accept-ranges"], undefined);
      assert.notEqual(headers.etag, plain.headers.etag);
      assert.equal(DECODERS[encoding](body).toString(), TEXT);
    }
    assert.equal(first.headers.etag, second.headers.etag);
    const unchanged = await door.site("blog", "/a.css", { headers: { "accept-encoding": encoding, "if-none-match": first.headers.etag! } });
    assert.deepEqual([unchanged.status, unchanged.headers.etag, unchanged.headers.vary], [304, first.headers.etag, "Accept-Encoding"]);
    const head = await door.site("blog", "/a.css", { method: "HEAD", headers: { "accept-encoding": encoding } });
    assert.equal(head.headers["content-length"], String(first.body.length));
  });
}

test("a range is one of the plain form, also for whoever accepts compressed ones", async () => {
  const plain = await ask({ "a.css": css }, "/a.css");
  const part = await door.site("blog", "/a.css", { headers: { "accept-encoding": "br", range: "bytes=0-7" } });
  assert.deepEqual([part.status, part.body.toString(), part.headers["content-encoding"], part.headers.etag], [206, "holdfast", undefined, plain.headers.etag]);
  const encoded = await door.site("blog", "/a.css", { headers: { "accept-encoding": "br" } });
  const rest = await door.site("blog", "/a.css", { headers: { "accept-encoding": "br", range: "bytes=0-7", "if-range": encoded.headers.etag! } });
  assert.equal(rest.status, 200, "the part would not fit what the client has");
});

test("what was compressed beforehand is sent as it is, and nothing else is made beside it", async () => {
  const files = { "a.js": fileOf(TEXT, { type: "text/javascript" }), "a.js.br": fileOf("already brotli", { type: "application/octet-stream" }), "a.js.gz": fileOf("already gzip", { type: "application/gzip" }) };
  const { headers, body } = await ask(files, "/a.js", { headers: { "accept-encoding": "gzip, br" } });
  assert.deepEqual([headers["content-encoding"], headers["content-type"], body.toString()], ["br", "text/javascript", "already brotli"]);
  assert.equal((await door.site("blog", "/a.js", { headers: { "accept-encoding": "gzip" } })).body.toString(), "already gzip");
  assert.equal((await door.site("blog", "/a.js", { headers: { "accept-encoding": "zstd" } })).body.toString(), TEXT);
  assert.equal((await door.site("blog", "/a.js.gz")).headers["content-encoding"], undefined);
});

test("pictures, tiny files and what does not get smaller are sent as they are", async () => {
  const noise = Buffer.concat(Array.from({ length: 128 }, (_, at) => sha256(Uint8Array.of(at))));
  for (const [file, vary] of [[fileOf(TEXT, { type: "image/png" }), undefined], [fileOf("tiny", { type: "text/plain" }), undefined], [fileOf(noise, { type: "text/plain" }), "Accept-Encoding"]] as const) {
    for (let round = 0; round < 2; round++) {
      const { headers, body } = round === 0 ? await ask({ "a": file }, "/a", { headers: { "accept-encoding": "br" } }) : await door.site("blog", "/a", { headers: { "accept-encoding": "br" } });
      assert.deepEqual([headers["content-encoding"], headers.vary, body.length], [undefined, vary, file.sizeBytes]);
    }
  }
});

test("a file that cannot be read is answered as such, also for whoever accepts a compressed form", async () => {
  const { status, headers } = await ask({ "a.css": fileOf(`${TEXT}!`, { type: "text/css", failure: { at: 0, error: new Error("broken") } }) }, "/a.css", { headers: { "accept-encoding": "br" } });
  assert.deepEqual([status, headers["content-encoding"]], [500, undefined]);
});

test("a form that the memory has let go is made again", async () => {
  await using small = await TestDoor.open(undefined, { memoryCacheBytes: 0 });
  small.sites.put("blog", { "a.css": css });
  for (let round = 0; round < 3; round++) {
    const { body } = await small.site("blog", "/a.css", { headers: { "accept-encoding": "br" } });
    assert.equal(brotliDecompressSync(body).toString(), TEXT);
  }
});

test("several ranges come as parts that are put together to the file", async () => {
  const letters = fileOf("abcdefghijklmnopqrstuvwxyz".repeat(100), { type: "text/plain; charset=utf-8" });
  const { status, headers, body } = await ask({ "a.txt": letters }, "/a.txt", { headers: { range: "bytes=1000-1003, 0-2,-1" } });
  assert.equal(status, 206);
  const [, boundary] = /^multipart\/byteranges; boundary=(\w+)$/.exec(headers["content-type"] ?? "") ?? [];
  assert.equal(headers["content-range"], undefined);
  assert.equal(headers["content-length"], String(body.length));
  const part = (range: string, text: string): string => `--${boundary}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes ${range}/2600\r\n\r\n${text}\r\n`;
  assert.equal(body.toString(), `${part("1000-1003", "mnop")}${part("0-2", "abc")}${part("2599-2599", "z")}--${boundary}--\r\n`);
  assert.equal(utf8(boundary!).length, 24);
});
