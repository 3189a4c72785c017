import assert from "node:assert/strict";
import test from "node:test";
import type { PackId } from "../../codec/index.ts";
import type { Slice } from "../../erasure/index.ts";
import { HoldfastError } from "../../platform/index.ts";
import type { Claim } from "../record/claim.ts";
import { decoded } from "../fakes/stored-pack.ts";
import type { Villager } from "../fakes/village.ts";
import { Village, code, collect, content } from "../fakes/village.ts";
import { PUT } from "../messages.ts";
import { isReadable } from "../record/holders.ts";
import { Going } from "../upkeep/going.ts";
import { FRAME_BYTES, Offers } from "./offer.ts";
import type { PoolParts } from "../parts.ts";
import type { PackContent } from "../port.ts";

const MIB = 2 ** 20;

/** Pieces as they lie on the disks, one of each index. */
async function onDisks(village: Village, pack: PackId): Promise<Slice[]> {
  const found = new Map<number, Slice>();
  for (const villager of village.villagers) {
    for (const index of village.indexesAt(villager, pack)) found.set(index, { index, bytes: await villager.store.read(pack, index, 0, villager.store.held(pack, index)!.sizeBytes) });
  }
  return [...found.values()];
}

/** Checks that these k pieces are enough for every byte. */
function assertDecodes(k: number, m: number, kept: readonly Slice[], what: PackContent): void {
  assert.deepEqual(decoded(k, m, kept, what), new Uint8Array(what.bytes));
}

test("a coded pack lies in pieces on as many hosts, zones apart, and any k of them are the content", async () => {
  // Nine hosts in seven zones: 4+2 finds a zone for each piece.
  const village = await Village.build({ hosts: 9, zone: (number) => `zone ${Math.max(2, number)}` });
  const what = content(3 * MIB + 17);
  const { pool } = village.at(0);
  const stored = await pool.store(village.namespace, what, code(4, 2));
  assert.deepEqual({ holders: new Set(stored.holders).size, wanted: stored.wanted, safe: stored.safe }, { holders: 6, wanted: 6, safe: true });
  assert.equal(new Set(stored.holders.map((host) => village.members.get(host)!.zone)).size, 6);
  for (const villager of village.villagers) assert.equal(village.indexesAt(villager, stored.pack).length, stored.holders.includes(villager.host) ? 1 : 0);
  const info = pool.info(village.namespace, stored.pack)!;
  assert.deepEqual(info.redundancy, code(4, 2));
  assert.deepEqual(new Set(info.pieces.map(({ index }) => index)), new Set([0, 1, 2, 3, 4, 5]));
  assert.equal(pool.survives(village.namespace, [stored.pack]), 2);
  const pieces = await onDisks(village, stored.pack);
  assertDecodes(4, 2, pieces.filter(({ index }) => index !== 0 && index !== 3), what);
  assertDecodes(4, 2, pieces.filter(({ index }) => index < 4), what);
  await village.close();
});

test("a host that dies in the middle of its piece is replaced, and the others go on", async () => {
  const village = await Village.build({ hosts: 8 });
  let [frames, victim] = [0, ""];
  let begun = 0;
  village.net.fault = (_from, to, kind, frame) => {
    if (kind === PUT && frame.length === FRAME_BYTES) {
      begun += 1;
      if (victim === "" && ++frames === 40) village.net.kill((victim = to) as Villager["host"]);
    }
    return frame;
  };
  const what = content(9 * MIB);
  const stored = await village.at(0).pool.store(village.namespace, what, code(3, 3));
  assert.notEqual(victim, "");
  assert.equal(stored.holders.length, 6);
  assert.ok(!stored.holders.some((host) => host === victim));
  // Six pieces of three MiB, and what the victim had been sent.
  assert.ok(begun * FRAME_BYTES <= (6 * 3 + 3) * MIB, `${begun} frames were sent`);
  assertDecodes(3, 3, (await onDisks(village, stored.pack)).slice(0, 3), what);
  await village.close();
});

test("a host that hangs is replaced, and one that promised and then hangs too", async () => {
  const village = await Village.build({ hosts: 8, factor: 100 });
  village.net.hung.add(village.at(1).host);
  village.net.fault = async (_from, to, kind, frame) => {
    if (kind === PUT && to === village.at(2).host) await new Promise(() => {});
    return frame;
  };
  for (let seed = 1; seed < 4; seed++) {
    const stored = await village.at(0).pool.store(village.namespace, content(MIB, seed), code(4, 2));
    assert.deepEqual(new Set(stored.holders), new Set([0, 3, 4, 5, 6, 7].map((number) => village.at(number).host)));
  }
  await village.close();
});

test("fewer pieces than wanted are a success that says so, as long as one host more than needed has one", async () => {
  const village = await Village.build({ hosts: 5 });
  const stored = await village.at(0).pool.store(village.namespace, content(MIB), code(4, 2));
  assert.deepEqual([stored.holders.length, stored.wanted], [5, 6]);
  assert.equal(village.at(0).pool.survives(village.namespace, [stored.pack]), 1);
  await village.close();
});

test("a code that too few hosts can take is refused before a byte is sent, and the space they had promised is given back", async () => {
  const village = await Village.build({ hosts: 6, capacityBytes: (number) => (number < 2 ? 1000 : 1e9) });
  let sent = 0;
  village.net.fault = (_from, _to, kind, frame) => {
    if (kind === PUT) sent += 1;
    return frame;
  };
  await assert.rejects(village.at(3).pool.store(village.namespace, content(MIB), code(4, 2)), (error: HoldfastError) => {
    assert.equal(error.code, "NO_SPACE");
    for (const reason of [/Fewer than the 5 hosts/, /host0: .*1000 bytes/, /host1: .*1000 bytes/]) assert.match(error.message, reason);
    return true;
  });
  assert.equal(sent, 0);
  assert.equal(village.replication.log.length, 0);
  await village.env.timers.sleep(200);
  assert.ok(village.villagers.every(({ store }) => store.reservedBytes === 0 && store.usedBytes === 0));
  await village.close();
});

test("a coded write that loses too many hosts on its way is given up, and its pieces go", async () => {
  const village = await Village.build({ hosts: 6 });
  const killed = new Set<string>();
  village.net.fault = (_from, to, kind, frame) => {
    if (kind === PUT && frame.length === FRAME_BYTES && killed.size < 2 && !killed.has(to)) {
      killed.add(to);
      village.net.kill(to);
    }
    return frame;
  };
  await assert.rejects(village.at(0).pool.store(village.namespace, content(8 * MIB), code(4, 2)), { code: "NO_SPACE" });
  for (const host of killed) village.net.revive(host as Villager["host"]);
  await village.turn(village.at(0), "unfinished");
  for (const villager of village.villagers) {
    village.replication.catchUp(villager.host);
    assert.deepEqual([...villager.pool.packs(village.namespace)], []);
    await village.turn(villager, "reclaim");
    assert.equal(villager.store.usedBytes, 0);
  }
  await village.close();
});

test("a refused commit and a cancelled one leave nothing of a coded pack", async () => {
  const village = await Village.build({ hosts: 6 });
  const { records, pool } = village.at(0);
  const write = records.write.bind(records);
  records.write = async (writes, options) => {
    if (writes.some(({ key }) => key.startsWith("pack/"))) throw new HoldfastError("REFUSED", "the rules say no");
    return await write(writes, options);
  };
  await assert.rejects(pool.store(village.namespace, content(MIB), code(4, 2)), { code: "REFUSED" });
  const stop = new AbortController();
  village.net.fault = async (_from, _to, kind, frame) => {
    if (kind === PUT && frame.length === FRAME_BYTES) stop.abort(new Error("changed their mind"));
    return frame;
  };
  await assert.rejects(pool.store(village.namespace, content(MIB, 2), code(4, 2), stop.signal), /changed their mind/);
  await village.turn(village.at(0), "unfinished");
  for (const villager of village.villagers) {
    assert.deepEqual([...villager.pool.packs(village.namespace)], []);
    await village.turn(villager, "reclaim");
    assert.deepEqual([villager.store.usedBytes, villager.store.reservedBytes], [0, 0]);
  }
  await village.close();
});

test("a host takes no second piece of a pack while enough hosts are in reach, and takes it when there are too few", async () => {
  const village = await Village.build({ hosts: 6 });
  const { pack } = await village.at(0).pool.store(village.namespace, content(MIB), code(3, 2));
  const [one, other] = village.holding(pack) as [Villager, Villager];
  const index = village.indexesAt(one, pack)[0]!;
  const piece = one.store.held(pack, index)!;
  // As a hostile or mistaken host would: what it has itself, for another one that has a piece already.
  const label = await one.store.packRecord(pack, index);
  async function* bytes(): AsyncGenerator<Uint8Array> {
    yield await one.store.read(pack, index, 0, piece.sizeBytes);
  }
  const offers = new Offers(village.env, { self: one.host, hostKey: one.key, store: one.store, transport: one.transport } as unknown as PoolParts, { allowance: { denial: async () => undefined, promised: () => {}, released: () => {} }, going: new Going() });
  const give = (to: Villager): Promise<Claim> => offers.put(to.host, { namespace: village.namespace, ...piece, label, bytes }, () => {}, new AbortController().signal);
  await assert.rejects(give(other), { code: "REMOTE", message: /one piece of a pack/ });
  for (const villager of village.villagers) if (villager !== one && villager !== other) village.net.kill(villager.host);
  assert.equal((await give(other)).index, index);
  assert.equal(village.indexesAt(other, pack).length, 2);
  await village.close();
});

test("a pack of nothing, of one byte, and of blobs shorter than k can be coded", async () => {
  const village = await Village.build({ hosts: 6 });
  for (const [seed, size] of [0, 1, 3, 65_537].entries()) {
    const what = content(size, seed + 1);
    const { pack, holders } = await village.at(0).pool.store(village.namespace, what, code(4, 2));
    assert.equal(holders.length, 6);
    assertDecodes(4, 2, (await onDisks(village, pack)).filter(({ index }) => index > 1), what);
  }
  await village.close();
});

test("what suspects claim makes no pack readable, and survives no loss", async () => {
  const village = await Village.build({ hosts: 5 });
  const { pool } = village.at(0);
  const { pack, holders } = await pool.store(village.namespace, content(MIB), code(2, 1));
  const stands = (): readonly unknown[] => [isReadable(pool.info(village.namespace, pack)!), pool.survives(village.namespace, [pack])];
  assert.deepEqual(stands(), [true, 1]);
  for (const host of holders.slice(0, 2)) {
    const villager = village.villagers.find((each) => each.host === host)!;
    for (const index of village.indexesAt(villager, pack)) await villager.store.remove(pack, index);
    village.members.set(host, { ...village.members.get(host)!, isSuspect: true });
  }
  assert.deepEqual(stands(), [false, 0]);
  await assert.rejects(collect(pool.read(village.namespace, pack, 0, MIB)), { code: "UNAVAILABLE" });
  await village.close();
});
