import assert from "node:assert/strict";
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { bytesOfId, concatBytes, equalBytes, utf8 } from "../codec/index.ts";
import { createFile } from "./files.ts";
import type { CreateFile, NewFile } from "./files.ts";
import { Host, chunksOf, contentOf, keep, listeningEnv, packId, pieceOf, systemError, testEnv } from "./harness.ts";
import { MemoryDisk } from "./memory-disk.ts";
import type { FilePieceStore } from "./piece-store.ts";
import { LEAF_BYTES } from "./port.ts";
import type { HeldPiece } from "./port.ts";

/** Puts something between the store and its files. */
function faulty(fault: (file: NewFile) => Partial<NewFile>): CreateFile {
  return async (path) => {
    const file = await createFile(path);
    return { ...file, ...fault(file) };
  };
}

async function assertNothingKept(host: Host, store: FilePieceStore, piece: HeldPiece): Promise<void> {
  assert.deepEqual([host.names("incoming"), host.names("pieces")], [[], []]);
  assert.equal(store.held(piece.pack, piece.index), undefined);
  assert.equal(store.usedBytes, 0);
  assert.equal(await store.availableBytes(), store.capacityBytes);
}

test("a flipped byte anywhere in a piece's file gives the right bytes or an error, and a quarantined file", async (t) => {
  const host = new Host(t);
  const bytes = contentOf(150);
  const piece = pieceOf(bytes);
  await keep(await host.start(), piece, bytes);
  const [path, image] = [host.pathOf(piece), host.disk.image()];
  const whole = readFileSync(path);
  for (let at = 0; at < whole.length; at += 1) {
    const damaged = Buffer.from(whole);
    damaged[at]! ^= 1 << (at % 8);
    writeFileSync(path, damaged);
    host.disk.restore(image);
    const store = await host.start();
    await assert.rejects(store.read(piece.pack, 0, 0, 150), { code: "PIECE_DAMAGED" }, `byte ${at}`);
    assert.equal(store.held(piece.pack, 0), undefined);
    assert.equal(store.usedBytes, 0);
    assert.equal(existsSync(path), false);
    assert.deepEqual(readFileSync(join(host.directory, "quarantine", `${piece.pack}.0`)), damaged);
  }
});

test("a file that was cut short or grown gives an error", async (t) => {
  const host = new Host(t);
  const bytes = contentOf(LEAF_BYTES + 100);
  const piece = pieceOf(bytes);
  await keep(await host.start(), piece, bytes);
  const [path, image] = [host.pathOf(piece), host.disk.image()];
  const whole = readFileSync(path);
  const damages = [0, 1, 100, LEAF_BYTES, whole.length - 124, whole.length - 1].map((length) => () => truncateSync(path, length));
  for (const damage of [...damages, () => appendFileSync(path, "x"), () => appendFileSync(path, whole)]) {
    writeFileSync(path, whole);
    damage();
    host.disk.restore(image);
    const store = await host.start();
    await assert.rejects(store.read(piece.pack, 0, 0, 1), { code: "PIECE_DAMAGED" });
  }
});

test("a file that is cut short while it is open gives an error", async (t) => {
  const host = new Host(t);
  const bytes = contentOf(3 * LEAF_BYTES);
  const piece = pieceOf(bytes);
  const store = await host.start();
  await keep(store, piece, bytes);
  await store.read(piece.pack, 0, 0, 1);
  truncateSync(host.pathOf(piece), LEAF_BYTES + 5);
  await assert.rejects(store.read(piece.pack, 0, LEAF_BYTES, LEAF_BYTES), { code: "PIECE_DAMAGED" });
});

test("a piece under another's name is not handed out as the other", async (t) => {
  const host = new Host(t);
  const [a, b] = [contentOf(500, 1), contentOf(500, 2)];
  const [pieceA, pieceB] = [pieceOf(a, packId("a")), pieceOf(b, packId("b"))];
  const store = await host.start();
  await keep(store, pieceA, a);
  await keep(store, pieceB, b);
  writeFileSync(host.pathOf(pieceA), readFileSync(host.pathOf(pieceB)));
  await assert.rejects(store.read(pieceA.pack, 0, 0, 500), { code: "PIECE_DAMAGED" });
  assert.ok(equalBytes(await store.read(pieceB.pack, 0, 0, 500), b));
});

test("a file that vanished is reported missing, and the index follows", async (t) => {
  const host = new Host(t);
  const bytes = contentOf(500);
  const piece = pieceOf(bytes);
  const store = await host.start();
  await keep(store, piece, bytes);
  rmSync(host.pathOf(piece));
  await assert.rejects(store.read(piece.pack, 0, 0, 1), { code: "PIECE_MISSING" });
  assert.equal(store.held(piece.pack, 0), undefined);
  assert.equal(store.usedBytes, 0);
});

test("a disk that fills up while a piece is written says so and keeps nothing", async (t) => {
  const host = new Host(t);
  const bytes = contentOf(600_000);
  const piece = pieceOf(bytes);
  let room = 300_000;
  const fillsUp = faulty((file) => ({
    async write(part) {
      room -= part.length;
      if (room < 0) throw systemError("ENOSPC");
      await file.write(part);
    },
  }));
  const store = await host.start(testEnv, { createFile: fillsUp });
  await assert.rejects(keep(store, piece, bytes), { code: "DISK_FULL" });
  assert.ok(room < 0);
  await assertNothingKept(host, store, piece);
  room = 1_000_000;
  await keep(store, piece, bytes);
  assert.ok(equalBytes(await store.read(piece.pack, 0, 0, 600_000), bytes));
});

test("a sync that fails is not tried again, and keeps nothing", async (t) => {
  const host = new Host(t);
  const bytes = contentOf(1000);
  let syncs = 0;
  const failing = faulty(() => ({
    async sync() {
      syncs += 1;
      throw systemError("EIO");
    },
  }));
  const store = await host.start(testEnv, { createFile: failing });
  await assert.rejects(keep(store, pieceOf(bytes), bytes), { code: "DISK_BROKEN" });
  assert.equal(syncs, 1);
  await assertNothingKept(host, store, pieceOf(bytes));
});

test("a piece whose index entry cannot be written is not kept", async (t) => {
  const host = new Host(t);
  const bytes = contentOf(1000);
  const store = await host.start();
  host.disk.isFull = true;
  await assert.rejects(keep(store, pieceOf(bytes), bytes), { code: "LOG_FULL" });
  await assertNothingKept(host, store, pieceOf(bytes));
});

test("a put that is aborted, also while its source hangs, leaves nothing and lets the source go", async (t) => {
  const host = new Host(t);
  const store = await host.start();
  const bytes = contentOf(500_000);
  const piece = pieceOf(bytes);
  const abort = new AbortController();
  const [asked, returned] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const first = chunksOf(bytes, 300_000);
  const hanging: AsyncIterator<Uint8Array> = {
    async next() {
      const next = await first.next();
      if (next.done !== true && next.value.length === 300_000) return next;
      asked.resolve();
      return new Promise(() => {});
    },
    async return() {
      returned.resolve();
      return { done: true, value: undefined };
    },
  };
  const outcome = assert.rejects(keep(store, piece, bytes, abort.signal, { [Symbol.asyncIterator]: () => hanging }), /enough of it/);
  await asked.promise;
  assert.equal(host.names("incoming").length, 1);
  abort.abort(new Error("enough of it"));
  await outcome;
  await returned.promise;
  await assertNothingKept(host, store, piece);
  await assert.rejects(keep(store, piece, bytes, abort.signal), /enough of it/);
});

test("senders that hang hold up nobody else, and who waits for the same piece can leave", async (t) => {
  const host = new Host(t);
  const store = await host.start();
  const bytes = contentOf(1000);
  const abort = new AbortController();
  async function* never(): AsyncGenerator<Uint8Array> {
    yield bytes.subarray(0, 1);
    await new Promise(() => {});
  }
  const hanging = Array.from({ length: 12 }, (_, n) => assert.rejects(keep(store, pieceOf(bytes, packId(`hangs ${n}`)), bytes, abort.signal, never())));
  await keep(store, pieceOf(bytes, packId("goes on")), bytes);
  await assert.rejects(keep(store, pieceOf(bytes, packId("hangs 0")), bytes, AbortSignal.timeout(5)), { name: "TimeoutError" });
  abort.abort();
  await Promise.all(hanging);
  assert.equal(store.list(undefined, 100).length, 1);
});

test("a host that stopped while it received a piece starts with nothing of it", async (t) => {
  const host = new Host(t);
  const bytes = contentOf(1000);
  const [reached, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const stopping = faulty(() => ({
    sync() {
      reached.resolve();
      return goOn.promise;
    },
  }));
  const stopped = keep(await host.start(testEnv, { createFile: stopping }), pieceOf(bytes), bytes);
  await reached.promise;
  assert.equal(host.names("incoming").length, 1);
  await assertNothingKept(host, await host.start(), pieceOf(bytes));
  goOn.resolve();
  await assert.rejects(stopped, { code: "NOT_FOUND" });
});

test("a host that stopped between file and index finds the piece", async (t) => {
  const host = new Host(t);
  const bytes = contentOf(1000);
  const piece = pieceOf(bytes);
  const store = await host.start();
  const lost = assert.rejects(keep(store, piece, bytes), { code: "LOG_BROKEN" });
  host.disk.failNextSync();
  // The store deletes the file when it can; a host that stopped cannot.
  const stopped = join(host.directory, "stopped");
  while (!existsSync(host.pathOf(piece))) await new Promise(setImmediate);
  renameSync(host.pathOf(piece), stopped);
  await lost;
  renameSync(stopped, host.pathOf(piece));
  host.disk.crash();
  const next = await host.start();
  assert.deepEqual(next.held(piece.pack, 0), piece);
  assert.equal(next.usedBytes, readFileSync(host.pathOf(piece)).length);
  assert.ok(equalBytes(await next.read(piece.pack, 0, 0, 1000), bytes));
});

test("a lost index is made anew from the files, and entries without files are dropped", async (t) => {
  const host = new Host(t);
  const all = Array.from({ length: 40 }, (_, n) => ({ bytes: contentOf(100 + n, n + 1), pack: packId(`pack ${n}`) }));
  const store = await host.start();
  for (const { bytes, pack } of all) await keep(store, pieceOf(bytes, pack), bytes);
  const [before, image] = [store.list(undefined, 100), host.disk.image()];

  host.disk = new MemoryDisk(testEnv.random);
  const rebuilt = await host.start();
  assert.deepEqual(rebuilt.list(undefined, 100), before);
  assert.equal(rebuilt.usedBytes, store.usedBytes);

  for (const { bytes, pack } of all.slice(0, 25)) rmSync(host.pathOf(pieceOf(bytes, pack)));
  host.disk.restore(image);
  const { env, warnings } = listeningEnv();
  const left = await host.start(env);
  assert.equal(warnings.length, 25);
  assert.deepEqual(new Set(left.list(undefined, 100).map(({ pack }) => pack)), new Set(all.slice(25).map(({ pack }) => pack)));
  rmSync(join(host.directory, "pieces"), { recursive: true });
  const none = await host.start();
  assert.deepEqual([none.list(undefined, 100), none.usedBytes], [[], 0]);
});

test("a damaged entry of the index keeps no host from starting: the piece's file speaks for itself, also after puts that failed meanwhile", async (t) => {
  const host = new Host(t);
  const all = [1, 2, 3].map((seed) => ({ bytes: contentOf(500, seed), piece: pieceOf(contentOf(500, seed), packId(`pack ${seed}`)) }));
  const store = await host.start();
  for (const { piece, bytes } of all) await keep(store, piece, bytes);
  const { bytes, piece } = all[1]!;
  host.disk.damage(concatBytes(utf8("P"), bytesOfId(piece.pack), Uint8Array.of(0, 0)));
  assert.equal(store.held(piece.pack, 0), undefined);
  await assert.rejects(store.read(piece.pack, 0, 0, 500), { code: "PIECE_MISSING" });
  assert.equal(store.list(undefined, 10).length, 2);
  async function* part(): AsyncGenerator<Uint8Array> {
    yield bytes.subarray(0, 200);
    throw new Error("nobody has the rest");
  }
  await assert.rejects(keep(store, piece, bytes, undefined, part()), /nobody has the rest/);
  await assert.rejects(keep(store, piece, bytes, AbortSignal.abort(new Error("enough of it"))), /enough of it/);
  const again = await host.start();
  assert.deepEqual([await again.read(piece.pack, 0, 0, 500), again.list(undefined, 10).length, again.usedBytes], [bytes, 3, store.usedBytes]);
});

test("a start leaves strange files alone, and puts unknown pieces that are damaged into quarantine", async (t) => {
  const host = new Host(t);
  const bytes = contentOf(500);
  const piece = pieceOf(bytes);
  await keep(await host.start(), piece, bytes);
  const shard = join(host.directory, "pieces", piece.pack.slice(0, 2));
  const other = packId("another");
  mkdirSync(join(host.directory, "pieces", other.slice(0, 2)), { recursive: true });
  writeFileSync(join(shard, "notes.txt"), "mine");
  writeFileSync(join(shard, `${piece.pack}.007`), "not a name that we give");
  writeFileSync(join(host.directory, "pieces", other.slice(0, 2), `${other}.0`), readFileSync(host.pathOf(piece)));
  writeFileSync(join(shard, `${piece.pack}.1`), "too short");
  writeFileSync(join(host.directory, "incoming", "half"), "half");
  const { env, warnings } = listeningEnv();
  const store = await host.start(env);
  assert.deepEqual(store.list(undefined, 10), [piece]);
  assert.deepEqual(host.names("incoming"), []);
  assert.deepEqual(host.names("quarantine").sort(), [`${other}.0`, `${piece.pack}.1`].sort());
  assert.deepEqual(host.names("pieces").sort(), [`${piece.pack}.0`, `${piece.pack}.007`, "notes.txt"].sort());
  assert.equal(warnings.length, 4);
});

test("a host starts on a full disk although an entry of the piece index has no file any more", async (t) => {
  const host = new Host(t);
  const store = await host.start();
  const [damaged, sound] = [pieceOf(contentOf(2 * LEAF_BYTES), packId("one")), pieceOf(contentOf(LEAF_BYTES, 2), packId("other"))];
  await keep(store, damaged, contentOf(2 * LEAF_BYTES));
  await keep(store, sound, contentOf(LEAF_BYTES, 2));
  host.disk.isFull = true;
  host.flip(damaged, 5);
  await assert.rejects(store.read(damaged.pack, 0, 0, 10), { code: "PIECE_DAMAGED" });
  assert.equal((await store.read(damaged.pack, 0, LEAF_BYTES, 10)).length, 10, "what is right of it is read");
  await store.close();
  const again = await host.start();
  assert.equal((await again.read(sound.pack, 0, 0, 10)).length, 10);
  assert.equal((await again.read(damaged.pack, 0, LEAF_BYTES, 10)).length, 10, "what is right of the damaged one too");
  await again.close();
  host.disk.isFull = false;
  const later = await host.start();
  assert.deepEqual([later.held(damaged.pack, 0), later.held(sound.pack, 0)?.pack], [undefined, sound.pack]);
});

test("a piece found damaged while the disk was full is not held from then on, with or without a restart, and a put brings it back once there is room", async (t) => {
  const bytes = contentOf(2 * LEAF_BYTES);
  const [piece, sound] = [pieceOf(bytes, packId("one")), pieceOf(contentOf(LEAF_BYTES, 2), packId("other"))];
  for (const isRestarted of [false, true]) {
    const host = new Host(t);
    const before = await host.start();
    await keep(before, piece, bytes);
    await keep(before, sound, contentOf(LEAF_BYTES, 2));
    const { usedBytes } = before;
    host.disk.isFull = true;
    host.flip(piece, 5);
    await assert.rejects(before.read(piece.pack, 0, 0, 10), { code: "PIECE_DAMAGED" });
    const store = isRestarted ? await host.start() : before;
    assert.deepEqual([store.held(piece.pack, 0), store.list(undefined, 1), store.listRemains()], [undefined, [sound], [piece]]);
    assert.equal(store.usedBytes, readFileSync(host.pathOf(sound)).length);
    await assert.rejects(keep(store, piece, bytes), { code: "LOG_FULL" });
    host.disk.isFull = false;
    await keep(store, piece, bytes);
    for (const each of [store, await host.start()]) {
      assert.deepEqual([await each.read(piece.pack, 0, 0, 10), each.list(undefined, 10).length, each.usedBytes, each.listRemains()], [bytes.subarray(0, 10), 2, usedBytes, []]);
    }
  }
});

test("a host starts on a full disk although the piece index does not know a file, and takes it up when there is room", async (t) => {
  const host = new Host(t);
  const piece = pieceOf(contentOf(LEAF_BYTES));
  const store = await host.start();
  await keep(store, piece, contentOf(LEAF_BYTES));
  await store.close();
  host.disk = new MemoryDisk(testEnv.random);
  host.disk.isFull = true;
  const full = await host.start();
  assert.deepEqual([full.held(piece.pack, 0), full.usedBytes], [undefined, 0]);
  await full.close();
  host.disk.isFull = false;
  const roomy = await host.start();
  assert.equal((await roomy.read(piece.pack, 0, 0, 10)).length, 10);
});
