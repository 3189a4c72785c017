import assert from "node:assert/strict";
import { once } from "node:events";
import { get } from "node:http";
import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import test from "node:test";
import { ZipBuffer } from "node:zlib";
import { hex } from "../../codec/index.ts";
import { sha256 } from "../../crypto/index.ts";
import { TestDoor, env } from "../fakes/harness.ts";
import type { Reply } from "../fakes/harness.ts";
import { DoorError } from "../errors.ts";
import { Downloads, withoutCode } from "./downloads.ts";

const FOLDER = { mode: 0o755, modifiedMs: 3 } as const;
const FILE = { mode: 0o644, modifiedMs: 3 } as const;

async function* of(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

/** An entry of the test door's person, with a folder and two files. */
async function kept({ node: { entries } }: TestDoor): Promise<string> {
  const upload = await entries.put({ name: "Überlieferung (1)", kind: "folder" });
  upload.addFolders([{ path: "leer", ...FOLDER }]);
  await upload.add({ path: "a/grüße.txt", ...FILE }, of("hello"));
  await upload.add({ path: "b", ...FILE }, of("x".repeat(3000)));
  return (await upload.commit()).entry.id;
}

function unzip(archive: Buffer): Record<string, string> {
  return Object.fromEntries(new ZipBuffer(archive).entries().map(([name, entry]) => [name, entry.contentSync().toString()]));
}

async function begun(door: TestDoor, id: string, json: object = {}): Promise<string> {
  const reply = await door.api("POST", `/api/entries/${id}/downloads`, json);
  assert.equal(reply.status, 201);
  return (JSON.parse(reply.body.toString()) as { address: string }).address;
}

/** As a web browser asks that is led to an address by a page. */
function follow(door: TestDoor, address: string, headers: Readonly<Record<string, string>> = {}): Promise<Reply> {
  return door.ask(`localhost:${door.door.port}`, address, { headers: { "sec-fetch-site": "same-origin", ...headers } });
}

test("a folder is saved as one archive from an address that needs no token, under its name and with its length", async () => {
  await using door = await TestDoor.open();
  const reply = await follow(door, await begun(door, await kept(door)));
  assert.deepEqual([reply.status, reply.headers["content-length"], reply.headers["cache-control"]], [200, String(reply.body.length), "no-store"]);
  assert.equal(reply.headers["content-disposition"], "attachment; filename*=UTF-8''%C3%9Cberlieferung%20%281%29.zip");
  assert.deepEqual(unzip(reply.body), { "Überlieferung (1)/leer/": "", "Überlieferung (1)/a/grüße.txt": "hello", "Überlieferung (1)/b": "x".repeat(3000) });
});

test("an archive unpacks into one folder, whatever its entry is called", async () => {
  await using door = await TestDoor.open();
  for (const [name, folder] of [["../..\\x\n", ".._.._x_"], ["..", "_"]] as const) {
    const upload = await door.node.entries.put({ name, kind: "folder" });
    await upload.add({ path: "b", ...FILE }, of("x"));
    const reply = await follow(door, await begun(door, (await upload.commit()).entry.id));
    assert.deepEqual(unzip(reply.body), { [`${folder}/b`]: "x" });
  }
});

test("a single file is saved in the same way", async () => {
  await using door = await TestDoor.open();
  const reply = await follow(door, await begun(door, await kept(door), { path: "a/grüße.txt" }));
  assert.deepEqual([reply.body.toString(), reply.headers["content-disposition"]], ["hello", "attachment; filename*=UTF-8''gr%C3%BC%C3%9Fe.txt"]);
});

test("an address of a download is good for nothing else and for no page of another origin", async () => {
  await using door = await TestDoor.open();
  const id = await kept(door);
  const address = await begun(door, id);
  assert.equal((await follow(door, address, { "sec-fetch-site": "cross-site" })).status, 403);
  assert.equal((await door.ask(`evil.example:${door.door.port}`, address, {})).status, 421);
  for (const other of [`${address}a`, `${address}?x`, address.slice(0, -1), "/api/downloads/", `/api/entries/${id}`]) assert.equal((await follow(door, other)).status, 401, other);
  assert.equal((await door.ask(`localhost:${door.door.port}`, address, { method: "DELETE" })).status, 401);
  assert.equal((await follow(door, address)).status, 200);
});

/** The first bytes of a download whose connection then breaks. */
async function broken(door: TestDoor, address: string): Promise<{ readonly etag: string; readonly bytes: Buffer }> {
  const request = get({ port: door.door.port, path: address, headers: { host: `localhost:${door.door.port}` } });
  const [response] = (await once(request, "response")) as [IncomingMessage];
  const [bytes] = (await once(response, "data")) as [Buffer];
  request.destroy();
  assert.equal(response.headers["accept-ranges"], "bytes");
  return { etag: response.headers.etag!, bytes };
}

test("a file whose download breaks off goes on behind what came, as Chromium and as Firefox ask for it", async () => {
  await using door = await TestDoor.open();
  const whole = Buffer.from(Array.from({ length: 2_000_000 }, (_, at) => (at * at) >> 7));
  const upload = await door.node.entries.put({ name: "film.mkv", kind: "file" });
  await upload.add({ path: "film.mkv", ...FILE }, Readable.from([whole]));
  const address = await begun(door, (await upload.commit()).entry.id);
  const { etag, bytes } = await broken(door, address);
  assert.ok(bytes.length < whole.length);
  assert.equal(etag, `"${hex(sha256(whole))}"`);
  for (const condition of ["if-range", "if-match"]) {
    const rest = await follow(door, address, { range: `bytes=${bytes.length}-`, [condition]: etag });
    assert.deepEqual([rest.status, rest.headers["content-range"], rest.headers["content-disposition"]], [206, `bytes ${bytes.length}-${whole.length - 1}/${whole.length}`, "attachment; filename*=UTF-8''film.mkv"]);
    assert.equal(`"${hex(sha256(Buffer.concat([bytes, rest.body])))}"`, etag);
  }
});

test("whoever goes on with the part of another file gets none that is put behind it", async () => {
  await using door = await TestDoor.open();
  const address = await begun(door, await kept(door), { path: "b" });
  const asked = async (headers: Readonly<Record<string, string>>): Promise<readonly [number, number]> => {
    const { status, body } = await follow(door, address, { range: "bytes=1000-", ...headers });
    return [status, body.length];
  };
  assert.deepEqual(await asked({ "if-range": '"other"' }), [200, 3000]);
  assert.deepEqual(await asked({ "if-match": '"other"' }), [412, 0]);
  assert.deepEqual(await asked({ range: "bytes=3000-" }), [416, 0]);
});

test("an address of a download is forgotten after a minute, and an hour after the end of what was asked for under it", async () => {
  let nowMs = 0;
  const downloads = new Downloads({ ...env, clock: { ...env.clock, monotonicMs: () => nowMs } });
  const [left, address] = [downloads.begin({ id: "left", path: undefined }), downloads.begin({ id: "entry", path: undefined })];
  nowMs = 59_999;
  assert.ok(downloads.admits("GET", left));
  const code = address.split("/").at(-1)!;
  const sent = downloads.follow(code, async () => {
    nowMs = 86_400_000;
    assert.ok(downloads.admits("GET", address), "it takes as long as it takes");
    throw new DoorError("CLIENT_GONE", "it broke off");
  });
  await assert.rejects(sent, { code: "CLIENT_GONE" });
  nowMs += 3_599_999;
  assert.deepEqual([downloads.admits("GET", left), downloads.admits("GET", address)], [false, true]);
  nowMs += 1;
  assert.equal(downloads.admits("GET", address), false);
  await assert.rejects(downloads.follow(code, async () => "sent"), { code: "NO_FILE" });
});

test("a request that is noticed to have broken off does not end the address of the one that goes on", async () => {
  let nowMs = 0;
  const downloads = new Downloads({ ...env, clock: { ...env.clock, monotonicMs: () => nowMs } });
  const address = downloads.begin({ id: "entry", path: undefined });
  const code = address.split("/").at(-1)!;
  const [first, second] = [Promise.withResolvers<"sent">(), Promise.withResolvers<"sent">()];
  const sent = [first, second].map(({ promise }) => downloads.follow(code, () => promise));
  first.resolve("sent");
  await sent[0];
  nowMs = 7_200_000;
  second.resolve("sent");
  await sent[1];
  assert.ok(downloads.admits("GET", address));
});

test("a log names a download without what lets in", () => {
  assert.deepEqual(["/api/downloads/abc?d", "/api/entries/abc"].map(withoutCode), ["/api/downloads/", "/api/entries/abc"]);
});

test("what cannot be downloaded is said when its address is asked for", async () => {
  await using door = await TestDoor.open();
  const id = await kept(door);
  for (const [entry, json, code] of [[id, { path: "none" }, "NO_FILE"], ["none", {}, "NO_ENTRY"]] as const) {
    const reply = await door.api("POST", `/api/entries/${entry}/downloads`, json);
    assert.equal((JSON.parse(reply.body.toString()) as { code: string }).code, code);
  }
});
