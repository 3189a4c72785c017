import assert from "node:assert/strict";
import test from "node:test";
import type { HostId, PackId } from "../../codec/index.ts";
import { silentLog } from "../../platform/index.ts";
import type { Log } from "../../platform/index.ts";
import { storedIn } from "../fakes/stored-pack.ts";
import type { PackInVillage } from "../fakes/stored-pack.ts";
import type { VillageOptions } from "../fakes/village.ts";
import { Village, collect, content, copies } from "../fakes/village.ts";
import { GET } from "../messages.ts";
import type { PackContent } from "../port.ts";

const MIB = 2 ** 20;

async function stored(sizeBytes: number, count: number, options: VillageOptions = {}): Promise<PackInVillage> {
  return await storedIn(await Village.build(options), content(sizeBytes), copies(count));
}

test("every host reads every byte, and any range of them, wherever the copies are", async () => {
  const { village, pack, what } = await stored(5 * MIB + 321, 2);
  for (const { pool } of village.villagers) {
    for (const [offset, length] of [[0, what.bytes.length], [MIB - 1, 2], [what.bytes.length - 1, 1], [3 * MIB + 7, 2 * MIB], [4, 0], [what.bytes.length, 0]] as const) {
      assert.deepEqual(await collect(pool.read(village.namespace, pack, offset, length)), Buffer.from(what.bytes.subarray(offset, offset + length)));
    }
  }
  await village.close();
});

test("a read beyond the pack, or with a length or offset that is none, is refused", async () => {
  const { village, pack, reader } = await stored(1000, 1, { hosts: 2 });
  for (const [offset, length] of [[-1, 5], [0, -1], [0, 1001], [1000, 1], [0.5, 1], [Number.NaN, 1], [0, Number.POSITIVE_INFINITY], [Number.MAX_SAFE_INTEGER, 2]] as const) {
    await assert.rejects(collect(reader.pool.read(village.namespace, pack, offset, length)), { code: "BAD_RANGE" });
  }
  await village.close();
});

test("what came from elsewhere is read from the cache the next time", async () => {
  const { village, pack, what, holders, reader } = await stored(3 * MIB, 2);
  await collect(reader.pool.read(village.namespace, pack, 0, 3 * MIB));
  assert.equal(reader.cache.usedBytes, 3 * MIB);
  for (const { host } of holders) village.net.kill(host);
  assert.deepEqual(await collect(reader.pool.read(village.namespace, pack, MIB + 5, MIB)), Buffer.from(what.bytes.subarray(MIB + 5, 2 * MIB + 5)));
  await village.close();
});

test("whoever wants only what is here asks no other host, and gets what the disk or the cache has", async () => {
  const { village, pack, what, holders, reader } = await stored(2 * MIB, 2);
  const here = (host: typeof reader): Promise<Uint8Array> => collect(host.pool.read(village.namespace, pack, 7, 100, { isHere: true }));
  await assert.rejects(here(reader), { code: "UNAVAILABLE" });
  assert.equal(reader.cache.usedBytes, 0);
  const holder = village.villagers.find(({ host }) => holders.some((each) => each.host === host))!;
  assert.deepEqual(await here(holder), Buffer.from(what.bytes.subarray(7, 107)));
  await collect(reader.pool.read(village.namespace, pack, 0, 10));
  assert.deepEqual(await here(reader), Buffer.from(what.bytes.subarray(7, 107)));
  await village.close();
});

test("two readers of one segment fetch it once, and one that leaves does not take it from the other", async () => {
  const { village, pack, what, reader } = await stored(MIB, 1, { hosts: 2 });
  let fetched = 0;
  const gate = Promise.withResolvers<void>();
  village.net.fault = async (_from, _to, kind, frame) => {
    if (kind === GET && frame.length === MIB) {
      fetched += 1;
      await gate.promise;
    }
    return frame;
  };
  const leaving = new AbortController();
  const left = collect(reader.pool.read(village.namespace, pack, 0, MIB, { signal: leaving.signal }));
  const [one, two] = [collect(reader.pool.read(village.namespace, pack, 0, MIB)), collect(reader.pool.read(village.namespace, pack, 5, 10))];
  leaving.abort(new Error("gone"));
  await assert.rejects(left, /gone/);
  gate.resolve();
  assert.deepEqual(await one, Buffer.from(what.bytes));
  assert.deepEqual(await two, Buffer.from(what.bytes.subarray(5, 15)));
  assert.equal(fetched, 1);
  await village.close();
});

test("a read of 64 MiB goes on when a source is killed in the middle of it", async () => {
  const village = await Village.build({ hosts: 4 });
  const packs: { pack: PackId; what: PackContent }[] = [];
  for (let seed = 1; seed <= 4; seed++) {
    const what = content(16 * MIB, seed);
    packs.push({ pack: (await village.at(0).pool.store(village.namespace, what, copies(3))).pack, what });
  }
  const reader = village.at(3);
  // What the reader holds itself is taken from it, so that everything comes over the wire.
  for (const { pack } of packs) await reader.store.remove(pack, 0);
  let [segments, victim] = [0, ""];
  village.net.fault = (from, to, kind, frame) => {
    if (kind === GET && to === reader.host && frame.length === MIB && ++segments === 20) {
      victim = from;
      village.net.kill(from);
    }
    return frame;
  };
  for (const { pack, what } of packs) assert.deepEqual(await collect(reader.pool.read(village.namespace, pack, 0, 16 * MIB)), Buffer.from(what.bytes));
  assert.notEqual(victim, "");
  await village.close();
});

test("a source that lies is caught, logged and left alone, and no wrong byte is handed out", async () => {
  const warnings: string[] = [];
  const log: Log = { ...silentLog, warn: (event) => void warnings.push(event), child: () => log };
  const { village, pack, what, holders, reader } = await stored(4 * MIB, 2, { log });
  holders[0]!.store.spoil(pack, 5);
  holders[0]!.store.spoil(pack, MIB + 5);
  holders[0]!.store.spoil(pack, 2 * MIB + 5);
  holders[0]!.store.spoil(pack, 3 * MIB + 5);
  const asked = new Map<HostId, number>();
  village.net.fault = (from, to, kind, frame) => {
    if (kind === GET && to === reader.host && frame.length === MIB) asked.set(from, (asked.get(from) ?? 0) + 1);
    return frame;
  };
  for (let time = 0; time < 3; time++) {
    await reader.cache.clear();
    assert.deepEqual(await collect(reader.pool.read(village.namespace, pack, 0, 4 * MIB)), Buffer.from(what.bytes));
  }
  const lies = asked.get(holders[0]!.host) ?? 0;
  assert.ok(lies >= 1 && lies <= 4, `the liar was asked ${lies} times`);
  assert.equal(warnings.filter((event) => event.includes("not the pack's")).length, lies);
  await village.close();
});

test("a source that is late gets company, and the read does not wait for it", async () => {
  const { village, pack, what, holders, reader } = await stored(6 * MIB, 2, { factor: 4 });
  const late = holders[0]!;
  village.net.fault = async (from, _to, kind, frame) => {
    if (kind === GET && from === late.host) await new Promise(() => {});
    return frame;
  };
  const startedMs = village.env.clock.monotonicMs();
  assert.deepEqual(await collect(reader.pool.read(village.namespace, pack, 0, 6 * MIB)), Buffer.from(what.bytes));
  // Far below the 20 s after which a silent stream is given up.
  assert.ok(village.env.clock.monotonicMs() - startedMs < 15_000);
  await village.close();
});

test("two sources that hang do not keep a third from answering", async () => {
  const { village, pack, what, holders, reader } = await stored(2 * MIB, 3, { hosts: 4, factor: 4 });
  for (const { host } of holders.slice(0, 2)) village.net.hung.add(host);
  const startedMs = village.env.clock.monotonicMs();
  assert.deepEqual(await collect(reader.pool.read(village.namespace, pack, 0, 2 * MIB)), Buffer.from(what.bytes));
  assert.ok(village.env.clock.monotonicMs() - startedMs < 15_000);
  await village.close();
});

test("a damaged piece of the reader's own is read from another host, and held again after the next hold", async () => {
  const { village, pack, what, holders } = await stored(2 * MIB, 2);
  const holder = holders[0]!;
  holder.store.spoil(pack, MIB + 1);
  assert.deepEqual(await collect(holder.pool.read(village.namespace, pack, 0, 2 * MIB)), Buffer.from(what.bytes));
  await village.turn(holder, "hold");
  assert.deepEqual(await holder.store.read(pack, 0, MIB, 100), what.bytes.subarray(MIB, MIB + 100));
  assert.ok(holder.pool.info(village.namespace, pack)!.holders.includes(holder.host));
  await village.close();
});

test("content whose holders are all away is UNAVAILABLE, and the error names them", async () => {
  const { village, pack, holders, reader } = await stored(MIB, 2);
  for (const { host } of holders) village.net.kill(host);
  const names = holders.map(({ host }) => village.members.get(host)!.name);
  await assert.rejects(collect(reader.pool.read(village.namespace, pack, 0, 1)), (error: Error & { code?: string }) => error.code === "UNAVAILABLE" && names.every((name) => error.message.includes(name)));
  await village.close();
});

test("a host that holds the pack without having claimed it is found by asking", async () => {
  const { village, pack, what, holders, reader } = await stored(MIB, 2, { hosts: 4 });
  const quiet = village.villagers.find((villager) => villager !== reader && !holders.includes(villager))!;
  const [source] = holders;
  const piece = source!.store.held(pack, 0)!;
  await quiet.store.put(piece, await source!.store.packRecord(pack, 0), (async function* (): AsyncGenerator<Uint8Array> { yield await source!.store.read(pack, 0, 0, MIB); })(), await quiet.store.reserve(MIB));
  for (const { host } of holders) village.net.kill(host);
  assert.deepEqual(await collect(reader.pool.read(village.namespace, pack, 0, MIB)), Buffer.from(what.bytes));
  await village.close();
});

test("a reader that stops early leaves nothing running", async () => {
  const { village, pack, reader } = await stored(8 * MIB, 1, { hosts: 2 });
  for await (const chunk of reader.pool.read(village.namespace, pack, 0, 8 * MIB)) {
    assert.equal(chunk.length, MIB);
    break;
  }
  const { promise, resolve } = Promise.withResolvers<void>();
  let sent = 0;
  village.net.fault = (_from, _to, kind, frame) => {
    if (kind === GET && frame.length === MIB) sent += 1;
    return frame;
  };
  village.env.timers.after(2_000, resolve);
  await promise;
  assert.ok(sent <= 4);
  await village.close();
});

test("many slow readers do not read ahead without bound", async () => {
  const { village, pack, reader } = await stored(16 * MIB, 1, { hosts: 2 });
  let requests = 0;
  village.net.fault = (from, _to, kind, frame) => {
    if (kind === GET && from === reader.host) requests += 1;
    return frame;
  };
  const readers = Array.from({ length: 20 }, () => reader.pool.read(village.namespace, pack, 0, 16 * MIB)[Symbol.asyncIterator]());
  for (const each of readers) assert.equal((await each.next()).done, false);
  // All wait for their consumers now: none has gone further than its window.
  assert.ok(requests <= 4, `${requests} segments were fetched for readers that took one`);
  for (const each of readers) await each.return?.();
  await village.close();
});
