import assert from "node:assert/strict";
import { once } from "node:events";
import test from "node:test";
import { createDoor } from "./door.ts";
import { hugeFile } from "./fakes/fake-sites.ts";
import { FakeNode, SESSION_KEY, TOKEN, TestDoor, env, hostRow } from "./fakes/harness.ts";

test("the door listens on 127.0.0.1 and, where it exists, ::1, on one port", async () => {
  await using door = await TestDoor.open();
  assert.equal(door.door.addresses[0], "127.0.0.1");
  for (const address of door.door.addresses) assert.ok(["127.0.0.1", "::1"].includes(address));
  assert.ok(door.door.port > 0);
});

test("a port that is taken is an error that says what to do", async () => {
  await using door = await TestDoor.open();
  await assert.rejects(createDoor(env, { node: new FakeNode(), token: TOKEN, sessionKey: SESSION_KEY, port: door.door.port }), { code: "PORT_TAKEN", message: /--http-port/ });
});

test("a closed door's port is free again at once", async () => {
  const first = await TestDoor.open();
  await first.door.close();
  const again = await createDoor(env, { node: new FakeNode(), token: TOKEN, sessionKey: SESSION_KEY, port: first.door.port });
  assert.equal(again.port, first.door.port);
  await again.close();
});

test("a closing door lets an answer under way end, and takes no more", async () => {
  const door = await TestDoor.open();
  const [reading, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const before = (): Promise<void> => {
    reading.resolve();
    return goOn.promise;
  };
  door.sites.put("blog", { "a.bin": hugeFile(9 * 1024 * 1024, { before }) });
  const idle = door.socket();
  await once(idle, "connect");
  const answer = door.site("blog", "/a.bin");
  await reading.promise;
  const closing = door.door.close();
  await assert.rejects(door.site("blog", "/a.bin"));
  goOn.resolve();
  assert.equal((await answer).body.length, 9 * 1024 * 1024);
  await closing;
});

test("a closing door cuts off, after its patience, an answer that does not end", async () => {
  let nowMs = 0;
  const clock = { ...env.clock, monotonicMs: () => nowMs };
  const node = new FakeNode();
  const door = await createDoor({ ...env, clock }, { node, token: TOKEN, sessionKey: SESSION_KEY, port: 0 });
  node.sites.put("blog", { "a.bin": hugeFile(1024 ** 3) });
  const client = await TestDoor.open();
  const socket = (await import("node:net")).connect(door.port, "127.0.0.1");
  socket.on("error", () => {});
  socket.write(`GET /a.bin HTTP/1.1\r\nHost: blog.localhost\r\n\r\n`);
  await once(socket, "readable");
  const closing = door.close();
  nowMs = 3000;
  await closing;
  socket.destroy();
  await client.door.close();
});

test("other names are told that they are not served", async () => {
  await using door = await TestDoor.open();
  for (const host of ["evil.example", "a.b.localhost", ""]) {
    const reply = await door.raw(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    assert.match(reply, /^HTTP\/1\.1 421 [^]*This host serves NAME\.localhost/);
  }
  assert.match(await door.raw("GET / HTTP/1.1\r\n\r\n"), /^HTTP\/1\.1 400 /);
  assert.match(await door.raw("GET / HTTP/1.0\r\n\r\n"), /^HTTP\/1\.1 421 /);
});

test("too many headers, and headers that do not end, are refused in time", async () => {
  await using door = await TestDoor.open(new FakeNode(), { limits: { headersMs: 200 } });
  assert.match(await door.raw(`GET / HTTP/1.1\r\nHost: localhost\r\n${"X-A: y\r\n".repeat(4000)}\r\n`), /^HTTP\/1\.1 431 /);
  assert.match(await door.raw(`GET /${"a".repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`), /^HTTP\/1\.1 431 /);
  assert.match(await door.raw("GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "), /^HTTP\/1\.1 408 /);
});

test("a connection that says nothing is closed, and connections beyond the limit are not taken", async () => {
  await using door = await TestDoor.open(new FakeNode(), { limits: { silenceMs: 200, connectionsMax: 2 } });
  const sockets = [door.socket(), door.socket()];
  await Promise.all(sockets.map((socket) => once(socket, "connect")));
  const third = door.socket();
  await once(third, "close");
  await Promise.all(sockets.map((socket) => once(socket.resume(), "close")));
  assert.equal((await door.ask(`localhost:${door.door.port}`, "/health", {})).status, 200);
});

test("the start page tells the network's state, its hosts and sites, with every name escaped", async () => {
  const node = new FakeNode("<b>attic</b>");
  node.networkName = `<script>alert("x")</script>`;
  node.rows = [hostRow(1, "<b>attic</b>", { isSelf: true }), hostRow(2, "cellar'\"&", { presence: "gone" })];
  await using door = await TestDoor.open(node);
  door.sites.put("blog", { "index.html": "x" });
  door.sites.claim("soon");
  for (const host of [`localhost:${door.door.port}`, "127.0.0.1", `[::1]:${door.door.port}`]) {
    const { status, headers, body } = await door.ask(host, "/?x", {});
    const page = body.toString();
    assert.equal(status, 200);
    assert.match(String(headers["content-security-policy"]), /default-src 'none'.*frame-ancestors 'none'/);
    assert.ok(page.includes("<h1>&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;</h1>"));
    assert.ok(page.includes("Everything survives the loss of any host."));
    assert.ok(page.includes(`<a href="http://blog.localhost:${door.door.port}/">blog</a>`));
    assert.ok(page.includes('<span class="gone">cellar&#39;&quot;&amp;</span>'));
    assert.doesNotMatch(page, /<script|<b>/);
  }
});

test("metrics and health are told without a token, under the host's own names only", async () => {
  await using door = await TestDoor.open();
  door.sites.put("blog", { "index.html": "12345" });
  await door.site("blog", "/");
  await door.site("blog", "/none");
  const host = `localhost:${door.door.port}`;
  for (let scrape = 0; scrape < 2; scrape++) {
    const { headers, body } = await door.ask(host, "/metrics", {});
    const text = body.toString();
    assert.match(String(headers["content-type"]), /^text\/plain; version=0\.0\.4/);
    assert.match(text, /^holdfast_http_requests_total\{status="404"\} 1$/m);
    assert.match(text, /^holdfast_members 2$/m);
    assert.match(text, /^holdfast_peers_online 0$/m);
    assert.match(text, /^holdfast_records 42$/m);
    assert.match(text, /^holdfast_odd_count 3$/m);
    assert.match(text, /^holdfast_odd_by_code_count\{code="NOT_EVEN"\} 1$/m);
  }
  assert.equal((await door.ask(host, "/health", {})).body.toString(), "serving\n");
  assert.equal((await door.ask(host, "/health", { method: "POST" })).status, 405);
  assert.equal((await door.ask(host, "/else", {})).status, 404);
  assert.equal((await door.site("blog", "/metrics")).status, 404);
});
