import assert from "node:assert/strict";
import test from "node:test";
import { equalBytes } from "../../codec/index.ts";
import type { HostId, PackId } from "../../codec/index.ts";
import { packOfNobody } from "../fakes/stored-pack.ts";
import { Village, code, collect, content, copies } from "../fakes/village.ts";
import type { Villager } from "../fakes/village.ts";
import { PUT } from "../messages.ts";

const MIB = 2 ** 20;

async function everybody(village: Village, worker: string): Promise<void> {
  for (const villager of village.villagers) if (!village.net.down.has(villager.host)) await village.turn(villager, worker);
}

test("a network of one host becomes redundant when others join", async () => {
  const village = await Village.build({ hosts: 1 });
  const what = content(2 * MIB);
  const { pack, holders } = await village.at(0).pool.store(village.namespace, what, copies(3));
  assert.equal(holders.length, 1);
  await village.settle();
  await everybody(village, "repair");
  assert.equal(village.at(0).pool.survives(village.namespace, [pack]), 1);
  await village.settle();
  await village.settle();
  await everybody(village, "repair");
  assert.equal(village.at(3).pool.survives(village.namespace, [pack]), 2);
  assert.equal(village.holding(pack).length, 3);
  assert.deepEqual(village.at(3).pool.standing(village.namespace), { packs: 1, holders: new Set(village.holding(pack).map(({ host }) => host)), survives: 2, survivesNow: 2 });
  village.net.kill(village.at(0).host);
  assert.deepEqual(await collect(village.at(3).pool.read(village.namespace, pack, 0, 2 * MIB)), Buffer.from(what.bytes));
  await village.close();
});

test("the workers start by themselves when a host joins", async () => {
  const village = await Village.build({ hosts: 2, factor: 50 });
  const { pack } = await village.at(0).pool.store(village.namespace, content(MIB), copies(3));
  for (const { pool } of village.villagers) pool.start();
  const { pool } = await village.settle();
  pool.start();
  const deadlineMs = village.env.clock.monotonicMs() + 60_000;
  while (village.holding(pack).length < 3 && village.env.clock.monotonicMs() < deadlineMs) await village.env.timers.sleep(100);
  assert.equal(village.holding(pack).length, 3);
  await village.close();
});

test("a host that is merely away causes no copies, one that was removed or declared gone does", async () => {
  const village = await Village.build({ hosts: 5 });
  const { pack, holders } = await village.at(0).pool.store(village.namespace, content(MIB), copies(3));
  const [away, gone] = holders as [HostId, HostId, HostId];
  village.net.kill(away);
  await everybody(village, "repair");
  assert.equal(village.holding(pack).length, 3);
  village.members.delete(away);
  await everybody(village, "repair");
  assert.equal(village.holding(pack).length, 4);
  village.net.kill(gone);
  village.gone.add(gone);
  await everybody(village, "repair");
  assert.equal(village.holding(pack).length, 5);
  await village.close();
});

test("a holder that lost its disk fetches what it claims, and withdraws what it cannot make true again", async () => {
  const village = await Village.build({ hosts: 3 });
  const one = await village.at(0).pool.store(village.namespace, content(MIB, 1), copies(3));
  const two = await village.at(0).pool.store(village.namespace, content(MIB, 2), copies(3));
  for (const { pack } of [one, two]) await village.at(1).store.remove(pack, 0);
  for (const number of [0, 2]) await village.at(number).store.remove(two.pack, 0);
  await assert.rejects(village.turn(village.at(1), "hold"), /could not be taken in/);
  assert.ok(village.at(1).store.held(one.pack, 0) !== undefined);
  assert.equal(village.at(0).pool.info(village.namespace, one.pack)!.holders.length, 3);
  assert.ok(!village.at(0).pool.info(village.namespace, two.pack)!.holders.includes(village.at(1).host));
  await village.close();
});

/** Flips a byte of a piece, which its host then finds by reading it, as scrub does. */
async function damage(villager: Villager, pack: PackId, offset: number): Promise<void> {
  const piece = villager.store.listRemains().concat(villager.store.list(undefined, 100)).find((each) => each.pack === pack)!;
  villager.store.spoil(pack, offset, piece.index);
  await assert.rejects(villager.store.read(pack, piece.index, 0, piece.sizeBytes), { code: "PIECE_DAMAGED" });
}

test("two copies that are damaged in different places are made whole out of each other", async () => {
  const village = await Village.build({ hosts: 3 });
  const what = content(4 * MIB);
  const { pack, holders } = await village.at(0).pool.store(village.namespace, what, copies(2));
  const damaged = village.holding(pack);
  for (const [at, villager] of damaged.entries()) await damage(villager, pack, at * 2 * MIB);
  assert.deepEqual(village.holding(pack), []);
  const reader = village.villagers.find(({ host }) => !holders.includes(host))!;
  assert.deepEqual(await collect(reader.pool.read(village.namespace, pack, 0, 4 * MIB)), Buffer.from(what.bytes));
  for (const villager of damaged) await village.turn(villager, "hold");
  assert.deepEqual(village.holding(pack), damaged);
  for (const { store } of damaged) assert.deepEqual(await store.read(pack, 0, 0, 4 * MIB), what.bytes);
  assert.equal(reader.pool.survives(village.namespace, [pack]), 1);
  await village.close();
});

test("pieces that are damaged within the same MiB are read and made whole leaf by leaf", async () => {
  for (const redundancy of [copies(2), code(2, 1)]) {
    const village = await Village.build({ hosts: 4 });
    const what = content(2 * MIB);
    const { pack } = await village.at(0).pool.store(village.namespace, what, redundancy);
    const [one, other, third] = village.holding(pack) as [Villager, Villager, Villager?];
    await damage(one, pack, 100_000);
    await damage(other, pack, 300_000);
    const reader = village.villagers.find((each) => each !== one && each !== other && each !== third)!;
    assert.deepEqual(await collect(reader.pool.read(village.namespace, pack, 0, 2 * MIB)), Buffer.from(what.bytes));
    for (const villager of [one, other]) await village.turn(villager, "hold");
    assert.equal(village.holding(pack).length, third === undefined ? 2 : 3);
    await village.close();
  }
});

test("a damaged piece that could not be made whole is tried again after ten minutes, and not before while nobody comes", async () => {
  const village = await Village.build({ hosts: 2 });
  const { pack } = await village.at(0).pool.store(village.namespace, content(MIB), copies(2));
  for (const villager of village.villagers) await damage(villager, pack, 100);
  const [one, other] = [village.at(0), village.at(1)];
  await assert.rejects(village.turn(one, "hold"), /could not be taken in/);
  // The same bit once more: what the other's disk did not give it gives now.
  other.store.spoil(pack, 100);
  await village.turn(one, "hold");
  assert.equal(one.store.held(pack, 0), undefined);
  village.skip(600_000);
  await village.turn(one, "hold");
  assert.ok(one.store.held(pack, 0) !== undefined);
  assert.ok(one.pool.info(village.namespace, pack)!.holders.includes(one.host));
  await village.close();
});

for (const isGone of [true, false]) {
  test(`what remains of a piece is made whole when all that claim it are ${isGone ? "gone" : "suspect"}`, async () => {
    const village = await Village.build({ hosts: 4 });
    const { pack, holders } = await village.at(0).pool.store(village.namespace, content(MIB), copies(2));
    const one = village.villagers.find(({ host }) => host === holders[0])!;
    // Its disk does not give a byte for a while and has no room, so that it withdraws its claim, and repair makes the piece elsewhere.
    await damage(one, pack, 100);
    one.store.resize(10);
    await assert.rejects(village.turn(one, "hold"), /the store is full/);
    await village.turn(village.at(0), "repair");
    one.store.spoil(pack, 100);
    one.store.resize(1e9);
    const others = village.holding(pack);
    assert.equal(others.length, 2);
    for (const { host, store } of others) {
      await store.remove(pack, 0);
      if (isGone) village.net.kill(host);
      if (isGone) village.gone.add(host);
      else village.members.set(host, { ...village.members.get(host)!, isSuspect: true });
    }
    village.skip(600_000);
    await village.turn(one, "hold");
    assert.ok(one.store.held(pack, 0) !== undefined);
    await village.close();
  });
}

test("what lies beside a leaf that is lost everywhere is read", async () => {
  const village = await Village.build({ hosts: 3 });
  const what = content(MIB);
  const { pack } = await village.at(0).pool.store(village.namespace, what, copies(2));
  for (const villager of village.holding(pack)) await damage(villager, pack, 300_000);
  const { pool } = village.villagers.find((each) => each.store.remains(pack, 0) === undefined)!;
  for (const [offset, length] of [[0, 4 * 65_536], [5 * 65_536, 700_000]] as const) {
    assert.deepEqual(await collect(pool.read(village.namespace, pack, offset, length)), Buffer.from(what.bytes.subarray(offset, offset + length)));
  }
  await assert.rejects(collect(pool.read(village.namespace, pack, 299_999, 2)), { code: "UNAVAILABLE" });
  await village.close();
});

test("what lies beside leaves that too few pieces of a coded pack have is read, also where these are the first", async () => {
  const village = await Village.build({ hosts: 4 });
  const { bytes, blobs } = content(MIB);
  const small = Array.from({ length: 16 }, (_, at) => ({ id: blobs[0]!.id, offset: at * 65_536, length: 65_536 }));
  const { pack } = await village.at(0).pool.store(village.namespace, { bytes, blobs: small }, code(2, 1));
  const [one, other] = village.holding(pack) as [Villager, Villager];
  for (const villager of [one, other]) for (const leaf of [0, 1]) await damage(villager, pack, leaf * 65_536);
  const { pool } = village.villagers.find((each) => each !== one && each !== other)!;
  const read = await Promise.all(small.map(({ offset, length }) => collect(pool.read(village.namespace, pack, offset, length)).then((found) => equalBytes(found, bytes.subarray(offset, offset + length)), () => undefined)));
  assert.deepEqual(read.filter((isRight) => isRight === false), []);
  // The same two leaves of two slices, each of them in one blob or two.
  assert.ok(read.filter((isRight) => isRight === true).length >= 8, String(read));
  assert.ok(read.includes(undefined));
  await village.close();
});

test("a coded piece that nobody can make whole is still read, where it is no longer claimed, and is whole once what it lacks is back", async () => {
  const village = await Village.build({ hosts: 4 });
  const what = content(8 * MIB);
  const { pack } = await village.at(0).pool.store(village.namespace, what, code(2, 1));
  const [damaged, , away] = village.holding(pack) as [Villager, Villager, Villager];
  const reader = village.villagers.find((each) => village.indexesAt(each, pack).length === 0)!;
  village.net.kill(away.host);
  await damage(damaged, pack, 3 * MIB);
  await assert.rejects(village.turn(damaged, "hold"), /could not be taken in/);
  assert.ok(!reader.pool.info(village.namespace, pack)!.holders.includes(damaged.host));
  const read = await Promise.all(what.blobs.map(({ offset, length }) => collect(reader.pool.read(village.namespace, pack, offset, length)).then((bytes) => equalBytes(bytes, what.bytes.subarray(offset, offset + length)), () => false)));
  assert.ok(read.filter(Boolean).length >= what.blobs.length - 1, String(read));
  village.net.revive(away.host);
  await village.turn(damaged, "hold");
  assert.equal(village.holding(pack).length, 3);
  assert.equal(reader.pool.survives(village.namespace, [pack]), 1);
  await village.close();
});

test("a host without any connection does not take its own loss for final", async () => {
  const village = await Village.build({ hosts: 2 });
  const { pack } = await village.at(0).pool.store(village.namespace, content(MIB), copies(2));
  await village.at(1).store.remove(pack, 0);
  village.net.kill(village.at(0).host);
  await village.turn(village.at(1), "hold");
  assert.equal(village.at(1).pool.survives(village.namespace, [pack]), 1);
  village.net.revive(village.at(0).host);
  await village.turn(village.at(1), "hold");
  assert.ok(village.at(1).store.held(pack, 0) !== undefined);
  await village.close();
});

test("a host that is alone makes whole what its own leaves suffice for, and withdraws no claim for the rest", async () => {
  const village = await Village.build({ hosts: 1 });
  const one = village.at(0);
  const packs = [];
  for (const seed of [1, 2]) packs.push((await one.pool.store(village.namespace, content(300_000, seed), copies(3))).pack);
  for (const pack of packs) await damage(one, pack, 100);
  // The same bit once more: all leaves are right.
  one.store.spoil(packs[0]!, 100);
  await assert.rejects(village.turn(one, "hold"), /1 of 2 pieces could not be taken in/);
  assert.deepEqual(packs.map((pack) => one.store.held(pack, 0) !== undefined), [true, false]);
  for (const pack of packs) assert.deepEqual(one.pool.info(village.namespace, pack)!.holders, [one.host]);
  await village.close();
});

test("a pack for all hosts is fetched by one that was away, and claimed", async () => {
  const village = await Village.build({ hosts: 3 });
  village.net.kill(village.at(2).host);
  const what = content(3 * MIB);
  const { pack } = await village.at(0).pool.store(village.namespace, what, copies("all"));
  assert.equal(village.holding(pack).length, 2);
  village.net.revive(village.at(2).host);
  village.replication.catchUp(village.at(2).host);
  await village.turn(village.at(2), "hold");
  assert.deepEqual(await village.at(2).store.read(pack, 0, 0, 3 * MIB), what.bytes);
  assert.equal(village.at(0).pool.survives(village.namespace, [pack]), 2);
  assert.equal(village.at(2).cache.usedBytes, 0);
  await village.close();
});

test("a holder whose claim was lost with its answer claims by itself", async () => {
  const village = await Village.build({ hosts: 2, factor: 100 });
  village.net.fault = async (from, _to, kind, frame) => {
    if (kind === PUT && from === village.at(1).host) await new Promise(() => {});
    return frame;
  };
  const { pack, holders } = await village.at(0).pool.store(village.namespace, content(MIB), copies(2));
  assert.deepEqual(holders, [village.at(0).host]);
  assert.ok(village.at(1).store.held(pack, 0) !== undefined);
  await village.turn(village.at(1), "hold");
  assert.equal(village.at(0).pool.survives(village.namespace, [pack]), 1);
  await village.close();
});

test("a pack that the records do not mention is never deleted, and comes back from the label beside its piece", async () => {
  const village = await Village.build({ hosts: 3 });
  const { pack } = await village.at(0).pool.store(village.namespace, content(MIB), copies(2));
  for (const { records } of village.villagers) records.forget(village.namespace);
  await everybody(village, "reclaim");
  assert.equal(village.holding(pack).length, 2);
  assert.equal(village.at(0).pool.info(village.namespace, pack), undefined);
  await everybody(village, "republish");
  assert.equal(village.at(0).pool.info(village.namespace, pack), undefined, "one turn of silence is not enough");
  await everybody(village, "republish");
  await everybody(village, "hold");
  assert.equal(village.at(2).pool.info(village.namespace, pack)?.holders.length, 2);
  await village.close();
});

test("a pack that may not come back keeps no other from it", async () => {
  const village = await Village.build({ hosts: 2 });
  const { pack } = await village.at(0).pool.store(village.namespace, content(MIB), copies(2));
  const holder = village.at(0);
  const { bytes } = content(1000);
  // It stands before the other one in the order in which they are looked at.
  const before = Array.from({ length: 100 }, (_, seed) => packOfNobody(village, holder, bytes, seed)).find((each) => each.pack < pack)!;
  const piece = { pack: before.pack, index: 0, sizeBytes: bytes.length, root: before.root };
  await holder.store.put(piece, before.label, ReadableStream.from([bytes]), await holder.store.reserve(bytes.length));
  for (const { records } of village.villagers) records.forget(village.namespace);
  for (let turn = 0; turn < 2; turn += 1) await village.turn(holder, "republish");
  assert.notEqual(holder.pool.info(village.namespace, pack), undefined);
  assert.equal(holder.pool.info(before.namespace, before.pack), undefined, "its owner is nobody");
  assert.notEqual(holder.store.held(before.pack, 0), undefined);
  await village.close();
});

test("a pack with a tombstone is not published anew, and stays deleted when its record comes back beside it", async () => {
  const village = await Village.build({ hosts: 3 });
  const { pack } = await village.at(0).pool.store(village.namespace, content(MIB), copies(2));
  const [holder, other] = [village.holding(pack)[0]!, village.holding(pack)[1]!];
  village.net.kill(holder.host);
  await village.villagers.find(({ host }) => host !== holder.host)!.pool.remove(village.namespace, [pack]);
  // The one that is away has lost its records, sees neither pack nor tombstone, and publishes what it has.
  holder.records.forget(village.namespace);
  await village.turn(holder, "republish");
  await village.turn(holder, "republish");
  village.net.revive(holder.host);
  for (const { host } of village.villagers) village.replication.catchUp(host);
  for (const { pool } of village.villagers) assert.equal(pool.info(village.namespace, pack), undefined);
  await everybody(village, "reclaim");
  assert.deepEqual([holder, other].map(({ store }) => store.held(pack, 0)), [undefined, undefined]);
  await village.close();
});

test("what remains of a damaged piece goes when its pack is deleted", async () => {
  const village = await Village.build({ hosts: 2 });
  const { pack } = await village.at(0).pool.store(village.namespace, content(MIB), copies(2));
  const { store, pool } = village.at(1);
  await damage(village.at(1), pack, 0);
  await everybody(village, "reclaim");
  assert.equal(store.listRemains().length, 1);
  await pool.remove(village.namespace, [pack]);
  await everybody(village, "reclaim");
  assert.equal(store.listRemains().length, 0);
  await village.close();
});
