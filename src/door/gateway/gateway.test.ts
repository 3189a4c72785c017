import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { HoldfastError } from "../../platform/index.ts";
import { fileOf, hugeFile } from "../fakes/fake-sites.ts";
import { createDoor } from "../door.ts";
import { FakeNode, SESSION_KEY, TOKEN, TestDoor, env, hostId, hostRow } from "../fakes/harness.ts";
import type { Reply } from "../fakes/harness.ts";

const LETTERS = "abcdefghijklmnopqrstuvwxyz";

async function doorWithBlog(): Promise<TestDoor> {
  const door = await TestDoor.open();
  door.sites.put("blog", {
    "index.html": "<h1>front</h1>",
    "letters.txt": fileOf(LETTERS, { type: "text/plain; charset=utf-8" }),
    "empty.txt": "",
    "docs/index.html": "docs",
    "docs/a.html": "a",
    "pictures/one.png": fileOf(new Uint8Array(2048), { type: "image/png" }),
    "pictures/<b>&\"x\".txt": "odd",
    "pictures/deep/two.png": fileOf(new Uint8Array(10), { type: "image/png" }),
    "grüße/🌿.html": "kelp",
    "video.mp4": hugeFile(3 * 1024 * 1024 + 17),
  });
  return door;
}

/** Without those that are of the connection. */
function lasting({ headers }: Reply): object {
  const { connection: _, date: __, "keep-alive": ___, ...rest } = headers;
  return rest;
}

test("a file comes with all that the web expects of it", async () => {
  await using door = await doorWithBlog();
  for (const round of ["first", "from memory"]) {
    const { status, headers, body } = await door.site("blog", "/letters.txt");
    assert.equal(status, 200, round);
    assert.equal(body.toString(), LETTERS);
    assert.equal(headers["content-type"], "text/plain; charset=utf-8");
    assert.equal(headers["content-length"], "26");
    assert.equal(headers["x-content-type-options"], "nosniff");
    assert.equal(headers["cache-control"], "no-cache");
    assert.equal(headers["accept-ranges"], "bytes");
    assert.equal(headers["last-modified"], "Tue, 14 Nov 2023 22:13:20 GMT");
    assert.match(headers.etag ?? "", /^"bafk[a-z2-7]+"$/);
    assert.equal(headers["x-holdfast-host"], "attic");
    assert.equal(headers["access-control-allow-origin"], undefined);
    assert.equal(headers["set-cookie"], undefined);
  }
  assert.equal(door.sites.reads.length, 1);
});

for (const [path, status, text] of [
  ["/", 200, "<h1>front</h1>"],
  ["/?x=1", 200, "<h1>front</h1>"],
  ["/index.html", 200, "<h1>front</h1>"],
  ["/docs/", 200, "docs"],
  ["/gr%C3%BC%C3%9Fe/%F0%9F%8C%BF.html", 200, "kelp"],
  ["/empty.txt", 200, ""],
  ["/letters.txt/", 404, "Not found"],
  ["/none", 404, "Not found"],
  ["//index.html", 404, "Not found"],
  ["/docs//a.html", 404, "Not found"],
  ["/docs//", 404, "Not found"],
  ["/%2e%2e/etc/passwd", 400, "Not a path"],
  ["/docs/%2e%2e/index.html", 400, "Not a path"],
  ["/docs%2fa.html", 400, "Not a path"],
  ["/a%00", 400, "Not a path"],
  ["/constructor", 404, "Not found"],
] as const) {
  test(`GET ${path} is answered with ${status}`, async () => {
    await using door = await doorWithBlog();
    const reply = await door.site("blog", path);
    assert.equal(reply.status, status);
    assert.ok(reply.body.toString().includes(text));
  });
}

test("the paths that HTTP clients would tidy up are refused as they stand", async () => {
  await using door = await doorWithBlog();
  const host = `blog.localhost:${door.door.port}`;
  for (const target of ["/../index.html", "/docs/../index.html", "/..\\index.html", "/docs/./a.html", "/%2e%2e%2findex.html", "/\xff"]) assert.equal(await door.status(host, target), 400, target);
});

test("HEAD has the headers of GET and no body, for files, listings, redirects and errors", async () => {
  await using door = await doorWithBlog();
  for (const path of ["/", "/letters.txt", "/video.mp4", "/empty.txt", "/pictures/", "/docs", "/none", "/%2e%2e/x", "/.well-known/holdfast"]) {
    for (const headers of [{}, { "if-none-match": "*" }, { "if-match": '"x"' }]) {
      const [head, get] = [await door.site("blog", path, { method: "HEAD", headers }), await door.site("blog", path, { headers })];
      assert.equal(head.status, get.status, path);
      assert.deepEqual(lasting(head), lasting(get), path);
      assert.equal(head.body.length, 0);
    }
  }
});

test("HEAD reads nothing of the file and ignores a Range", async () => {
  await using door = await doorWithBlog();
  const reply = await door.site("blog", "/video.mp4", { method: "HEAD", headers: { range: "bytes=0-9" } });
  assert.equal(reply.status, 200);
  assert.equal(reply.headers["content-length"], String(3 * 1024 * 1024 + 17));
  assert.equal(door.sites.reads.length, 0);
});

test("other methods are refused, and their bodies are not taken for another request", async () => {
  await using door = await doorWithBlog();
  for (const method of ["POST", "PUT", "DELETE", "PATCH", "TRACE"]) {
    const reply = await door.site("blog", "/", { method });
    assert.equal(reply.status, 405);
    assert.equal(reply.headers.allow, "GET, HEAD, OPTIONS");
  }
  const inner = "GET /letters.txt HTTP/1.1\r\nHost: blog.localhost\r\n\r\n";
  const text = await door.raw(`POST / HTTP/1.1\r\nHost: blog.localhost\r\nContent-Length: ${inner.length}\r\n\r\n${inner}`);
  assert.equal(text.match(/HTTP\/1\.1/g)?.length, 1);
  const chunked = await door.raw(`GET / HTTP/1.1\r\nHost: blog.localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n${inner}`);
  assert.equal(chunked.match(/HTTP\/1\.1/g)?.length, 1);
});

test("a folder without a slash is redirected on the same site, with its query", async () => {
  await using door = await doorWithBlog();
  for (const [path, location] of [
    ["/docs", "/docs/"],
    ["/pictures/deep?a=//evil.example", "/pictures/deep/?a=//evil.example"],
    ["/gr%C3%BC%C3%9Fe", "/gr%C3%BC%C3%9Fe/"],
  ] as const) {
    const { status, headers } = await door.site("blog", path);
    assert.equal(status, 308);
    assert.equal(headers.location, location);
  }
});

test("no redirect leads off the site, whatever the folders are called", async () => {
  await using door = await TestDoor.open();
  door.sites.put("blog", { "evil.example/a": "x", "evil.example/docs/a": "x" });
  const host = `blog.localhost:${door.door.port}`;
  for (const target of ["//evil.example", "///evil.example/docs", "/\\evil.example", "//evil.example/%2e%2e", "http://evil.example/docs"]) {
    const reply = await door.raw(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    assert.match(reply, /^HTTP\/1\.1 40[04] /, target);
  }
  assert.equal((await door.site("blog", "/evil.example")).headers.location, "/evil.example/");
});

test("a folder without index.html is listed, with names escaped and sizes", async () => {
  await using door = await doorWithBlog();
  const { status, headers, body } = await door.site("blog", "/pictures/");
  const page = body.toString();
  assert.equal(status, 200);
  assert.match(String(headers["content-security-policy"]), /default-src 'none'/);
  assert.match(page, /<a href="\.\/one\.png">one\.png<\/a><span class="soft">2 kB/);
  assert.match(page, /<a href="\.\/deep\/">deep\/<\/a>/);
  assert.match(page, /<a href="\.\.\/">/);
  assert.ok(page.includes("&lt;b&gt;&amp;&quot;x&quot;.txt"));
  assert.ok(page.includes("./%3Cb%3E%26%22x%22.txt"));
  assert.doesNotMatch(page, /<b>/);
});

test("a site's own 404.html is sent for what is missing, with status 404 and neither validators nor ranges", async () => {
  await using door = await TestDoor.open();
  door.sites.put("blog", { "index.html": "x", "404.html": "<h1>lost at sea</h1>" });
  const { status, headers, body } = await door.site("blog", "/none", { headers: { range: "bytes=0-1", "if-none-match": "*" } });
  assert.equal(status, 404);
  assert.equal(body.toString(), "<h1>lost at sea</h1>");
  assert.equal(headers.etag, undefined);
  assert.equal(headers["accept-ranges"], undefined);
  assert.equal((await door.site("blog", "/404.html")).status, 200);
});

test("an unknown site's page says which there are and how to publish", async () => {
  await using door = await doorWithBlog();
  const { status, body } = await door.site("shop", "/");
  assert.equal(status, 404);
  assert.match(body.toString(), /No site called “shop”/);
  assert.ok(body.toString().includes(`http://blog.localhost:${door.door.port}/`));
  assert.ok(body.toString().includes("publish FOLDER --name shop"));
});

test("a name under which nothing is published says so", async () => {
  await using door = await TestDoor.open();
  door.sites.claim("blog");
  const { status, body } = await door.site("blog", "/");
  assert.equal(status, 404);
  assert.match(body.toString(), /Nothing on “blog” yet/);
});

test("conditional requests are answered without the file", async () => {
  await using door = await doorWithBlog();
  const etag = (await door.site("blog", "/letters.txt", { method: "HEAD" })).headers.etag!;
  const unchanged = await door.site("blog", "/letters.txt", { headers: { "if-none-match": `"x", W/${etag}` } });
  assert.equal(unchanged.status, 304);
  assert.equal(unchanged.headers.etag, etag);
  assert.equal(unchanged.headers["content-length"], undefined);
  assert.equal((await door.site("blog", "/letters.txt", { headers: { "if-match": '"x"' } })).status, 412);
  assert.equal((await door.site("blog", "/letters.txt", { headers: { "if-modified-since": "Tue, 14 Nov 2023 22:13:20 GMT" } })).status, 304);
  assert.equal(door.sites.reads.length, 0);
});

test("ranges of a small and of a large file are exactly the bytes asked for", async () => {
  await using door = await doorWithBlog();
  const video = (await door.site("blog", "/video.mp4")).body;
  await fc.assert(
    fc.asyncProperty(fc.constantFrom("letters.txt", "video.mp4"), fc.nat(), fc.nat(), fc.constantFrom("both", "open", "suffix"), async (path, a, b, kind) => {
      const whole = path === "video.mp4" ? video : Buffer.from(LETTERS);
      const first = a % whole.length;
      const last = Math.min(whole.length - 1, first + (b % 2_000_000));
      const header = kind === "both" ? `bytes=${first}-${last}` : kind === "open" ? `bytes=${first}-` : `bytes=-${whole.length - first}`;
      const wanted = whole.subarray(first, kind === "both" ? last + 1 : undefined);
      const { status, headers, body } = await door.site("blog", `/${path}`, { headers: { range: header } });
      assert.equal(status, 206);
      assert.equal(headers["content-range"], `bytes ${first}-${first + wanted.length - 1}/${whole.length}`);
      assert.equal(headers["content-length"], String(wanted.length));
      assert.ok(body.equals(wanted));
    }),
    { numRuns: 60 },
  );
});

test("a range that cannot be is answered with the size, and one of a changed file with the whole", async () => {
  await using door = await doorWithBlog();
  const impossible = await door.site("blog", "/letters.txt", { headers: { range: "bytes=26-" } });
  assert.equal(impossible.status, 416);
  assert.equal(impossible.headers["content-range"], "bytes */26");
  assert.equal((await door.site("blog", "/letters.txt", { headers: { range: "bytes=0-1", "if-range": '"old"' } })).status, 200);
  assert.equal((await door.site("blog", "/empty.txt", { headers: { range: "bytes=-5" } })).status, 200);
});

test("a new head is served from the next request on", async () => {
  await using door = await doorWithBlog();
  const first = await door.site("blog", "/");
  door.sites.put("blog", { "index.html": "<h1>second</h1>" });
  const second = await door.site("blog", "/");
  assert.equal(second.body.toString(), "<h1>second</h1>");
  assert.notEqual(first.headers.etag, second.headers.etag);
  await door.sites.unpublish("blog");
  assert.equal((await door.site("blog", "/")).status, 404);
});

test("a file that the head before lends is served until it is lent no more, and behind a folder of today", async () => {
  await using door = await TestDoor.open();
  door.sites.put("blog", { "a/b.txt": "x" });
  for (const path of ["old.css", "page.html", "a", "a.html", "a/index.html", "404.html"]) door.sites.lent.set(path, fileOf("lent"));
  for (let round = 0; round < 2; round++) assert.equal((await door.site("blog", "/old.css")).body.toString(), "lent");
  assert.equal((await door.site("blog", "/page")).body.toString(), "lent");
  assert.equal((await door.site("blog", "/page/")).status, 404);
  assert.equal((await door.site("blog", "/a")).status, 308);
  assert.match((await door.site("blog", "/a/")).body.toString(), /b\.txt/);
  assert.match((await door.site("blog", "/none")).body.toString(), /Not found/);
  door.sites.lent.clear();
  for (const path of ["/old.css", "/page"]) assert.equal((await door.site("blog", path)).status, 404);
});

test("while a new head cannot be read, the one before is served without waiting, and the new one is tried again", async () => {
  let nowMs = 0;
  const node = new FakeNode();
  const opened = await createDoor({ ...env, clock: { ...env.clock, monotonicMs: () => nowMs } }, { node, token: TOKEN, sessionKey: SESSION_KEY, port: 0 });
  await using door = new TestDoor(opened, node);
  door.sites.put("blog", { "index.html": "old" });
  door.sites.stale = await door.sites.open("blog");
  door.sites.put("blog", { "index.html": "new" });
  const before = door.sites.opens;
  for (let round = 0; round < 3; round++) assert.equal((await door.site("blog", "/")).body.toString(), "old");
  assert.equal(door.sites.opens - before, 1);
  door.sites.stale = undefined;
  nowMs = 3000;
  assert.equal((await door.site("blog", "/")).body.toString(), "old");
  assert.equal((await door.site("blog", "/")).body.toString(), "new");
});

test("a site is opened once for all who ask, and again for each head only", async () => {
  await using door = await doorWithBlog();
  await Promise.all(Array.from({ length: 10 }, () => door.site("blog", "/letters.txt")));
  await door.site("blog", "/docs/");
  assert.equal(door.sites.opens, 1);
  assert.equal(door.sites.reads.filter((read) => read.path === "letters.txt").length, 1);
});

test("/.well-known/holdfast tells which host serves the site, and where else on this machine it is", async () => {
  const node = new FakeNode("grüner Keller");
  node.rows = [hostRow(1, "grüner Keller", { isSelf: true, httpPort: 1 }), hostRow(2, "cellar", { httpPort: 4282 }), hostRow(3, "away", { httpPort: 4284, presence: "away" }), hostRow(4, "far", { httpPort: 4286, address: "/ip4/192.0.2.1/tcp/1" })];
  await using door = await TestDoor.open(node);
  const { head } = door.sites.put("blog", { "index.html": "x", ".well-known/holdfast": "a file of the same name" });
  const { headers, body } = await door.site("blog", "/.well-known/holdfast?now");
  assert.equal(headers["content-type"], "application/json");
  assert.equal(headers["x-holdfast-host"], "gr%C3%BCner%20Keller");
  assert.deepEqual(JSON.parse(body.toString()), { host: "grüner Keller", site: "blog", address: `http://blog.localhost:${door.door.port}/`, root: head!.root, sequence: 1, mirrors: [{ host: "cellar", url: "http://blog.localhost:4282/" }] });
});

for (const [code, status] of [["UNAVAILABLE", 503], ["DEADLINE", 504], ["UNREACHABLE", 502], ["PIECE_DAMAGED", 502], ["DISK_BROKEN", 500], ["NOT_FOUND", 500]] as const) {
  test(`a file that cannot be read because of ${code} is answered with ${status} and what to do`, async () => {
    const node = new FakeNode();
    node.holders = [hostId(2)];
    await using door = await TestDoor.open(node);
    const error = new HoldfastError(code, "Only cellar <has> it.");
    door.sites.put("blog", { "small.txt": fileOf("x", { failure: { at: 0, error } }), "large.bin": hugeFile(9 * 1024 * 1024, { failure: { at: 0, error } }) });
    for (const path of ["/small.txt", "/large.bin"]) {
      const reply = await door.site("blog", path);
      assert.equal(reply.status, status);
      assert.equal(reply.headers["retry-after"], "5");
      assert.equal(reply.headers.etag, undefined);
      assert.ok(reply.body.toString().includes("Only cellar &lt;has&gt; it."));
      assert.match(reply.body.toString(), /<span class="away">cellar<\/span>/);
    }
    assert.equal((await door.site("blog", "/small.txt", { headers: { range: "bytes=0-0" } })).status, status);
  });
}

test("a site whose list of files is out of reach says so", async () => {
  await using door = await doorWithBlog();
  door.sites.failure = new HoldfastError("UNAVAILABLE", "No host that has it is here.");
  assert.equal((await door.site("blog", "/")).status, 503);
  door.sites.failure = undefined;
  assert.equal((await door.site("blog", "/")).status, 200);
});

test("an unforeseen error is answered with 500 and tells nothing of the inside", async () => {
  await using door = await TestDoor.open();
  door.sites.put("blog", { "a.txt": fileOf("x", { failure: { at: 0, error: new TypeError("secret /path is not a function") } }) });
  const { status, body } = await door.site("blog", "/a.txt");
  assert.equal(status, 500);
  assert.doesNotMatch(body.toString(), /secret/);
});

test("a publisher's media type cannot become a header of its own", async () => {
  await using door = await TestDoor.open();
  door.sites.put("blog", { "a.txt": fileOf("x", { type: "text/html\r\nSet-Cookie: a=b" }), "b.txt": fileOf("x", { type: "text/häml" }) });
  for (const path of ["/a.txt", "/b.txt"]) {
    const { headers } = await door.site("blog", path);
    assert.equal(headers["content-type"], "application/octet-stream");
    assert.equal(headers["set-cookie"], undefined);
  }
});
