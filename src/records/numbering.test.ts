import assert from "node:assert/strict";
import test from "node:test";
import { machineEnv, silentLog } from "../platform/index.ts";
import { MemoryDisk, MemoryLog } from "../store/index.ts";
import { Numbering, START, encodeSequence } from "./numbering.ts";
import { metaKey } from "./tables.ts";

const env = machineEnv(silentLog);

/** Opens the numbering on the disk, gives so many numbers and makes them durable. */
async function opened(disk: MemoryDisk, numbers = 0): Promise<Numbering> {
  const log = new MemoryLog(env, disk);
  const numbering = await Numbering.open(env, log);
  for (let at = 0; at < numbers; at += 1) numbering.take();
  await log.commit([{ kind: "put", key: metaKey("sequence"), value: encodeSequence(numbering.sequence) }]);
  disk.crash(Infinity);
  return numbering;
}

test("a position goes on where it was, in the life in which it was given and in later ones", async () => {
  const disk = new MemoryDisk(env.random);
  const first = await opened(disk, 10);
  assert.equal(first.resolve({ life: first.life, sequence: 7 }), 7);
  const second = await opened(disk, 10);
  assert.equal(second.resolve({ life: first.life, sequence: 7 }), 7);
  assert.equal(second.resolve({ life: second.life, sequence: 15 }), 15);
});

test("a position beyond the end of its life, given by a store that was then set back, goes back to that end", async () => {
  const disk = new MemoryDisk(env.random);
  const log = new MemoryLog(env, disk);
  const first = await Numbering.open(env, log);
  for (let at = 0; at < 10; at += 1) first.take();
  await log.commit([{ kind: "put", key: metaKey("sequence"), value: encodeSequence(10) }]);
  const backup = disk.image();
  // Numbers 11 to 20 are given, told to others, and lost.
  disk.restore(backup);
  const second = await opened(disk, 30);
  assert.equal(second.resolve({ life: first.life, sequence: 17 }), 10);
  assert.equal(second.resolve({ life: first.life, sequence: 9 }), 9);
});

test("a full disk puts the beginning of a life off until the first change, and a start that changes nothing leaves no trace", async () => {
  const disk = new MemoryDisk(env.random);
  const first = await opened(disk, 10);
  disk.isFull = true;
  const log = new MemoryLog(env, disk);
  const second = await Numbering.open(env, log);
  assert.equal(second.owed.length, 1);
  assert.equal(second.resolve({ life: first.life, sequence: 7 }), 7);
  disk.isFull = false;
  await log.commit([...second.owed, { kind: "put", key: metaKey("sequence"), value: encodeSequence(second.take()) }]);
  second.paid();
  assert.deepEqual(second.owed, []);
  const third = await opened(disk, 0);
  assert.equal(third.resolve({ life: second.life, sequence: 11 }), 11);
});

test("a position of an unknown life begins anew", async () => {
  const numbering = await opened(new MemoryDisk(env.random), 3);
  assert.equal(numbering.resolve({ life: 12345, sequence: 2 }), 0);
  assert.equal(numbering.resolve(START), 0);
});
