import assert from "node:assert/strict";
import { once } from "node:events";
import test, { after, before } from "node:test";
import { fileOf, hugeFile } from "../fakes/fake-sites.ts";
import { TOKEN, TestDoor } from "../fakes/harness.ts";

// HTTP/1.1 as it stands on the wire: what RFC 9110, 9111 and 9112 ask of an origin server, and what attackers try instead. One door for all;
// every exchange is a connection of its own, whose bytes are written by hand.

let door: TestDoor;
let blog: string;
before(async () => {
  door = await TestDoor.open(undefined, { limits: { headersMs: 300 } });
  blog = `blog.localhost:${door.door.port}`;
  door.sites.put("blog", { "index.html": "front", "a.txt": fileOf("abcdefghij", { type: "text/plain; charset=utf-8" }), "film.mp4": hugeFile(2_000_000), "docs/a.html": "a" });
  door.sites.put("shop", { "index.html": "shop", "secret.txt": "of the shop" });
});
after(() => door[Symbol.asyncDispose]());

interface Answer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** All answers on one connection, taken apart by Content-Length as a strict client would. @param heads methods in the order of the requests */
function answersIn(text: string, methods: readonly string[]): Answer[] {
  const answers: Answer[] = [];
  for (let rest = text; rest !== ""; ) {
    const end = rest.indexOf("\r\n\r\n");
    assert.ok(end > 0, `no whole head in ${JSON.stringify(rest.slice(0, 200))}`);
    const [first, ...lines] = rest.slice(0, end).split("\r\n");
    const [, digits] = /^HTTP\/1\.1 (\d{3}) /.exec(first!) ?? [];
    const headers = new Map(lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]));
    const status = Number(digits);
    const method = methods[answers.filter((each) => each.status >= 200).length];
    const length = status < 200 || status === 204 || status === 304 || method === "HEAD" ? 0 : Number(headers.get("content-length") ?? Number.NaN);
    const body = Number.isNaN(length) ? rest.slice(end + 4) : rest.slice(end + 4, end + 4 + length);
    answers.push({ status, headers, body });
    rest = rest.slice(end + 4 + body.length);
  }
  return answers;
}

async function exchange(text: string, ...methods: string[]): Promise<Answer[]> {
  return answersIn(await door.raw(text), methods);
}

async function one(text: string, method = "GET"): Promise<Answer> {
  const answers = await exchange(text, method);
  assert.equal(answers.length, 1);
  return answers[0]!;
}

const get = (target: string, headers = "", host = blog): string => `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${headers}\r\n`;

test("every answer has a date and says how long it is (RFC 9110, 6.6.1; RFC 9112, 6.3)", async () => {
  for (const target of ["/", "/a.txt", "/docs", "/docs/", "/none", "/%00"]) {
    const { headers } = await one(get(target));
    assert.match(headers.get("date") ?? "", /GMT$/);
    assert.match(headers.get("content-length") ?? "", /^\d+$/);
    assert.equal(headers.get("transfer-encoding"), undefined);
  }
});

test("a connection is kept for the next request, and requests sent at once are answered in their order (RFC 9112, 9.3)", async () => {
  const keep = (target: string, method = "GET"): string => `${method} ${target} HTTP/1.1\r\nHost: ${blog}\r\n\r\n`;
  const answers = await exchange(`${keep("/film.mp4")}${keep("/a.txt", "HEAD")}${keep("/none")}${keep("/a.txt")}${get("/")}`, "GET", "HEAD", "GET", "GET", "GET");
  assert.deepEqual(answers.map(({ status, body }) => [status, body.length > 100 ? "much" : body]), [[200, "much"], [200, ""], [404, "much"], [200, "abcdefghij"], [200, "front"]]);
});

test("HTTP/1.0 closes its connection unless asked to keep it (RFC 9112, 9.3)", async () => {
  const closed = await one(`GET /a.txt HTTP/1.0\r\nHost: ${blog}\r\n\r\n`);
  assert.deepEqual([closed.status, closed.body, closed.headers.get("connection")], [200, "abcdefghij", "close"]);
  const kept = await exchange(`GET /a.txt HTTP/1.0\r\nHost: ${blog}\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\nHost: ${blog}\r\n\r\n`);
  assert.deepEqual(kept.map(({ body }) => body), ["abcdefghij", "front"]);
});

test("a whole address as target is taken when it agrees with the Host header (RFC 9112, 3.2.2)", async () => {
  assert.equal((await one(get(`http://${blog}/a.txt`))).body, "abcdefghij");
  assert.equal((await one(get(`HTTP://${blog.toUpperCase()}?x`))).body, "front");
  assert.equal((await one(get("http://shop.localhost/"))).status, 400);
});

test("names of headers and hosts have no case, and blanks around values mean nothing (RFC 9110, 5.1 and 5.5)", async () => {
  const { status, body } = await one(`GET /a.txt HTTP/1.1\r\nhOsT: \t${blog.toUpperCase()}  \r\nconnection:close\r\nrAnGe:  bytes=0-1 \r\n\r\n`);
  assert.deepEqual([status, body], [206, "ab"]);
});

test("an empty line before a request is passed over (RFC 9112, 2.2)", async () => {
  assert.equal((await one(`\r\n${get("/a.txt")}`)).body, "abcdefghij");
});

test("OPTIONS says what is allowed, and a method that is not is answered with 405 and the same (RFC 9110, 15.5.6)", async () => {
  const options = await one(`OPTIONS /a.txt HTTP/1.1\r\nHost: ${blog}\r\nConnection: close\r\n\r\n`);
  assert.deepEqual([options.status, options.headers.get("allow"), options.headers.get("content-length"), options.body], [204, "GET, HEAD, OPTIONS", undefined, ""]);
  const trace = await one(`TRACE / HTTP/1.1\r\nHost: ${blog}\r\nConnection: close\r\nCookie: a=b\r\n\r\n`);
  assert.deepEqual([trace.status, trace.headers.get("allow"), trace.body.includes("a=b")], [405, "GET, HEAD, OPTIONS", false]);
});

test("HEAD is answered as GET is, without the content, and 304 without length (RFC 9110, 9.3.2 and 15.4.5)", async () => {
  const got = await one(get("/a.txt"));
  const head = await one(get("/a.txt").replace("GET", "HEAD"), "HEAD");
  assert.deepEqual([...head.headers].filter(([name]) => name !== "date"), [...got.headers].filter(([name]) => name !== "date"));
  const unchanged = await one(get("/a.txt", `If-None-Match: ${got.headers.get("etag")}\r\n`));
  assert.deepEqual([unchanged.status, unchanged.body, unchanged.headers.get("etag"), unchanged.headers.get("content-length"), unchanged.headers.get("content-type")], [304, "", got.headers.get("etag"), undefined, undefined]);
});

test("conditions are taken in the order of RFC 9110, 13.2.2", async () => {
  const { headers } = await one(get("/a.txt"));
  const etag = headers.get("etag")!;
  const modified = headers.get("last-modified")!;
  for (const [conditions, status] of [
    [`If-Match: "x"\r\nIf-None-Match: ${etag}\r\n`, 412],
    [`If-Match: ${etag}\r\nIf-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n`, 200],
    [`If-Unmodified-Since: Sunday, 06-Nov-94 08:49:37 GMT\r\n`, 412],
    [`If-None-Match: "x"\r\nIf-Modified-Since: ${modified}\r\n`, 200],
    [`If-Modified-Since: ${modified}\r\n`, 304],
    ["If-Modified-Since: yesterday\r\n", 200],
    [`If-None-Match: W/${etag}\r\nRange: bytes=0-1\r\n`, 304],
    [`If-Range: W/${etag}\r\nRange: bytes=0-1\r\n`, 200],
    [`If-Range: ${etag}\r\nRange: bytes=0-1\r\n`, 206],
    ["Range: bytes=99-\r\n", 416],
    ["Range: pages=1-2\r\n", 200],
  ] as const) {
    assert.equal((await one(get("/a.txt", conditions))).status, status, conditions);
  }
});

test("the rest of a request is asked for only where somebody wants it (RFC 9110, 10.1.1)", async () => {
  const expecting = (host: string, target: string, more: string): string => `PUT ${target} HTTP/1.1\r\nHost: ${host}\r\nExpect: 100-continue\r\nContent-Length: 2\r\nContent-Type: application/json\r\n${more}\r\n`;
  const site = await exchange(expecting(blog, "/a.txt", ""));
  assert.deepEqual(site.map(({ status }) => status), [405]);
  assert.equal(site[0]!.headers.get("connection"), "close");
  const self = `localhost:${door.door.port}`;
  assert.deepEqual((await exchange(expecting(self, "/api/settings", ""))).map(({ status }) => status), [401]);
  const socket = door.socket();
  socket.write(expecting(self, "/api/settings", `Authorization: Bearer ${TOKEN}\r\nConnection: close\r\n`));
  const [first] = (await once(socket, "data")) as [Buffer];
  assert.equal(first.toString("latin1"), "HTTP/1.1 100 Continue\r\n\r\n");
  socket.write("{}");
  const [second] = (await once(socket, "data")) as [Buffer];
  assert.match(second.toString("latin1"), /^HTTP\/1\.1 200 /);
  socket.destroy();
  assert.equal((await one(get("/", "Expect: the-unexpected\r\n"))).status, 417);
});

for (const [what, head] of [
  ["no Host header", "GET / HTTP/1.1\r\nConnection: close\r\n\r\n"],
  ["two Host headers", "GET / HTTP/1.1\r\nHost: blog.localhost\r\nHost: shop.localhost\r\n\r\n"],
  ["two Host headers that agree", "GET / HTTP/1.1\r\nHost: blog.localhost\r\nhost: blog.localhost\r\n\r\n"],
  ["a blank before the colon", "GET / HTTP/1.1\r\nHost : blog.localhost\r\n\r\n"],
  ["a folded line", "GET / HTTP/1.1\r\nHost: blog.localhost\r\nX: a\r\n b\r\n\r\n"],
  ["a bare carriage return in a value", "GET / HTTP/1.1\r\nHost: blog.localhost\r\nX: a\rb\r\n\r\n"],
  ["a NUL in a value", "GET / HTTP/1.1\r\nHost: blog.localhost\r\nX: a\0b\r\n\r\n"],
  ["no version", "GET /\r\nHost: blog.localhost\r\n\r\n"],
  ["a version that is none", "GET / HTTP/1.x\r\nHost: blog.localhost\r\n\r\n"],
  ["a blank in the target", "GET /a b HTTP/1.1\r\nHost: blog.localhost\r\n\r\n"],
  ["a target that is neither path nor address", "GET a.txt HTTP/1.1\r\nHost: blog.localhost\r\nConnection: close\r\n\r\n"],
  ["both lengths of a body", "POST / HTTP/1.1\r\nHost: blog.localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
  ["two lengths of a body", "POST / HTTP/1.1\r\nHost: blog.localhost\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nGET /"],
  ["a length with a sign", "POST / HTTP/1.1\r\nHost: blog.localhost\r\nContent-Length: +4\r\n\r\nabcd"],
  ["a length in hexadecimal", "POST / HTTP/1.1\r\nHost: blog.localhost\r\nContent-Length: 0x4\r\n\r\nabcd"],
  ["a transfer coding that is not known last", "POST / HTTP/1.1\r\nHost: blog.localhost\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"],
  ["a transfer coding with a blank in front of its colon", "POST / HTTP/1.1\r\nHost: blog.localhost\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n"],
] as const) {
  test(`a request with ${what} is refused, and what follows it is not taken for another`, async () => {
    const answers = await exchange(`${head}GET /a.txt HTTP/1.1\r\nHost: blog.localhost\r\nConnection: close\r\n\r\n`);
    assert.equal(answers.length, 1);
    assert.equal(answers[0]!.status, 400);
  });
}

for (const [what, body] of [
  ["by its length", "Content-Length: 60\r\n\r\n"],
  ["in chunks", "Transfer-Encoding: chunked\r\n\r\n"],
  ["in a coding that looks like chunks", "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"],
  ["in chunks, its size with a sign", "Transfer-Encoding: chunked\r\n\r\n-1\r\n"],
  ["in chunks, its size beyond all numbers", "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n"],
  ["in chunks, with a bare line feed", "Transfer-Encoding: chunked\r\n\r\n0\n\n"],
] as const) {
  test(`a request inside the body of another, sent ${what}, is never answered`, async () => {
    const text = await door.raw(`GET / HTTP/1.1\r\nHost: ${blog}\r\n${body}GET /secret.txt HTTP/1.1\r\nHost: shop.localhost\r\n\r\n`);
    assert.doesNotMatch(text, /of the shop/);
    assert.equal(text.match(/^HTTP\/1\.1 [2-5]/gm)?.length ?? 0, 1);
  });
}

test("headers beyond 16 KiB, in one or in many, and an address as long are refused", async () => {
  for (const text of [get("/", `X: ${"a".repeat(20_000)}\r\n`), get("/", "X: a\r\n".repeat(4000)), get(`/${"a".repeat(20_000)}`)]) assert.match(await door.raw(text), /^HTTP\/1\.1 431 /);
});

test("whoever sends a head letter by letter is cut off, and slows nobody", async () => {
  const slow = Array.from({ length: 50 }, () => door.socket());
  for (const socket of slow) socket.write(`GET / HTTP/1.1\r\nHost: ${blog}\r\nX: `);
  assert.equal((await one(get("/a.txt"))).body, "abcdefghij");
  const words = await Promise.all(slow.map(async (socket) => {
    const [chunk] = (await once(socket, "data")) as [Buffer];
    socket.destroy();
    return chunk.toString("latin1").slice(0, 12);
  }));
  assert.deepEqual(new Set(words), new Set(["HTTP/1.1 408"]));
});

test("no way of writing a path leads out of the site, or to another's", async () => {
  for (const target of ["/../shop/secret.txt", "/..%2fshop/secret.txt", "/%2e%2e/%2e%2e/etc/passwd", "/.%2e/x", "/..;/secret.txt", "/%252e%252e/secret.txt", "/%c0%ae%c0%ae/secret.txt", "/..%5csecret.txt", "/..%00/secret.txt", "//shop.localhost/secret.txt", "/docs/..%2f..%2fsecret.txt", "/%e0%80%af", "/docs/%2e", "/a.txt%00.html", "/a.txt\\..\\x", "/\x7f"]) {
    const { status, body } = await one(get(target));
    assert.ok(status === 400 || status === 404, `${target}: ${status}`);
    assert.doesNotMatch(body, /of the shop|root:/);
  }
});

test("no Host header but a site's own name gets that site, and none of them the API or another's content", async () => {
  const { port } = door.door;
  for (const host of ["shop.localhost.evil.example", "evil.example", "blog.localhost@shop.localhost", "blog.localhost/../shop", "blog.localhost#", "shop.localhost:x", "shop.localhost:999999", "shop_localhost", "xn--shop.localhost", "", "127.0.0.1.evil.example", "[::1", "localhost.", "0x7f000001", `shop.localhost:${port}, ${blog}`]) {
    const { status, body } = await one(get("/secret.txt", "", host));
    assert.ok([400, 404, 421].includes(status), `${host}: ${status}`);
    assert.doesNotMatch(body, /of the shop/);
    assert.ok([400, 404, 421].includes((await one(get("/api/status", "", host))).status), host);
  }
  for (const header of ["X-Forwarded-Host: shop.localhost", "Forwarded: host=shop.localhost", "X-Original-URL: /secret.txt", "X-Rewrite-URL: /secret.txt", "X-HTTP-Method-Override: DELETE"]) assert.equal((await one(get("/", `${header}\r\n`))).body, "front", header);
});

test("a header that asks for very many ranges or codings costs no more than the file", async () => {
  const many = await one(get("/film.mp4", `Range: bytes=${Array.from({ length: 60 }, () => "0-").join(",")}\r\n`));
  assert.deepEqual([many.status, many.body.length], [206, 2_000_000]);
  const over = await one(get("/film.mp4", `Range: bytes=${Array.from({ length: 2000 }, (_, at) => `${at}-`).join(",")}\r\n`));
  assert.deepEqual([over.status, over.body.length], [200, 2_000_000]);
  assert.equal((await one(get("/a.txt", `Accept-Encoding: ${"gzip;q=0.1,".repeat(1300)}br\r\n`))).body, "abcdefghij");
});
