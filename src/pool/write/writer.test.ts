import assert from "node:assert/strict";
import test from "node:test";
import { HoldfastError } from "../../platform/index.ts";
import type { Write } from "../../records/index.ts";
import type { PieceStore } from "../../store/index.ts";
import type { FakeStore } from "../fakes/fake-store.ts";
import { Village, collect, content, copies } from "../fakes/village.ts";
import { condemnedCodec } from "../record/fate.ts";
import { condemnedKey } from "../record/keys.ts";
import { PUT, RESERVE } from "../messages.ts";
import { FRAME_BYTES } from "./offer.ts";

const MIB = 2 ** 20;

test("a pack lies on as many hosts as wanted, each in a zone of its own, and each by its own word", async () => {
  // Hosts 0 and 1 share a zone, 2 and 3 share one, 4 has its own.
  const village = await Village.build({ zone: (number) => `zone ${Math.floor(number / 2)}` });
  const { pool } = village.at(0);
  for (let seed = 1; seed <= 6; seed++) {
    const what = content(3 * MIB + 17, seed);
    const stored = await pool.store(village.namespace, what, copies(3));
    assert.equal(stored.holders.length, 3);
    assert.deepEqual(new Set(village.holding(stored.pack).map(({ host }) => host)), new Set(stored.holders));
    assert.equal(new Set(stored.holders.map((host) => village.members.get(host)!.zone)).size, 3);
    assert.equal(stored.wanted, 3);
    const info = pool.info(village.namespace, stored.pack)!;
    assert.deepEqual({ ...info, pieces: [], holders: [] }, { pack: stored.pack, sizeBytes: what.bytes.length, redundancy: copies(3), blobs: what.blobs, pieces: [], holders: [], maybe: [] });
    assert.deepEqual(new Set(info.holders), new Set(stored.holders));
    assert.deepEqual(new Set(info.pieces.map(({ host, index }) => `${index} ${host}`)), new Set(stored.holders.map((host) => `0 ${host}`)));
    assert.equal(pool.survives(village.namespace, [stored.pack]), 2);
  }
  assert.equal([...village.at(4).pool.packs(village.namespace)].length, 6);
  await village.close();
});

test("a pack of no bytes, of one leaf and of just over a leaf reads back", async () => {
  const village = await Village.build({ hosts: 2 });
  for (const size of [0, 1, 65_536, 65_537, MIB + 1]) {
    const what = content(size, size + 1);
    const { pack } = await village.at(0).pool.store(village.namespace, what, copies(1));
    for (const { pool } of village.villagers) assert.deepEqual(await collect(pool.read(village.namespace, pack, 0, size)), Buffer.from(what.bytes));
  }
  await village.close();
});

test("a holder that dies in the middle of its transfer is replaced by another", async () => {
  const village = await Village.build();
  let victim: string | undefined;
  let frames = 0;
  village.net.fault = (_from, to, kind, frame) => {
    if (kind === PUT && victim === undefined && frame.length === FRAME_BYTES && ++frames === 20) {
      victim = to;
      village.net.kill(to);
    }
    return frame;
  };
  const what = content(8 * MIB);
  const stored = await village.at(0).pool.store(village.namespace, what, copies(3));
  assert.ok(victim !== undefined);
  assert.equal(stored.holders.length, 3);
  assert.ok(!stored.holders.some((host) => host === victim));
  assert.deepEqual(await collect(village.at(0).pool.read(village.namespace, stored.pack, 0, 8 * MIB)), Buffer.from(what.bytes));
  await village.close();
});

test("a holder that hangs is replaced once it has been silent for long enough", async () => {
  const village = await Village.build({ factor: 100 });
  const first = await village.at(0).pool.store(village.namespace, content(MIB), copies(3));
  const hung = first.holders.find((host) => host !== village.at(0).host)!;
  village.net.hung.add(hung);
  for (let seed = 2; seed < 6; seed++) {
    const stored = await village.at(0).pool.store(village.namespace, content(MIB, seed), copies(3));
    assert.equal(stored.holders.length, 3);
    assert.ok(!stored.holders.includes(hung));
  }
  await village.close();
});

test("a pack comes to its holders over a line on which a MiB takes longer than a holder may be silent, and their claims may take as long", async () => {
  const storeOf = (_number: number, store: FakeStore): PieceStore => {
    const put = store.put.bind(store);
    store.put = async (...of) => {
      await put(...of);
      await village.env.timers.sleep(20_000);
    };
    return store;
  };
  const village = await Village.build({ hosts: 3, factor: 40, store: storeOf });
  village.net.fault = async (_from, _to, kind, frame) => {
    if (kind === PUT) await village.env.timers.sleep((frame.length / MIB) * 20_000);
    return frame;
  };
  const stored = await village.at(0).pool.store(village.namespace, content(1.25 * MIB), copies(3));
  assert.equal(stored.holders.length, 3);
  await village.close();
});

test("who cannot send to any host in time is told of the line, and not to free space", async () => {
  const village = await Village.build({ hosts: 3, factor: 100 });
  const { host } = village.at(0);
  village.members.set(host, { ...village.members.get(host)!, isDraining: true });
  village.net.fault = async (_from, _to, kind, frame) => {
    if (kind === PUT) await village.env.timers.sleep(20_000);
    return frame;
  };
  await assert.rejects(village.at(0).pool.store(village.namespace, content(1000), copies(2)), (error: HoldfastError) => {
    assert.equal(error.code, "NO_SPACE");
    assert.match(error.message, /host1: .*15000 ms.*slow or busy/);
    assert.doesNotMatch(error.message, /[Ff]ree some space/);
    return true;
  });
  await village.close();
});

test("a full host is passed over, and the space it could not give is not missed", async () => {
  const village = await Village.build({ hosts: 4, capacityBytes: (number) => (number === 1 ? 1000 : 1e9) });
  for (let seed = 1; seed < 8; seed++) {
    const stored = await village.at(0).pool.store(village.namespace, content(MIB, seed), copies(3));
    assert.deepEqual(new Set(stored.holders), new Set([0, 2, 3].map((number) => village.at(number).host)));
  }
  assert.ok(village.villagers.every(({ store }) => store.reservedBytes === 0));
  await village.close();
});

test("fewer copies than wanted are a success, none at all is NO_SPACE with every host's reason", async () => {
  const village = await Village.build({ hosts: 3, capacityBytes: (number) => (number === 2 ? 1e9 : 1000) });
  const stored = await village.at(0).pool.store(village.namespace, content(MIB), copies(3));
  assert.deepEqual(stored.holders, [village.at(2).host]);
  assert.equal(village.at(0).pool.survives(village.namespace, [stored.pack]), 0);
  village.net.kill(village.at(2).host);
  await assert.rejects(village.at(0).pool.store(village.namespace, content(MIB, 2), copies(3)), (error: HoldfastError) => {
    assert.equal(error.code, "NO_SPACE");
    assert.match(error.message, /host0: .*1000/);
    assert.match(error.message, /host1: .*1000/);
    assert.match(error.message, /not connected: host2/);
    return true;
  });
  await village.close();
});

test("an aborted write leaves nothing visible, gives the space back, and its pieces go on the owner's word", async () => {
  const village = await Village.build();
  const stop = new AbortController();
  const received = Promise.withResolvers<void>();
  // The first holder gets everything, the others' last frames never arrive.
  let slow = 0;
  village.net.fault = async (_from, _to, kind, frame) => {
    if (kind === PUT && frame.length === FRAME_BYTES && ++slow > 96) {
      received.resolve();
      await new Promise(() => {});
    }
    return frame;
  };
  const writing = village.at(0).pool.store(village.namespace, content(4 * MIB), copies(3), stop.signal);
  await received.promise;
  stop.abort(new Error("the person changed their mind"));
  await assert.rejects(writing, /changed their mind/);
  for (const { pool } of village.villagers) assert.deepEqual([...pool.packs(village.namespace)], []);
  await village.env.timers.sleep(200);
  assert.ok(village.villagers.every(({ store }) => store.reservedBytes === 0));
  await village.turn(village.at(0), "unfinished");
  for (const villager of village.villagers) await village.turn(villager, "reclaim");
  assert.ok(village.villagers.every(({ store }) => store.usedBytes === 0));
  await village.close();
});

test("a commit that is refused leaves nothing visible and nothing on the disks", async () => {
  const village = await Village.build({ hosts: 3 });
  const { records, pool } = village.at(0);
  const write = records.write.bind(records);
  records.write = async (writes, options) => {
    if (writes.some(({ key }) => key.startsWith("pack/"))) throw new HoldfastError("REFUSED", "the rules say no");
    return await write(writes, options);
  };
  await assert.rejects(pool.store(village.namespace, content(MIB), copies(2)), { code: "REFUSED" });
  assert.equal(village.villagers.filter(({ store }) => store.usedBytes > 0).length, 2);
  await village.turn(village.at(0), "unfinished");
  for (const villager of village.villagers) await village.turn(villager, "reclaim");
  assert.ok(village.villagers.every(({ store }) => store.usedBytes === 0));
  await village.close();
});

test("a commit that comes after the pack was given up brings nothing back, whichever of the two a host hears first", async () => {
  const village = await Village.build({ hosts: 3 });
  const { records, pool } = village.at(0);
  const write = records.write.bind(records);
  const late: Write[] = [];
  records.write = async (writes, options) => {
    if (!writes.some(({ key }) => key.startsWith("pack/"))) return await write(writes, options);
    late.push(...writes);
    throw new HoldfastError("DEADLINE", "nobody knows whether it was written");
  };
  village.net.kill(village.at(2).host);
  await assert.rejects(pool.store(village.namespace, content(MIB), copies(2)), { code: "DEADLINE" });
  await village.turn(village.at(0), "unfinished");
  await write(late);
  village.net.revive(village.at(2).host);
  // Host 2 hears of the commit first, and of the giving up after it.
  for (const batch of village.replication.log.toReversed()) village.at(2).records.take(batch);
  for (const villager of village.villagers) {
    assert.deepEqual([...villager.pool.packs(village.namespace)], []);
    await village.turn(villager, "reclaim");
    assert.equal(villager.store.usedBytes, 0);
  }
  await village.close();
});

test("a host that is being emptied or is suspect gets no pieces, and its zone does not count", async () => {
  const village = await Village.build({ hosts: 4 });
  for (const [number, flag] of [[1, { isDraining: true }], [2, { isSuspect: true }]] as const) {
    const { host } = village.at(number);
    village.members.set(host, { ...village.members.get(host)!, ...flag });
  }
  assert.equal(village.at(1).pool.zones(), 2);
  for (let seed = 1; seed < 5; seed++) {
    const stored = await village.at(seed % 4).pool.store(village.namespace, content(1000, seed), copies(3));
    assert.deepEqual(new Set(stored.holders), new Set([village.at(0).host, village.at(3).host]));
    assert.equal(stored.wanted, 3);
  }
  await village.close();
});

test("a write that fails before a byte has left records nothing", async () => {
  const village = await Village.build({ hosts: 2, capacityBytes: () => 10 });
  await assert.rejects(village.at(0).pool.store(village.namespace, content(100), copies(2)), { code: "NO_SPACE" });
  assert.equal(village.replication.log.length, 0);
  await village.close();
});

test("a writer refuses what no pack can be, and a namespace that is not its person's", async () => {
  const village = await Village.build({ hosts: 1 });
  const { pool, records } = village.at(0);
  await assert.rejects(pool.store(village.namespace, content(16 * MIB + 1), copies(1)), { code: "BAD_PACK" });
  await assert.rejects(pool.store(village.namespace, content(5), copies(0)), { code: "BAD_PACK" });
  await assert.rejects(pool.store(village.namespace, content(5), copies(1.5)), { code: "BAD_PACK" });
  const { bytes, blobs } = content(5);
  await assert.rejects(pool.store(village.namespace, { bytes, blobs: [{ ...blobs[0]!, length: 6 }] }, copies(1)), { code: "BAD_PACK" });
  const theirs = await records.create({ ...village.genesis, owner: village.at(0).host as string as typeof village.owner });
  await assert.rejects(pool.store(theirs, content(5), copies(1)), { code: "NOT_OWNER" });
  await assert.rejects(pool.store(village.at(0).host as string as typeof village.namespace, content(5), copies(1)), { code: "UNKNOWN_NAMESPACE" });
  await village.close();
});

test("a pack for all hosts goes to all that are there, and a host that has it already just says so", async () => {
  const village = await Village.build({ hosts: 4 });
  const stored = await village.at(1).pool.store(village.namespace, content(2 * MIB), copies("all"));
  assert.equal(stored.holders.length, 4);
  assert.equal(village.at(0).pool.survives(village.namespace, [stored.pack]), 3);
  assert.equal(village.at(2).transport.answered.get(RESERVE), 1);
  await village.close();
});

test("a removed pack is gone from the records of every host, and from their disks at the next reclaim", async () => {
  const village = await Village.build();
  const kept = await village.at(0).pool.store(village.namespace, content(MIB, 1), copies(3));
  const removed = await village.at(0).pool.store(village.namespace, content(MIB, 2), copies(3));
  await village.at(0).records.write([{ namespace: village.namespace, key: condemnedKey(removed.pack), value: condemnedCodec.encode({ sinceMs: 5 }) }]);
  assert.notEqual(village.at(1).pool.info(village.namespace, removed.pack), undefined);
  await village.at(0).pool.remove(village.namespace, [removed.pack]);
  assert.equal(village.at(1).records.local(village.namespace, condemnedKey(removed.pack)), undefined);
  for (const { pool } of village.villagers) {
    assert.equal(pool.info(village.namespace, removed.pack), undefined);
    assert.deepEqual([...pool.packs(village.namespace)].map(({ pack }) => pack), [kept.pack]);
    await assert.rejects(collect(pool.read(village.namespace, removed.pack, 0, 1)), { code: "UNKNOWN_PACK" });
  }
  for (const villager of village.villagers) await village.turn(villager, "reclaim");
  assert.equal(village.holding(removed.pack).length, 0);
  assert.equal(village.holding(kept.pack).length, 3);
  await village.close();
});

test("a pack whose holders are suspect, gone or removed is not said to survive anything, unless it is meant to be deleted", async () => {
  const village = await Village.build({ hosts: 4 });
  const { pack, holders } = await village.at(0).pool.store(village.namespace, content(1000, 1), copies(1));
  const keeper = holders[0]!;
  const asked = village.villagers.find(({ host }) => host !== keeper)!;
  const member = village.members.get(keeper)!;
  const survived = (): readonly number[] => {
    const { packs, survives, survivesNow } = asked.pool.standing(village.namespace);
    return [packs, survives, survivesNow];
  };
  assert.deepEqual(survived(), [1, 0, 0]);
  village.members.set(keeper, { ...member, isSuspect: true });
  assert.deepEqual(survived(), [1, -1, -1]);
  village.members.set(keeper, member);
  assert.deepEqual(survived(), [1, 0, 0]);
  village.gone.add(keeper);
  assert.deepEqual(survived(), [1, -1, -1]);
  village.members.delete(keeper);
  assert.deepEqual(survived(), [1, -1, -1]);
  await asked.records.write([{ namespace: village.namespace, key: condemnedKey(pack), value: condemnedCodec.encode({ sinceMs: 1 }) }]);
  assert.deepEqual(survived(), [1, 2, 2]);
  await village.close();
});

test("how the packs of a namespace stand is as the records and the roster say now, also when it was asked before", async () => {
  const village = await Village.build({ hosts: 4 });
  const { pool } = village.at(0);
  assert.deepEqual(pool.standing(village.namespace).packs, 0);
  const { holders } = await pool.store(village.namespace, content(1000, 1), copies(3));
  assert.deepEqual(pool.standing(village.namespace), { packs: 1, holders: new Set(holders), survives: 2, survivesNow: 2 });
  assert.equal(pool.standing(village.namespace), pool.standing(village.namespace), "it is not read again for nothing");
  const others = holders.filter((host) => host !== village.at(0).host);
  village.net.down.add(others.at(-1)!);
  assert.deepEqual(pool.standing(village.namespace), { packs: 1, holders: new Set(holders), survives: 2, survivesNow: 1 }, "a copy on a host that is away is not lost, and helps nobody now");
  village.net.down.clear();
  village.gone.add(holders[2]!);
  assert.deepEqual(pool.standing(village.namespace), { packs: 1, holders: new Set(holders.slice(0, 2)), survives: 1, survivesNow: 1 });
  const { pack } = await pool.store(village.namespace, content(1000, 2), copies(1));
  assert.deepEqual([pool.standing(village.namespace).packs, pool.standing(village.namespace).survives], [2, 0]);
  await pool.remove(village.namespace, [pack]);
  assert.deepEqual([pool.standing(village.namespace).packs, pool.standing(village.namespace).survives], [1, 1]);
  await village.close();
});
