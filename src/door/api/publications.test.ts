import assert from "node:assert/strict";
import test from "node:test";
import type { Env, Timer } from "../../platform/index.ts";
import { HoldfastError } from "../../platform/index.ts";
import { FakeSites } from "../fakes/fake-sites.ts";
import { TOKEN, TestDoor, env } from "../fakes/harness.ts";
import type { Reply } from "../fakes/harness.ts";
import { Publications } from "./publications.ts";

function json(reply: Reply): { id: string; code: string } {
  return JSON.parse(reply.body.toString()) as { id: string; code: string };
}

async function begin(door: TestDoor, name = "blog"): Promise<string> {
  const reply = await door.api("POST", "/api/publications", { name, copies: 3 });
  assert.equal(reply.status, 201);
  return json(reply).id;
}

function put(door: TestDoor, id: string, path: string, body: string | Uint8Array): Promise<Reply> {
  return door.ask(`127.0.0.1:${door.door.port}`, `/api/publications/${id}/files/${path}`, { method: "PUT", body, headers: { authorization: `Bearer ${TOKEN}` } });
}

function rawPut(door: TestDoor, id: string, headers: string, body: string): Promise<string> {
  return door.raw(`PUT /api/publications/${id}/files/a.txt HTTP/1.1\r\nHost: localhost:${door.door.port}\r\nAuthorization: Bearer ${TOKEN}\r\nConnection: close\r\n${headers}\r\n${body}`);
}

test("a site is published file by file and then served", async () => {
  await using door = await TestDoor.open();
  const id = await begin(door);
  const big = new Uint8Array(5 * 1024 * 1024).fill(7);
  const replies = await Promise.all([put(door, id, "index.html", "hello"), put(door, id, "gr%C3%BC%C3%9Fe/a%20b", big), put(door, id, "empty", "")]);
  assert.deepEqual(replies.map((reply) => reply.status), [200, 200, 200]);
  assert.equal((JSON.parse(replies[1]!.body.toString()) as { path: string }).path, "grüße/a b");
  assert.equal(door.sites.find("blog"), undefined);
  const done = await door.api("POST", `/api/publications/${id}/commit`);
  assert.equal(done.status, 200);
  assert.equal((await door.site("blog", "/")).body.toString(), "hello");
  assert.equal((await door.site("blog", "/gr%C3%BC%C3%9Fe/a%20b")).body.length, big.length);
  assert.equal(json(await door.api("DELETE", `/api/publications/${id}`)).code, "NO_PUBLICATION");
});

test("whoever did not hear the answer to a commit, or asks while it is under way, is told what was made, once", async () => {
  const sites = new FakeSites();
  const publications = new Publications(env, sites);
  async function* one(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(1);
  }
  const id = await publications.begin("blog", 1, false);
  await assert.rejects(publications.commit(id), { code: "EMPTY_SITE" });
  await publications.add(id, { path: "a", length: 1, chunks: one() });
  const [first, meanwhile] = await Promise.all([publications.commit(id), publications.commit(id)]);
  assert.equal(first.head.sequence, 1);
  for (const again of [meanwhile, await publications.commit(id)]) assert.equal(again, first);
  assert.equal((await sites.open("blog")).head.sequence, 1);
  await assert.rejects(publications.leave(id), { code: "NO_PUBLICATION" });
});

test("a commit that fails at once leaves a session that can be aborted", async () => {
  const sites = new FakeSites();
  const publish = sites.publish.bind(sites);
  sites.publish = async (name, options) => ({
    ...(await publish(name, options)),
    commit() {
      throw new HoldfastError("NO_SPACE", "There is no room.");
    },
  });
  const publications = new Publications(env, sites);
  const id = await publications.begin("blog", 1, false);
  for (let times = 0; times < 2; times += 1) await assert.rejects(publications.commit(id), { code: "NO_SPACE" });
  await publications.abort(id);
  assert.deepEqual(sites.aborted, ["blog"]);
});

test("a commit on fewer hosts than it should be is answered with 202", async () => {
  await using door = await TestDoor.open();
  door.sites.isSafe = false;
  const id = await begin(door);
  await put(door, id, "a", "x");
  assert.equal((await door.api("POST", `/api/publications/${id}/commit`)).status, 202);
});

test("a body that ends before its length fails the file, and nothing is published with it missing", async () => {
  await using door = await TestDoor.open();
  const id = await begin(door);
  await put(door, id, "b.txt", "whole");
  const socket = door.socket();
  const failed = Promise.withResolvers<void>();
  socket.write(`PUT /api/publications/${id}/files/a.txt HTTP/1.1\r\nHost: localhost:${door.door.port}\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Length: 100\r\n\r\nonly this`, () => socket.end(() => failed.resolve()));
  await failed.promise;
  let commit = await door.api("POST", `/api/publications/${id}/commit`);
  while (json(commit).code === "PUBLICATION_BUSY") commit = await door.api("POST", `/api/publications/${id}/commit`);
  assert.equal(json(commit).code, "INCOMPLETE");
  assert.equal(commit.status, 409);
  assert.equal((await put(door, id, "a.txt", "now whole")).status, 200);
  assert.equal((await door.api("POST", `/api/publications/${id}/commit`)).status, 200);
});

test("bytes beyond the length are no part of the file and end the connection", async () => {
  await using door = await TestDoor.open();
  const id = await begin(door);
  const reply = await door.raw(`PUT /api/publications/${id}/files/a.txt HTTP/1.1\r\nHost: localhost:${door.door.port}\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Length: 4\r\n\r\nfourMORE THAN THAT\r\n\r\n`);
  assert.match(reply, /400 Bad Request/);
  await door.api("POST", `/api/publications/${id}/commit`);
  const served = await door.site("blog", "/a.txt");
  assert.ok(served.status === 404 || served.body.toString() === "four");
});

test("a file needs a length, and only one", async () => {
  await using door = await TestDoor.open();
  const id = await begin(door);
  assert.match(await rawPut(door, id, "", ""), /^HTTP\/1\.1 411 /);
  assert.match(await rawPut(door, id, "Transfer-Encoding: chunked\r\n", "1\r\nx\r\n0\r\n\r\n"), /^HTTP\/1\.1 411 /);
  assert.match(await rawPut(door, id, "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", "1\r\nx\r\n0\r\n\r\n"), /^HTTP\/1\.1 400 /);
  assert.match(await rawPut(door, id, "Content-Length: 1\r\nContent-Length: 2\r\n", "xy"), /^HTTP\/1\.1 400 /);
  assert.match(await rawPut(door, id, "Content-Length: -1\r\n", ""), /^HTTP\/1\.1 400 /);
});

test("paths that could mean another place are refused before the body is read", async () => {
  await using door = await TestDoor.open();
  const id = await begin(door);
  for (const path of ["%2e%2e/x", "a%2fb", "a%5cb", "a%00", "%ff", "a/%2e%2e/%2e%2e/%2e%2e/%2e%2e/sites"]) {
    const reply = await put(door, id, path, "x");
    assert.equal(reply.status, 400, path);
    assert.equal(json(reply).code, "BAD_PATH");
  }
});

test("the same path twice is refused, and the first file stays", async () => {
  await using door = await TestDoor.open();
  const id = await begin(door);
  await put(door, id, "a", "first");
  assert.equal(json(await put(door, id, "a", "second")).code, "DUPLICATE_PATH");
  assert.equal((await door.api("POST", `/api/publications/${id}/commit`)).status, 200);
  assert.equal((await door.site("blog", "/a")).body.toString(), "first");
});

test("a body that is refused before its end is let pass, and its connection goes on", async () => {
  await using door = await TestDoor.open();
  const id = await begin(door);
  await put(door, id, "a.txt", "first");
  const head = `Host: localhost:${door.door.port}\r\nAuthorization: Bearer ${TOKEN}\r\n`;
  const large = "x".repeat(4 * 1024 * 1024);
  const answers = await door.raw(`PUT /api/publications/${id}/files/a.txt HTTP/1.1\r\n${head}Content-Length: ${large.length}\r\n\r\n${large}DELETE /api/publications/${id} HTTP/1.1\r\n${head}Connection: close\r\n\r\n`);
  assert.deepEqual([...answers.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map((match) => match[1]), ["409", "200"]);
});

test("an aborted publication is gone, and so is one that the site refuses to begin", async () => {
  await using door = await TestDoor.open();
  const id = await begin(door);
  assert.equal((await door.api("DELETE", `/api/publications/${id}`)).status, 200);
  assert.deepEqual(door.sites.aborted, ["blog"]);
  assert.equal((await put(door, id, "a", "x")).status, 404);
  assert.equal(json(await door.api("POST", "/api/publications", { name: "taken", copies: "all" })).code, "NAME_TAKEN");
  for (const wrong of [{ name: "blog" }, { name: "blog", copies: 0 }, { name: "blog", copies: 1.5 }, { name: "blog", copies: "many" }, { name: "", copies: 1 }]) assert.equal((await door.api("POST", "/api/publications", wrong)).status, 400, JSON.stringify(wrong));
});

test("an empty publication cannot be committed and stays open", async () => {
  await using door = await TestDoor.open();
  const id = await begin(door);
  assert.equal(json(await door.api("POST", `/api/publications/${id}/commit`)).code, "EMPTY_SITE");
  await put(door, id, "a", "x");
  assert.equal((await door.api("POST", `/api/publications/${id}/commit`)).status, 200);
});

test("eight publications may be open, and each that ends makes room", async () => {
  await using door = await TestDoor.open();
  const ids = await Promise.all(Array.from({ length: 8 }, (_, at) => begin(door, `s${at}`)));
  assert.equal((await door.api("POST", "/api/publications", { name: "more", copies: 1 })).status, 429);
  await door.api("DELETE", `/api/publications/${ids[0]}`);
  await begin(door, "more");
});

test("an upload is taken in no faster than the site takes it", async () => {
  await using door = await TestDoor.open();
  const first = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  let taken = 0;
  door.sites.publish = async () => ({
    add: async (path, source) => {
      for await (const chunk of source) {
        taken += chunk.length;
        first.resolve();
        await goOn.promise;
      }
      return { path, id: "x" as never, sizeBytes: taken, type: "x" };
    },
    keep: async () => undefined,
    commit: () => Promise.reject(new Error("not here")),
    abort: async () => {},
    leave: async () => {},
  });
  const id = await begin(door);
  const size = 64 * 1024 * 1024;
  const socket = door.socket();
  socket.write(`PUT /api/publications/${id}/files/a HTTP/1.1\r\nHost: localhost:${door.door.port}\r\nAuthorization: Bearer ${TOKEN}\r\nConnection: close\r\nContent-Length: ${size}\r\n\r\n`);
  socket.write(Buffer.alloc(size));
  await first.promise;
  for (let turn = 0; turn < 300; turn++) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(socket.writableLength > size / 2, "the client is held back");
  goOn.resolve();
  const reply = Promise.withResolvers<string>();
  socket.on("data", (chunk: Buffer) => reply.resolve(chunk.toString()));
  assert.match(await reply.promise, /^HTTP\/1\.1 200 /);
  assert.equal(taken, size);
});

/** An environment whose timers fire when the test says so. */
function stoppedTime(): { readonly env: Env; fire(): void } {
  const pending = new Set<() => void>();
  const after = (_: number, action: () => void): Timer => {
    pending.add(action);
    return { cancel: () => pending.delete(action) };
  };
  return { env: { ...env, timers: { ...env.timers, after } }, fire: () => [...pending].forEach((action) => action()) };
}

test("a publication without activity is ended, one with a file coming in is not", async () => {
  const time = stoppedTime();
  const sites = new FakeSites();
  const publications = new Publications(time.env, sites);
  const goOn = Promise.withResolvers<void>();
  const busy = await publications.begin("busy", 1, false);
  const idle = await publications.begin("idle", 1, false);
  async function* slow(): AsyncGenerator<Uint8Array> {
    await goOn.promise;
    yield new Uint8Array(3);
  }
  const adding = publications.add(busy, { path: "a", length: 3, chunks: slow() });
  time.fire();
  assert.deepEqual(sites.left, ["idle"]);
  await assert.rejects(publications.commit(idle), { code: "NO_PUBLICATION" });
  await assert.rejects(publications.commit(busy), { code: "PUBLICATION_BUSY" });
  goOn.resolve();
  await adding;
  time.fire();
  assert.deepEqual(sites.left, ["idle", "busy"]);
});

test("aborting ends a file that is coming in", async () => {
  const sites = new FakeSites();
  const publications = new Publications(env, sites);
  const id = await publications.begin("blog", 1, false);
  const goOn = Promise.withResolvers<void>();
  async function* slow(): AsyncGenerator<Uint8Array> {
    await goOn.promise;
    yield new Uint8Array(3);
  }
  const adding = publications.add(id, { path: "a", length: 3, chunks: slow() });
  await publications.abort(id);
  goOn.resolve();
  await assert.rejects(adding, { code: "NO_PUBLICATION" });
});
