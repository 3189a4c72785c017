import assert from "node:assert/strict";
import test from "node:test";
import type { PackId } from "../../codec/index.ts";
import { HoldfastError } from "../../platform/index.ts";
import type { Villager } from "../fakes/village.ts";
import { Village, code, collect, content, copies } from "../fakes/village.ts";
import { PUT } from "../messages.ts";
import type { PoolParts } from "../parts.ts";
import { isGivenUp } from "../record/fate.ts";
import { giveUpUnfinished } from "./giving-up.ts";
import { Unfinished } from "./unfinished.ts";

const MIB = 2 ** 20;
const TURN = { signal: new AbortController().signal, report: () => {} };

/** A writer that was killed while its last holder had everything and the others did not: no commit, no word. */
async function cutOff(hosts: number): Promise<{ readonly village: Village; readonly writer: Villager; readonly pack: PackId; readonly restart: () => Promise<void> }> {
  const village = await Village.build({ hosts, capacityBytes: (number) => (number === 0 ? 1 : 1e9) });
  const writer = village.at(0);
  const received = Promise.withResolvers<void>();
  village.net.fault = async (from, _to, kind, frame) => {
    if (kind === PUT && from !== writer.host) {
      received.resolve();
      // Its claim never arrives.
      await new Promise(() => {});
    }
    return frame;
  };
  writer.pool.store(village.namespace, content(MIB), copies(2)).catch(() => undefined);
  await received.promise;
  // What the killed process would still have said must not be said.
  const write = writer.records.write.bind(writer.records);
  writer.records.write = () => Promise.reject(new HoldfastError("STOPPED", "it was killed"));
  const restart = async (): Promise<void> => {
    writer.records.write = write;
    const presence = (other: string): "online" | "away" => (village.net.isUp(writer.host, other as typeof writer.host) ? "online" : "away");
    const parts = { self: writer.host, records: writer.records, roster: () => village.roster(), presence, store: writer.store } as unknown as PoolParts;
    await giveUpUnfinished({ env: village.env, parts }, new Unfinished(writer.notes), TURN);
  };
  const { pack } = new Unfinished(writer.notes).left[0]!;
  return { village, writer, pack, restart };
}

async function held(village: Village, pack: PackId): Promise<number> {
  for (const villager of village.villagers) await village.turn(villager, "reclaim");
  return village.holding(pack).length;
}

test("the pieces of a writer that was killed go once it is started again, and a holder cannot bring the pack back", async () => {
  const { village, writer, pack, restart } = await cutOff(4);
  assert.ok((await held(village, pack)) > 0, "until then nobody knows whether a commit comes");
  await restart();
  assert.ok(isGivenUp(village.at(2).records, village.namespace, pack));
  assert.equal(await held(village, pack), 0);
  assert.deepEqual(new Unfinished(writer.notes).left, []);
  await village.close();
});

test("a pack of which a holder has brought the record back meanwhile is not given up", async () => {
  const { village, pack, restart } = await cutOff(4);
  const [holder] = village.holding(pack);
  for (let turn = 0; turn < 2; turn += 1) await village.turn(holder!, "republish");
  await restart();
  assert.ok(village.at(3).pool.info(village.namespace, pack) !== undefined);
  assert.ok((await held(village, pack)) > 0);
  await village.close();
});

test("a pack that its holders brought back while its writer slept stays when the writer wakes and fails", async () => {
  // Two of three holders have their pieces when the lid of the writer is closed.
  const { village, writer, holders, pack, bytes, fail } = await halfSent();
  for (let turn = 0; turn < 2; turn += 1) for (const holder of holders) await village.turn(holder, "republish");
  const other = village.at(1);
  assert.ok((await other.pool.upkeep.reliable(village.namespace, [pack])).has(pack), "another device may rely on it");
  await fail("the connections are dead");
  await village.turn(writer, "unfinished");
  assert.deepEqual(new Unfinished(writer.notes).left, []);
  for (const holder of holders) await village.turn(holder, "reclaim");
  assert.deepEqual(await collect(other.pool.read(village.namespace, pack, 0, MIB)), Buffer.from(bytes));
  await village.close();
});

test("without a majority in reach nothing is given up, and it is looked again later", async () => {
  const { village, writer, pack, restart } = await cutOff(4);
  for (const number of [2, 3]) village.net.kill(village.at(number).host);
  await restart();
  assert.ok(!isGivenUp(writer.records, village.namespace, pack));
  for (const number of [2, 3]) village.net.revive(village.at(number).host);
  await restart();
  assert.ok(isGivenUp(writer.records, village.namespace, pack));
  await village.close();
});

test("what a majority is connected to and does not answer about is not given up, and it is looked again later", async () => {
  const { village, writer, pack, restart } = await cutOff(4);
  const { mute } = village.replication;
  for (const number of [2, 3]) mute.add(village.at(number).host);
  await restart();
  assert.ok(!isGivenUp(writer.records, village.namespace, pack));
  mute.clear();
  await restart();
  assert.ok(isGivenUp(writer.records, village.namespace, pack));
  await village.close();
});

test("answers that came before the machine slept give nothing up after it", async () => {
  const { village, writer, pack, restart } = await cutOff(4);
  const [holder] = village.holding(pack);
  const read = writer.records.read.bind(writer.records);
  writer.records.read = async (...asked) => {
    writer.records.read = read;
    const answer = await read(...asked);
    village.skip(86_400_000);
    for (let turn = 0; turn < 2; turn += 1) await village.turn(holder!, "republish");
    return answer;
  };
  await restart();
  assert.ok(village.at(3).pool.info(village.namespace, pack) !== undefined);
  await village.close();
});

interface HalfSent {
  readonly village: Village;
  readonly writer: Villager;
  readonly holders: readonly Villager[];
  readonly pack: PackId;
  readonly bytes: Uint8Array;
}

/** Two of three holders have their pieces, and the third does not answer. */
async function halfSent(): Promise<HalfSent & { readonly fail: (why: string) => Promise<void> }> {
  const village = await Village.build({ hosts: 4, capacityBytes: (number) => (number === 0 ? 1 : 1e9) });
  const [writer, slow] = [village.at(0), village.at(3)];
  const stop = new AbortController();
  village.net.fault = async (from, to, kind, frame) => {
    if (kind === PUT && from === writer.host && to === slow.host) await new Promise(() => {});
    return frame;
  };
  const what = content(MIB);
  const storing = writer.pool.store(village.namespace, what, code(2, 1), stop.signal);
  const failing = assert.rejects(storing, () => stop.signal.aborted);
  const holders = village.villagers.slice(1, 3);
  while (holders.some(({ store }) => store.usedBytes === 0)) await village.env.timers.sleep(10);
  const { pack } = new Unfinished(writer.notes).left[0]!;
  const fail = async (why: string): Promise<void> => {
    stop.abort(new Error(why));
    await failing;
    await assert.rejects(storing, new RegExp(why));
  };
  return { village, writer, holders, pack, bytes: what.bytes, fail };
}

/** The writer fails when two of three holders have their pieces. */
async function failed(): Promise<HalfSent> {
  const { fail, ...sent } = await halfSent();
  await fail("cancelled");
  return sent;
}

for (const isKilled of [false, true]) {
  test(`a word that a pack is given up which reached nobody in time takes away nothing that others came to rely on meanwhile${isKilled ? ", also when the writer is killed after it" : ""}`, async () => {
    const { village, writer, holders, pack, bytes } = await failed();
    const other = village.at(1);
    // A majority says that it knows no such pack, and the lid is closed in the moment in which the writer gives it up: its word lies in its own outbox and nowhere else.
    const write = writer.records.write.bind(writer.records);
    writer.records.write = async (writes, options) => {
      const isTakenBack = writes.some(({ value }) => value === null);
      if (isTakenBack && isKilled) throw new HoldfastError("STOPPED", "it was killed");
      if (!isTakenBack) village.net.kill(writer.host);
      return { ...(await write(writes, options)), copies: 1, safe: false };
    };
    const turn = village.turn(writer, "unfinished");
    await (isKilled ? assert.rejects(turn, /it was killed/) : turn);
    assert.deepEqual(new Unfinished(writer.notes).left, [{ namespace: village.namespace, pack }]);
    // Half an hour later the holders publish the pack, and another device of the same person relies on it.
    for (let turns = 0; turns < 2; turns += 1) for (const holder of holders) await village.turn(holder, "republish");
    village.skip(86_400_000);
    assert.ok((await other.pool.upkeep.reliable(village.namespace, [pack])).has(pack));
    // The writer wakes, and all that waits in its outbox goes out.
    writer.records.write = write;
    village.net.revive(writer.host);
    await village.turn(writer, "unfinished");
    for (const { host } of village.villagers) village.replication.catchUp(host);
    for (const holder of holders) await village.turn(holder, "reclaim");
    assert.deepEqual(await collect(other.pool.read(village.namespace, pack, 0, MIB)), Buffer.from(bytes));
    assert.deepEqual(new Unfinished(writer.notes).left, []);
    await village.close();
  });
}

test("a word that took as long as a machine sleeps is taken back, and what became of the pack is looked at anew", async () => {
  const { village, writer, pack } = await failed();
  const write = writer.records.write.bind(writer.records);
  writer.records.write = async (writes, options) => {
    writer.records.write = write;
    village.skip(86_400_000);
    return await write(writes, options);
  };
  await village.turn(writer, "unfinished");
  assert.ok(!isGivenUp(village.at(1).records, village.namespace, pack));
  await village.turn(writer, "unfinished");
  assert.ok(isGivenUp(village.at(1).records, village.namespace, pack));
  await village.close();
});

test("a damaged list of what was under way keeps no host from starting, and is written anew", async () => {
  const village = await Village.build({ hosts: 3 });
  const writer = village.at(0);
  const stored = await writer.pool.store(village.namespace, content(MIB), copies(2));
  writer.notes.damage();
  const unfinished = new Unfinished(writer.notes);
  assert.deepEqual(unfinished.left, []);
  await unfinished.begin({ namespace: village.namespace, pack: stored.pack });
  assert.deepEqual(new Unfinished(writer.notes).left, [{ namespace: village.namespace, pack: stored.pack }]);
  await village.close();
});

test("a pack that was committed is not given up when its writer starts again", async () => {
  const village = await Village.build({ hosts: 3 });
  const writer = village.at(0);
  const { pack } = await writer.pool.store(village.namespace, content(MIB), copies(2));
  const unfinished = new Unfinished(writer.notes);
  assert.deepEqual(unfinished.left, [{ namespace: village.namespace, pack }]);
  const parts = { self: writer.host, records: writer.records, roster: () => village.roster(), presence: () => "online", store: writer.store } as unknown as PoolParts;
  await giveUpUnfinished({ env: village.env, parts }, unfinished, TURN);
  assert.ok(!isGivenUp(writer.records, village.namespace, pack));
  assert.deepEqual(new Unfinished(writer.notes).left, []);
  await village.close();
});
