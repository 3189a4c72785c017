import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, utimesSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import type { TestContext } from "node:test";
import { equalBytes } from "../codec/index.ts";
import { openFile } from "./files.ts";
import type { OpenFile } from "./files.ts";
import { Host, RECORD, contentOf, keep, listeningEnv, packId, pieceOf, systemError, testEnv } from "./harness.ts";
import type { FilePieceStore } from "./piece-store.ts";
import { LEAF_BYTES } from "./port.ts";

const LEAVES = 4;
const BYTES = contentOf(LEAVES * LEAF_BYTES);
const PIECE = pieceOf(BYTES);

/** Which leaves a store gives, each asked for alone. */
async function readable(store: FilePieceStore): Promise<number[]> {
  const outcomes = await Promise.allSettled(Array.from({ length: LEAVES }, (_, leaf) => store.readProven(PIECE.pack, 0, leaf, 1)));
  return outcomes.flatMap((outcome, leaf) => {
    if (outcome.status === "rejected") return [];
    assert.ok(equalBytes(outcome.value.bytes, BYTES.subarray(leaf * LEAF_BYTES, (leaf + 1) * LEAF_BYTES)));
    return [leaf];
  });
}

function quarantined(host: Host, piece = PIECE): string {
  return join(host.directory, "quarantine", `${piece.pack}.${piece.index}`);
}

/** A host with one piece, of which a leaf was damaged and has been found so. */
async function damaged(t: TestContext, leaf = 2): Promise<{ readonly host: Host; readonly store: FilePieceStore }> {
  const host = new Host(t);
  const store = await host.start();
  await keep(store, PIECE, BYTES);
  host.flip(PIECE, leaf * LEAF_BYTES + 5);
  await assert.rejects(store.read(PIECE.pack, 0, 0, BYTES.length), { code: "PIECE_DAMAGED" });
  return { host, store };
}

test("a piece with a damaged leaf is not held any more, and gives all its other leaves, also after a restart", async (t) => {
  const { host, store } = await damaged(t);
  for (const each of [store, await host.start()]) {
    assert.deepEqual(await readable(each), [0, 1, 3]);
    assert.deepEqual([each.held(PIECE.pack, 0), each.list(undefined, 10), each.usedBytes], [undefined, [], 0]);
    assert.deepEqual([each.remains(PIECE.pack, 0), each.listRemains()], [PIECE, [PIECE]]);
    assert.deepEqual(await each.packRecord(PIECE.pack, 0), RECORD);
    await assert.rejects(each.read(PIECE.pack, 0, 2 * LEAF_BYTES, 1), { code: "PIECE_DAMAGED" });
  }
});

test("readers that meet damage at once are each told of it, and those beside it get their leaves", async (t) => {
  const host = new Host(t);
  const store = await host.start();
  await keep(store, PIECE, BYTES);
  host.flip(PIECE, 2 * LEAF_BYTES + 5);
  const outcomes = await Promise.allSettled([store.read(PIECE.pack, 0, 2 * LEAF_BYTES, 1), store.readProven(PIECE.pack, 0, 1, 3), store.read(PIECE.pack, 0, 0, LEAF_BYTES)]);
  assert.deepEqual(outcomes.map((outcome) => (outcome.status === "rejected" ? (outcome.reason as { code?: unknown }).code : "read")), ["PIECE_DAMAGED", "PIECE_DAMAGED", "read"]);
  assert.deepEqual(await readable(store), [0, 1, 3]);
});

test("a put replaces what remains of a piece, out of its own sound leaves too, and only then is no more read of the old file", async (t) => {
  const { host, store } = await damaged(t);
  async function* restored(): AsyncGenerator<Uint8Array> {
    for (let leaf = 0; leaf < LEAVES; leaf += 1) yield leaf === 2 ? BYTES.slice(2 * LEAF_BYTES, 3 * LEAF_BYTES) : await store.read(PIECE.pack, 0, leaf * LEAF_BYTES, LEAF_BYTES);
  }
  await keep(store, PIECE, BYTES, undefined, restored());
  for (const each of [store, await host.start()]) {
    assert.deepEqual([each.held(PIECE.pack, 0), each.remains(PIECE.pack, 0), each.listRemains()], [PIECE, undefined, []]);
    assert.ok(equalBytes(await each.read(PIECE.pack, 0, 0, BYTES.length), BYTES));
  }
  assert.ok(existsSync(quarantined(host)), "for whoever wants to look");
});

test("a reader that comes late with damage leaves alone the whole file that has come meanwhile", async (t) => {
  const host = new Host(t);
  let held: (() => Promise<void>) | undefined;
  const waits: OpenFile = async (path) => {
    const file = await openFile(path);
    const read: typeof file.read = async (...asked) => {
      const found = await file.read(...asked);
      const wait = held;
      held = undefined;
      await wait?.();
      return found;
    };
    return { read, stat: () => file.stat(), close: () => file.close() };
  };
  const store = await host.start(testEnv, { openFile: waits });
  await keep(store, PIECE, BYTES);
  await store.read(PIECE.pack, 0, 0, 1);
  host.flip(PIECE, 5);
  // While the first has read and not yet looked at what it read, another finds the damage, and the piece comes anew.
  held = async () => {
    await assert.rejects(store.read(PIECE.pack, 0, 0, 1), { code: "PIECE_DAMAGED" });
    await keep(store, PIECE, BYTES);
  };
  assert.ok(equalBytes(await store.read(PIECE.pack, 0, 0, LEAF_BYTES), BYTES.subarray(0, LEAF_BYTES)));
  assert.deepEqual([store.held(PIECE.pack, 0), store.listRemains()], [PIECE, []]);
});

test("a put that fails leaves what remains of the piece as it was", async (t) => {
  const { store } = await damaged(t);
  await assert.rejects(keep(store, PIECE, contentOf(BYTES.length, 2)), { code: "PIECE_MISMATCH" });
  assert.deepEqual(await readable(store), [0, 1, 3]);
});

test("a host that stopped at any moment between damage and replacement starts with the piece or with what remains of it", async (t) => {
  const { host, store } = await damaged(t);
  // The file was moved, its entry not yet dropped.
  await keep(store, PIECE, BYTES);
  const entered = host.disk.image();
  copyFileSync(host.pathOf(PIECE), join(host.directory, "whole"));
  host.flip(PIECE, 5);
  renameSync(host.pathOf(PIECE), quarantined(host));
  const moved = await host.start();
  assert.deepEqual([moved.held(PIECE.pack, 0), await readable(moved)], [undefined, [1, 2, 3]]);
  // The new file is in its place, and not yet entered.
  renameSync(join(host.directory, "whole"), host.pathOf(PIECE));
  const replaced = await host.start();
  assert.deepEqual([replaced.held(PIECE.pack, 0), replaced.listRemains(), await readable(replaced)], [PIECE, [], [0, 1, 2, 3]]);
  // Entered, and the old file not yet given up.
  host.disk.restore(entered);
  assert.deepEqual((await host.start()).listRemains(), []);
});

test("a piece that is damaged again after it was brought back gives what is right of its last file", async (t) => {
  const { host, store } = await damaged(t, 1);
  assert.deepEqual(await readable(store), [0, 2, 3]);
  await keep(store, PIECE, BYTES);
  host.flip(PIECE, 3 * LEAF_BYTES);
  await assert.rejects(store.read(PIECE.pack, 0, 0, BYTES.length), { code: "PIECE_DAMAGED" });
  assert.deepEqual(await readable(store), [0, 1, 2]);
});

test("a piece whose trailer is damaged gives its leaves by the hashes that lead to its root, wherever they are right", async (t) => {
  const hashesAt = BYTES.length;
  const recordAt = hashesAt + 32 * LEAVES;
  for (const [flips, leaves] of [[[recordAt], [0, 1, 2, 3]], [[recordAt + RECORD.length + 5], [0, 1, 2, 3]], [[5, recordAt], [1, 2, 3]], [[hashesAt + 40], [0, 1, 2, 3]], [[5, hashesAt + 40], []]] as const) {
    const host = new Host(t);
    const store = await host.start();
    await keep(store, PIECE, BYTES);
    for (const at of flips) host.flip(PIECE, at);
    await assert.rejects(store.read(PIECE.pack, 0, LEAF_BYTES, 1), { code: "PIECE_DAMAGED" });
    assert.equal(store.held(PIECE.pack, 0), undefined);
    assert.deepEqual(await readable(store), leaves, String(flips));
    assert.equal(store.listRemains().length, leaves.length === 0 ? 0 : 1);
    await assert.rejects(store.packRecord(PIECE.pack, 0), { code: leaves.length === 0 ? "PIECE_MISSING" : "PIECE_DAMAGED" });
  }
});

test("what remains of a piece goes when the piece is removed", async (t) => {
  const { host, store } = await damaged(t);
  await store.remove(PIECE.pack, 0);
  assert.deepEqual([store.listRemains(), existsSync(quarantined(host))], [[], false]);
  await assert.rejects(store.read(PIECE.pack, 0, 0, 1), { code: "PIECE_MISSING" });
});

test("what remains of a piece can be removed alone, and takes along nothing of the piece that is here whole", async (t) => {
  const { host, store } = await damaged(t);
  await store.removeRemains(PIECE.pack, 0);
  assert.deepEqual([store.listRemains(), existsSync(quarantined(host))], [[], false]);
  await keep(store, PIECE, BYTES);
  await store.removeRemains(PIECE.pack, 0);
  assert.deepEqual([store.held(PIECE.pack, 0), await readable(store)], [PIECE, [0, 1, 2, 3]]);
});

test("a file in quarantine of which nothing can be told from damage is left alone", async (t) => {
  const { host } = await damaged(t);
  writeFileSync(quarantined(host), readFileSync(quarantined(host)).subarray(0, -1));
  mkdirSync(quarantined(host, pieceOf(BYTES, packId("a folder"))));
  const { env, warnings } = listeningEnv();
  const store = await host.start(env);
  assert.deepEqual([store.listRemains(), warnings.length], [[], 1]);
  await assert.rejects(store.read(PIECE.pack, 0, 0, 1), { code: "PIECE_MISSING" });
  assert.ok(existsSync(quarantined(host)));
});

test("of files in quarantine that are of no more use the last 128 are kept, and whatever is still read", async (t) => {
  const { host } = await damaged(t);
  for (let number = 0; number < 130; number += 1) {
    const old = { ...PIECE, pack: packId(`old ${number}`) };
    writeFileSync(quarantined(host, old), "no piece");
    utimesSync(quarantined(host, old), 0, 0);
  }
  const store = await host.start();
  assert.equal(host.names("quarantine").length, 129);
  assert.deepEqual(await readable(store), [0, 1, 3]);
});

/** A disk that fails to give what is asked for, the next so many times. */
class Flaky {
  failures = 0;
  readonly openFile: OpenFile = async (path) => {
    const file = await openFile(path);
    return {
      stat: () => file.stat(),
      close: () => file.close(),
      read: async (...asked) => {
        if (this.failures === 0) return await file.read(...asked);
        this.failures -= 1;
        throw systemError("EIO");
      },
    };
  };
}

test("a read that the disk refuses once is tried again, and changes nothing", async (t) => {
  const [host, disk] = [new Host(t), new Flaky()];
  const store = await host.start(testEnv, disk);
  await keep(store, PIECE, BYTES);
  for (const offset of [0, 2 * LEAF_BYTES]) {
    disk.failures = 1;
    assert.equal((await store.read(PIECE.pack, 0, offset, 10)).length, 10);
    assert.equal(disk.failures, 0);
  }
  assert.deepEqual(store.held(PIECE.pack, 0), PIECE);
});

test("a read that the disk refuses twice counts as damage, and what it gives later is read", async (t) => {
  const [host, disk] = [new Host(t), new Flaky()];
  const store = await host.start(testEnv, disk);
  await keep(store, PIECE, BYTES);
  await store.read(PIECE.pack, 0, 0, 1);
  disk.failures = 2;
  await assert.rejects(store.read(PIECE.pack, 0, 0, 1), { code: "PIECE_DAMAGED" });
  assert.deepEqual([store.held(PIECE.pack, 0), await readable(store)], [undefined, [0, 1, 2, 3]]);
});

test("what the disk refuses for a while is not given up: it is read again as soon as the disk gives it", async (t) => {
  const [host, disk] = [new Host(t), new Flaky()];
  const store = await host.start(testEnv, disk);
  await keep(store, PIECE, BYTES);
  disk.failures = Infinity;
  // The first finds the piece held, and the others what remains of it.
  for (let readers = 0; readers < 3; readers += 1) await assert.rejects(store.read(PIECE.pack, 0, 0, 1), { code: "PIECE_DAMAGED" });
  assert.deepEqual([store.held(PIECE.pack, 0), store.listRemains()], [undefined, [PIECE]]);
  disk.failures = 0;
  assert.deepEqual(await readable(store), [0, 1, 2, 3]);
});

test("a file in quarantine that the disk does not give at the start is not deleted, and the next start reads it", async (t) => {
  const [{ host }, disk] = [await damaged(t), new Flaky()];
  utimesSync(quarantined(host), 0, 0);
  for (let number = 0; number < 130; number += 1) writeFileSync(quarantined(host, { ...PIECE, pack: packId(`old ${number}`) }), "no piece");
  disk.failures = Infinity;
  const blind = await host.start(testEnv, disk);
  assert.deepEqual([blind.listRemains(), host.names("quarantine").length], [[], 131]);
  const again = await host.start();
  assert.deepEqual([await readable(again), host.names("quarantine").length], [[0, 1, 3], 129]);
});

test("a damaged piece is read from quarantine although the folder could not be synced", async (t) => {
  const host = new Host(t);
  const store = await host.start();
  await keep(store, PIECE, BYTES);
  host.flip(PIECE, 5);
  const folder = await open(host.directory);
  const sync = t.mock.method(Object.getPrototypeOf(folder) as typeof folder, "sync", async () => Promise.reject(systemError("EIO")));
  await folder.close();
  await assert.rejects(store.read(PIECE.pack, 0, 0, 1), { code: "PIECE_DAMAGED" });
  assert.equal(sync.mock.callCount(), 1);
  assert.deepEqual([await readable(store), store.held(PIECE.pack, 0), store.listRemains()], [[1, 2, 3], undefined, [PIECE]]);
});
