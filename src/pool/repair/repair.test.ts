import assert from "node:assert/strict";
import test from "node:test";
import type { HostId, PackId } from "../../codec/index.ts";
import type { Villager } from "../fakes/village.ts";
import { Village, code, collect, content } from "../fakes/village.ts";
import { quickEnv } from "../fakes/quick-env.ts";
import { REBUILD, orderAnswerCodec, orderCodec } from "./messages.ts";
import { Pace } from "./pace.ts";
import { Throttle } from "./throttle.ts";

const MIB = 2 ** 20;

/** Six hosts, a pack on three of them. */
async function settled(): Promise<{ readonly village: Village; readonly pack: PackId; readonly holders: readonly HostId[]; readonly others: readonly Villager[] }> {
  const village = await Village.build({ hosts: 6 });
  const { pack, holders } = await village.at(0).pool.store(village.namespace, content(MIB), { kind: "copies", copies: 3 });
  return { village, pack, holders, others: village.villagers.filter(({ host }) => !holders.includes(host)) };
}

async function order(village: Village, from: Villager, to: Villager, pack: PackId, index = 0): Promise<string> {
  const answer = orderAnswerCodec.decode(await from.transport.request(to.host, REBUILD, orderCodec.encode({ namespace: village.namespace, pack, index }), { timeoutMs: 10_000 }));
  return answer.kind === "done" ? "done" : answer.value.why;
}

test("what one more loss would destroy is repaired once its holders are missed, the rest only when they are gone", async () => {
  const { village, pack, holders, others } = await settled();
  const planner = others[0]!;
  village.coordinator = () => planner.host;
  village.net.kill(holders[0]!);
  village.missed.add(holders[0]!);
  await village.turn(planner, "repair");
  assert.equal(village.holding(pack).length, 3, "two copies are left, and one of them may still be lost");
  village.net.kill(holders[1]!);
  await village.turn(planner, "repair");
  assert.equal(village.holding(pack).length, 3, "the second has only just left");
  assert.deepEqual(await planner.pool.repairStanding(), { shortPacks: 0, shortPieces: 0, shortBytes: 0, endangeredPacks: 0, unreadablePacks: 0, repairing: 0, bytesPerSecond: null });
  village.missed.add(holders[1]!);
  await village.turn(planner, "repair");
  assert.equal(village.holding(pack).length, 5);
  await village.close();
});

test("nobody repairs where nobody coordinates, and a host that does not coordinate leaves it to the one that does", async () => {
  const { village, pack, holders, others } = await settled();
  village.members.delete(holders[0]!);
  village.coordinator = () => undefined;
  for (const each of village.villagers) await village.turn(each, "repair");
  assert.equal(village.holding(pack).length, 3);
  assert.equal(await others[0]!.pool.repairStanding(), undefined);
  village.coordinator = () => others[0]!.host;
  await village.turn(others[1]!, "repair");
  assert.equal(village.holding(pack).length, 3);
  await village.turn(others[0]!, "repair");
  assert.equal(village.holding(pack).length, 4);
  assert.equal((await others[1]!.pool.repairStanding())?.shortPacks, 0, "it asks the one that knows");
  await village.close();
});

test("two hosts that both take themselves for the coordinator make what is missing, once or twice, and nothing is lost by it", async () => {
  const { village, pack, holders } = await settled();
  village.members.delete(holders[0]!);
  village.coordinator = (self) => self;
  await Promise.all(village.villagers.filter(({ host }) => host !== holders[0]).map((each) => village.turn(each, "repair")));
  const count = village.holding(pack).length;
  assert.ok(count >= 4 && count <= 5, `${count} copies`);
  await Promise.all(village.villagers.map((each) => village.turn(each, "repair")));
  assert.equal(village.holding(pack).length, count, "a surplus grows no further");
  await village.close();
});

test("a receiver refuses what its own records do not bear out, and says why", async () => {
  const { village, pack, holders, others } = await settled();
  const [asker, receiver] = others as [Villager, Villager];
  assert.equal(await order(village, asker, receiver, pack), "not-short");
  assert.equal(await order(village, asker, receiver, village.network as string as PackId), "unknown");
  village.members.delete(holders[0]!);
  const member = village.members.get(receiver.host)!;
  village.members.set(receiver.host, { ...member, isDraining: true });
  assert.equal(await order(village, asker, receiver, pack), "not-taking");
  village.members.set(receiver.host, member);
  assert.equal(await order(village, asker, receiver, pack), "done");
  assert.equal(await order(village, asker, receiver, pack), "done", "asked again it has it");
  assert.equal(village.holding(pack).length, 4);
  village.members.delete(asker.host);
  await assert.rejects(order(village, asker, receiver, pack), /Only members/);
  await village.close();
});

for (const isEmpty of [false, true]) {
  test(`a host that comes back after it was gone ${isEmpty ? "with an empty disk does not count" : "counts again once it has proven what it claims"}`, async () => {
    const village = await Village.build({ hosts: 4 });
    const { pack } = await village.at(0).pool.store(village.namespace, content(MIB), { kind: "copies", copies: 4 });
    const [planner, returning] = [village.at(0), village.at(3)];
    const short = async (): Promise<number> => {
      await village.turn(planner, "repair");
      return (await planner.pool.repairStanding())!.shortPieces;
    };
    village.net.kill(returning.host);
    village.gone.add(returning.host);
    assert.equal(await short(), 0, "three copies are all that three hosts can hold");
    if (isEmpty) await returning.store.remove(pack, 0);
    village.gone.delete(returning.host);
    assert.equal(await short(), 1, "it is not there yet");
    village.net.revive(returning.host);
    assert.equal(await short(), isEmpty ? 1 : 0);
    await village.turn(returning, "hold");
    assert.equal(await short(), isEmpty ? 1 : 0, "whoever failed is not asked again at once");
    village.skip(3_600_000);
    assert.equal(await short(), 0, "it has fetched what it lacked");
    await village.close();
  });
}

test("repair moves no more bytes a second than it may", async () => {
  const env = quickEnv(50);
  const throttle = new Throttle(env, 4 * MIB);
  const startMs = env.clock.monotonicMs();
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let chunk = 0; chunk < 13; chunk += 1) yield new Uint8Array(MIB);
  }
  let sizeBytes = 0;
  for await (const chunk of throttle.paced(chunks(), new AbortController().signal)) sizeBytes += chunk.length;
  const tookMs = env.clock.monotonicMs() - startMs;
  assert.equal(sizeBytes, 13 * MIB);
  assert.ok(tookMs >= 2_700, `13 MiB at 4 MiB/s, the first two of them at once, took ${tookMs} ms`);
});

test("the pace of repair counts the time in which something was made, and forgets what is long past", () => {
  let nowMs = 0;
  const pace = new Pace({ wallMs: () => 0, monotonicMs: () => nowMs });
  assert.equal(pace.bytesPerSecond, null);
  nowMs = 1_000;
  pace.moved(500, 0);
  pace.moved(500, 0);
  nowMs = 101_000;
  pace.moved(1_000, 100_000);
  assert.equal(pace.bytesPerSecond, 1_000);
  nowMs = 1_000_000;
  assert.equal(pace.bytesPerSecond, null);
});

test("a coded pack's lost pieces are made anew from k others, each on a host that has none of it", async () => {
  const village = await Village.build({ hosts: 7 });
  const { pack, holders } = await village.at(0).pool.store(village.namespace, content(MIB + 5), { kind: "code", k: 3, m: 2 });
  assert.equal(holders.length, 5);
  for (const host of holders.slice(0, 2)) {
    village.net.kill(host);
    village.gone.add(host);
  }
  const planner = village.villagers.find(({ host }) => !holders.includes(host))!;
  village.coordinator = () => planner.host;
  await village.turn(planner, "repair");
  const found = village.villagers.filter(({ host }) => !village.net.down.has(host)).map(({ store }) => [0, 1, 2, 3, 4].filter((index) => store.held(pack, index) !== undefined));
  assert.deepEqual(found.map(({ length }) => length), [1, 1, 1, 1, 1], "no host has two of them");
  assert.equal(new Set(found.flat()).size, 5);
  assert.equal((await planner.pool.repairStanding())?.shortPieces, 0);
  const read = await collect(planner.pool.read(village.namespace, pack, 0, MIB + 5));
  assert.deepEqual(read, Buffer.from(content(MIB + 5).bytes));
  await village.close();
});

test("a coded pack for whose lost piece too few hosts have room is made whole on those that have one already", async () => {
  const village = await Village.build({ hosts: 3, capacityBytes: (number) => (number === 3 ? 10 : 1e9) });
  const { pack } = await village.at(0).pool.store(village.namespace, content(MIB), code(2, 1));
  await village.settle();
  village.net.kill(village.at(2).host);
  village.gone.add(village.at(2).host);
  await village.turn(village.at(0), "repair");
  const lying = [0, 1].flatMap((number) => village.indexesAt(village.at(number), pack));
  assert.deepEqual(new Set(lying), new Set([0, 1, 2]));
  await village.close();
});

test("a host makes anew a coded piece that it claims and has lost, and withdraws the claim when too few others are there", async () => {
  const village = await Village.build({ hosts: 4 });
  const { pack, holders } = await village.at(0).pool.store(village.namespace, content(MIB), { kind: "code", k: 2, m: 2 });
  const held = village.villagers.map((each) => ({ each, index: [0, 1, 2, 3].find((index) => each.store.held(pack, index) !== undefined)! }));
  assert.equal(holders.length, 4);
  const [loser, another, third] = held as [(typeof held)[0], (typeof held)[0], (typeof held)[0]];
  await loser.each.store.remove(pack, loser.index);
  await village.turn(loser.each, "hold");
  assert.ok(loser.each.store.held(pack, loser.index) !== undefined);
  await loser.each.store.remove(pack, loser.index);
  for (const { each } of [another, third]) village.net.kill(each.host);
  await assert.rejects(village.turn(loser.each, "hold"), /2 of those that hold its pieces are needed/);
  assert.ok(!loser.each.pool.info(village.namespace, pack)!.holders.includes(loser.each.host));
  await village.close();
});
