import assert from "node:assert/strict";
import { once } from "node:events";
import test from "node:test";
import { HoldfastError } from "../../platform/index.ts";
import { fileOf, hugeFile } from "../fakes/fake-sites.ts";
import { TestDoor } from "../fakes/harness.ts";

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

/** Resolves when the condition holds, looked at as the event loop turns. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

function get(door: TestDoor, path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: blog.localhost:${door.door.port}\r\n\r\n`;
}

test("a client that goes away ends the reading of its file", async () => {
  await using door = await TestDoor.open();
  door.sites.put("blog", { "huge.bin": hugeFile(GIB) });
  const socket = door.socket();
  socket.write(get(door, "/huge.bin"));
  await once(socket, "data");
  socket.destroy();
  await until(() => door.sites.reads[0]?.isEnded === true);
  assert.equal(door.sites.reads[0]?.wasAborted, true);
  assert.ok(door.sites.reads[0].given < GIB / 4);
});

test("a client that goes away before the first byte ends the reading too", async () => {
  await using door = await TestDoor.open();
  const reading = Promise.withResolvers<void>();
  const before = (signal: AbortSignal | undefined): Promise<void> => {
    reading.resolve();
    return new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason as Error)));
  };
  door.sites.put("blog", { "huge.bin": hugeFile(GIB, { before }) });
  const socket = door.socket();
  socket.write(get(door, "/huge.bin"));
  await reading.promise;
  socket.destroy();
  await until(() => door.sites.reads[0]?.isEnded === true);
  assert.equal(door.sites.reads[0]?.given, 0);
});

test("a client that does not read has little of the file in memory", async () => {
  await using door = await TestDoor.open();
  door.sites.put("blog", { "huge.bin": hugeFile(GIB) });
  const sockets = Array.from({ length: 20 }, () => door.socket());
  for (const socket of sockets) {
    socket.pause();
    socket.write(get(door, "/huge.bin"));
  }
  await until(() => door.sites.reads.length === 20 && door.sites.reads.every((read) => read.given > 0));
  let given = -1;
  const sum = (): number => door.sites.reads.reduce((total, read) => total + read.given, 0);
  // What the operating system takes in for a connection is its own affair; once that is full, nothing more is read.
  for (let quiet = 0; quiet < 200; quiet++) {
    await new Promise((resolve) => setImmediate(resolve));
    if (sum() !== given) quiet = 0;
    given = sum();
  }
  assert.ok(given < 20 * 16 * MIB, `${given} bytes`);
  for (const socket of sockets) socket.destroy();
  await until(() => door.sites.reads.every((read) => read.isEnded));
});

test("an error in the middle of a file closes the connection before its length is reached", async () => {
  await using door = await TestDoor.open();
  door.sites.put("blog", { "huge.bin": hugeFile(9 * MIB, { failure: { at: 4 * MIB, error: new HoldfastError("UNAVAILABLE", "gone") } }) });
  const reply = await door.raw(get(door, "/huge.bin"));
  assert.match(reply, /^HTTP\/1\.1 200 OK\r\n/);
  assert.match(reply, /Content-Length: 9437184\r\n/);
  assert.ok(reply.length < 5 * MIB);
  assert.doesNotMatch(reply.slice(-2000), /out of reach/);
  const metrics = await door.ask(`localhost:${door.door.port}`, "/metrics", {});
  assert.match(metrics.body.toString(), /holdfast_http_broken_streams_total 1/);
});

test("a source that gives too few bytes is never taken for the whole file", async () => {
  await using door = await TestDoor.open();
  const short = { bytesAt: (offset: number, length: number) => new Uint8Array(offset === 0 ? length : length - 1) };
  door.sites.put("blog", { "large.bin": hugeFile(9 * MIB, short), "small.bin": fileOf(new Uint8Array(100), { bytesAt: () => new Uint8Array(99) }) });
  const reply = await door.raw(get(door, "/large.bin"));
  assert.ok(reply.length - reply.indexOf("\r\n\r\n") - 4 < 9 * MIB);
  assert.equal((await door.site("blog", "/small.bin")).status, 500);
});

test("a source that gives too many bytes does not run into the next answer", async () => {
  await using door = await TestDoor.open();
  door.sites.put("blog", { "large.bin": hugeFile(9 * MIB, { bytesAt: (_, length) => new Uint8Array(length + 1) }), "small.bin": fileOf(new Uint8Array(100), { bytesAt: () => new Uint8Array(101) }) });
  const reply = await door.raw(get(door, "/large.bin"));
  assert.ok(reply.slice(reply.indexOf("\r\n\r\n") + 4).length <= 9 * MIB);
  assert.equal((await door.site("blog", "/small.bin")).status, 500);
});

test("requests one behind the other on a connection are answered in their order", async () => {
  await using door = await TestDoor.open();
  door.sites.put("blog", { "a.txt": "first", "huge.bin": hugeFile(5 * MIB), "c.txt": "third" });
  const reply = await door.raw(get(door, "/a.txt") + get(door, "/huge.bin") + get(door, "/c.txt").replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
  assert.equal(reply.match(/HTTP\/1\.1 200 OK/g)?.length, 3);
  assert.ok(reply.indexOf("first") < reply.indexOf("Content-Length: 5242880"));
  assert.ok(reply.endsWith("third"));
});

test("a client that does not read a file which is in memory is given it piece by piece, and whoever reads gets all of it", async () => {
  const size = 32 * MIB + 17;
  await using door = await TestDoor.open(undefined, { memoryCacheBytes: 10 * size });
  door.sites.put("blog", { "film.mp4": hugeFile(size) });
  const [first, , kept] = [await door.site("blog", "/film.mp4"), await door.site("blog", "/film.mp4"), await door.site("blog", "/film.mp4")];
  assert.equal(door.sites.reads.length, 2);
  assert.ok(kept.body.equals(first.body));
  const socket = door.socket().pause();
  const sent = async (): Promise<number> => Number(/^holdfast_http_sent_bytes_total (\d+)$/m.exec((await door.ask(`localhost:${door.door.port}`, "/metrics", {})).body.toString())![1]);
  const before = await sent();
  socket.write(get(door, "/film.mp4"));
  await until(() => socket.bytesWritten > 0);
  for (let rounds = 0; rounds < 20; rounds++) assert.ok((await sent()) - before < size);
  assert.ok((await sent()) - before > 0);
  socket.destroy();
});
