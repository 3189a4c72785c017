import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test from "node:test";
import { HoldfastError } from "../../platform/index.ts";
import { TOKEN, TestDoor } from "../fakes/harness.ts";
import type { Reply } from "../fakes/harness.ts";

function json<T = { id: string; code: string }>(reply: Reply): T {
  return JSON.parse(reply.body.toString()) as T;
}

async function begin(door: TestDoor, more: object = {}): Promise<string> {
  const reply = await door.api("POST", "/api/uploads", { name: "papers", kind: "folder", ...more });
  assert.equal(reply.status, 201);
  return json(reply).id;
}

function send(door: TestDoor, id: string, path: string, body: string, headers: Readonly<Record<string, string>> = {}): Promise<Reply> {
  return door.ask(`localhost:${door.door.port}`, `/api/uploads/${id}/files/${path}`, { method: "PUT", body, headers: { authorization: `Bearer ${TOKEN}`, "holdfast-mode": "420", "holdfast-modified-ms": "7", ...headers } });
}

async function kept(door: TestDoor, content: string): Promise<string> {
  const id = await begin(door);
  await send(door, id, "a%20b/gr%C3%BC%C3%9Fe.txt", content);
  return json<{ entry: { id: string } }>(await door.api("POST", `/api/uploads/${id}/commit`)).entry.id;
}

test("a folder is put file by file, listed, read and removed", async () => {
  await using door = await TestDoor.open();
  const upload = await begin(door, { redundancy: { kind: "code", k: 4, m: 2 } });
  assert.deepEqual(door.node.entries.calls.at(-1), ["put", "papers", "folder", { kind: "code", k: 4, m: 2 }]);
  assert.equal((await door.api("POST", `/api/uploads/${upload}/folders`, { folders: [{ path: "empty", mode: 0o755, modifiedMs: 3 }] })).status, 200);
  const sent = await send(door, upload, "a/b", "hello");
  assert.deepEqual(json<object>(sent), { path: "a/b", kind: "file", mode: 420, modifiedMs: 7, sizeBytes: 5, sha256: createHash("sha256").update("hello").digest("hex") });
  const put = json<{ entry: { id: string; files: number }; survives: number }>(await door.api("POST", `/api/uploads/${upload}/commit`));
  assert.deepEqual([put.entry.files, put.survives], [1, 1]);
  const { id } = put.entry;
  assert.deepEqual(json<{ entries: { id: string }[] }>(await door.api("GET", "/api/entries")).entries.map((entry) => entry.id), [id]);
  assert.deepEqual(json<{ rows: { path: string }[] }>(await door.api("GET", `/api/entries/${id}/files`)).rows.map((row) => row.path).sort(), ["a/b", "empty"]);
  assert.equal((await door.api("GET", `/api/entries/${id}/content/a/b`)).body.toString(), "hello");
  // The answer may have been lost: asked again, nothing is put twice.
  assert.equal(json<{ entry: { id: string } }>(await door.api("POST", `/api/uploads/${upload}/commit`)).entry.id, id);
  assert.equal(door.node.entries.kept.size, 1);
  assert.equal((await door.api("DELETE", `/api/entries/${id}`)).status, 200);
  assert.equal(json(await door.api("GET", `/api/entries/${id}`)).code, "NO_ENTRY");
  assert.equal(json(await door.api("DELETE", `/api/uploads/${upload}`)).code, "NO_UPLOAD");
});

test("a file is read in whole and in part, as data that no browser shows or keeps", async () => {
  await using door = await TestDoor.open();
  const id = await kept(door, "0123456789");
  const at = `/api/entries/${id}/content/a%20b/gr%C3%BC%C3%9Fe.txt`;
  const whole = await door.api("GET", at);
  assert.deepEqual([whole.status, whole.body.toString(), whole.headers["cache-control"], whole.headers["content-disposition"]], [200, "0123456789", "no-store", "attachment"]);
  const ranges = [["bytes=2-4", 206, "234", "bytes 2-4/10"], ["bytes=-3", 206, "789", "bytes 7-9/10"], ["bytes=20-", 416, "", "bytes */10"], ["bytes=0-1,6-7", 206, undefined, undefined], ["lines=1", 200, "0123456789", undefined]] as const;
  for (const [range, status, body, within] of ranges) {
    const reply = await door.api("GET", at, undefined, { range });
    // Two ranges so near each other are one; the gap is smaller than a part's head.
    if (body === undefined) assert.equal(reply.body.toString(), "01234567");
    else assert.deepEqual([reply.status, reply.body.toString(), reply.headers["content-range"]], [status, body, within]);
  }
  const { etag } = whole.headers;
  for (const [known, status] of [[etag!, 206], ['"another"', 200], [`W/${etag}`, 200], ["Fri, 27 Nov 2026 00:00:00 GMT", 200]] as const) {
    const reply = await door.api("GET", at, undefined, { range: "bytes=7-", "if-range": known });
    assert.deepEqual([reply.status, reply.body.toString()], [status, status === 206 ? "789" : "0123456789"], known);
  }
  assert.equal(json(await door.api("GET", `/api/entries/${id}/content/none`)).code, "NO_FILE");
});

test("a file's blobs are listed in their order, and those of what is no file are not", async () => {
  await using door = await TestDoor.open();
  const id = await kept(door, "0123456789");
  const reply = await door.api("GET", `/api/entries/${id}/blobs/a%20b/gr%C3%BC%C3%9Fe.txt`);
  assert.deepEqual(json<object>(reply), { blobs: ["0123", "4567", "89"].map((text) => ({ sizeBytes: text.length, sha256: createHash("sha256").update(text).digest("hex") })) });
  assert.equal(json(await door.api("GET", `/api/entries/${id}/blobs/none`)).code, "NO_FILE");
});

test("an upload without its facts, or with wrong ones, is refused", async () => {
  await using door = await TestDoor.open();
  const upload = await begin(door);
  for (const headers of [{ "holdfast-mode": "" }, { "holdfast-mode": "4096" }, { "holdfast-modified-ms": "-1" }, { "holdfast-modified-ms": "x" }]) assert.equal((await send(door, upload, "a", "x", headers)).status, 400);
  for (const wrong of [{ name: "" }, { kind: "link" }, { redundancy: { kind: "code", k: 0, m: 1 } }, { redundancy: { kind: "copies", copies: "many" } }, { more: 1 }]) assert.equal((await door.api("POST", "/api/uploads", { name: "x", kind: "file", ...wrong })).status, 400, JSON.stringify(wrong));
});

test("content on fewer hosts than it was meant for is answered with 202, and an upload that is aborted keeps nothing", async () => {
  await using door = await TestDoor.open();
  door.node.entries.safe = false;
  const upload = await begin(door);
  await send(door, upload, "a", "x");
  assert.equal((await door.api("POST", `/api/uploads/${upload}/commit`)).status, 202);
  const other = await begin(door);
  assert.equal((await door.api("DELETE", `/api/uploads/${other}`)).status, 200);
  assert.deepEqual(door.node.entries.calls.at(-1), ["abort", "papers"]);
});

function sendBundle(door: TestDoor, id: string, number: number, body: string): Promise<Reply> {
  return door.ask(`localhost:${door.door.port}`, `/api/uploads/${id}/bundles/${number}`, { method: "PUT", body, headers: { authorization: `Bearer ${TOKEN}` } });
}

function bundle(files: Readonly<Record<string, string>>): string {
  const head = Object.entries(files).map(([path, content]) => ({ path, mode: 0o640, modifiedMs: 5, sizeBytes: Buffer.byteLength(content) }));
  return `${JSON.stringify({ files: head })}\n${Object.values(files).join("")}`;
}

test("small files are put and read many at a time, and it is told where they came from", async () => {
  await using door = await TestDoor.open();
  const upload = await begin(door);
  const sent = await sendBundle(door, upload, 1, bundle({ "a b/1": "one\n", "empty": "", "grüße": "hello" }));
  assert.equal(sent.status, 200, sent.body.toString());
  assert.deepEqual(json<{ rows: { path: string; mode: number; sizeBytes: number; sha256: string }[] }>(sent).rows.map(({ path, mode, sizeBytes, sha256 }) => [path, mode, sizeBytes, sha256]), [["a b/1", "one\n"], ["empty", ""], ["grüße", "hello"]].map(([path, content]) => [path, 0o640, content!.length, createHash("sha256").update(content!).digest("hex")]));
  const { id } = json<{ entry: { id: string } }>(await door.api("POST", `/api/uploads/${upload}/commit`)).entry;
  const read = await door.api("POST", `/api/entries/${id}/bundle`, { paths: ["grüße", "empty", "a b/1"] });
  assert.deepEqual([read.status, read.body.toString(), read.headers["cache-control"], read.headers["content-disposition"]], [200, "helloone\n", "no-store", "attachment"]);
  for (const wrong of [{ paths: [] }, { paths: ["a"], more: 1 }]) assert.equal((await door.api("POST", `/api/entries/${id}/bundle`, wrong)).status, 400);
  assert.equal(json(await door.api("POST", `/api/entries/${id}/bundle`, { paths: ["empty", "none"] })).code, "NO_FILE");
});

test("a bundle that contradicts itself is refused, and nothing is kept before it has come in whole", async () => {
  await using door = await TestDoor.open();
  const upload = await begin(door);
  const whole = bundle({ a: "one", b: "two" });
  for (const wrong of ["", "no line", "{}\n", `${whole}!`, whole.slice(0, -1), whole.replace("416", "4096"), whole.replace('"a"', "7")]) assert.equal(json(await sendBundle(door, upload, 1, wrong)).code, "BAD_REQUEST", wrong);
  assert.equal(json(await door.api("POST", `/api/uploads/${upload}/commit`)).code, "INCOMPLETE");
  assert.equal(json(await sendBundle(door, upload, 2, "x".repeat(8 * 1024 * 1024 + 1))).code, "BODY_TOO_LARGE");
  assert.equal((await sendBundle(door, upload, 1, whole)).status, 200);
  assert.equal((await door.api("POST", `/api/uploads/${upload}/commit`)).status, 200);
});

test("private content is nobody's without the token", async () => {
  await using door = await TestDoor.open();
  const id = await kept(door, "secret");
  for (const path of ["/api/entries", `/api/entries/${id}`, `/api/entries/${id}/files`, `/api/entries/${id}/blobs/a`, `/api/entries/${id}/content/a`]) {
    const reply = await door.ask(`localhost:${door.door.port}`, path, {});
    assert.equal(reply.status, 401);
    assert.doesNotMatch(reply.body.toString(), /secret/);
  }
});

test("an entry that cannot be read has a row that says why", async () => {
  await using door = await TestDoor.open();
  await kept(door, "x");
  door.node.entries.faults = [{ id: "broken" as never, fault: Object.assign(new Error("not what was sealed"), { code: "TAMPERED" }) }];
  const { entries } = json<{ entries: object[] }>(await door.api("GET", "/api/entries"));
  assert.equal(entries.length, 2);
  assert.deepEqual(entries[1], { id: "broken", code: "TAMPERED", message: "not what was sealed" });
});

test("an upgrade is planned, and told line by line until it is done or says why not", async () => {
  await using door = await TestDoor.open();
  const plan = { redundancy: { kind: "code", k: 2, m: 2 }, packs: 3, contentBytes: 100, takenBytes: 200 };
  assert.deepEqual(json<object>(await door.api("GET", "/api/upgrade")), plan);
  const told = async (): Promise<unknown[]> => (await door.api("POST", "/api/upgrade")).body.toString().trim().split("\n").map((line) => JSON.parse(line) as unknown);
  assert.deepEqual(await told(), [{ ...plan, doneBytes: 0, isSpread: true, fault: null }, { ...plan, doneBytes: 100, isSpread: false, fault: null }]);
  door.node.entries.upgradeFault = new HoldfastError("OVER_QUOTA", "You would be over your quota.");
  assert.deepEqual((await told())[1], { ...plan, doneBytes: 0, isSpread: true, fault: { code: "OVER_QUOTA", message: "You would be over your quota." } });
});
