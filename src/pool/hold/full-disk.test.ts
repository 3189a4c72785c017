import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { machineEnv, silentLog } from "../../platform/index.ts";
import { FilePieceStore, LEAF_BYTES, MemoryDisk, MemoryLog } from "../../store/index.ts";
import { Village, content, copies } from "../fakes/village.ts";

const SIZE = 2 * LEAF_BYTES;

test("a piece that was found damaged while the disk was full is made whole out of its own leaves once there is room", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "holdfast-pool-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const env = machineEnv(silentLog);
  const disk = new MemoryDisk(env.random);
  const start = (): Promise<FilePieceStore> => FilePieceStore.open(env, { directory, log: new MemoryLog(env, disk), capacityBytes: 2 ** 26, keepFreeBytes: 0 });
  const store = await start();
  const village = await Village.build({ hosts: 1, store: () => store });
  const { pack } = await village.at(0).pool.store(village.namespace, content(SIZE), copies(3));
  // The first of the hashes that lie behind the content: every leaf is right.
  const name = readdirSync(join(directory, "pieces"), { recursive: true, encoding: "utf8" }).find((each) => each.endsWith(".0"))!;
  const path = join(directory, "pieces", name);
  const file = readFileSync(path);
  file[SIZE + 5]! ^= 1;
  writeFileSync(path, file);
  disk.isFull = true;
  await assert.rejects(store.read(pack, 0, 0, 100), { code: "PIECE_DAMAGED" });
  disk.isFull = false;
  await village.turn(village.at(0), "hold");
  await village.close();
  await store.close();
  const again = await start();
  assert.equal((await again.read(pack, 0, 0, SIZE)).length, SIZE);
  await again.close();
});
