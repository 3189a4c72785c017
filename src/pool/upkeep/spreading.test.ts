import assert from "node:assert/strict";
import test from "node:test";
import { Village, collect, content } from "../fakes/village.ts";

const MIB = 2 ** 20;

test("a second piece that a host took for want of others goes to one that has none when it joins, and is deleted only then", async () => {
  const village = await Village.build({ hosts: 4, factor: 100 });
  const { pack } = await village.at(0).pool.store(village.namespace, content(MIB), { kind: "code", k: 2, m: 2 });
  const [one, two] = village.villagers.slice(2);
  for (const lost of [one!, two!]) {
    village.net.kill(lost.host);
    village.gone.add(lost.host);
  }
  await village.turn(village.at(0), "repair");
  const held = (): number[] => village.villagers.filter(({ host }) => !village.net.down.has(host)).map((each) => village.indexesAt(each, pack).length);
  assert.deepEqual(held(), [2, 2], "two hosts are no more than k");
  await village.turn(village.at(0), "surplus");
  assert.deepEqual(held(), [2, 2], "nobody else is there to take it");
  await village.settle();
  await village.settle();
  for (const number of [0, 1]) await village.turn(village.at(number), "surplus");
  assert.deepEqual(held(), [1, 1, 1, 1]);
  assert.equal(village.at(0).pool.survives(village.namespace, [pack]), 2);
  assert.deepEqual(await collect(village.at(5).pool.read(village.namespace, pack, 0, MIB)), Buffer.from(content(MIB).bytes));
  await village.close();
});

test("a second piece that nobody has space for is offered again an hour later, to the same hosts", async () => {
  const village = await Village.build({ hosts: 4, factor: 100, capacityBytes: (number) => (number < 4 ? 1e9 : 0) });
  const { pack } = await village.at(0).pool.store(village.namespace, content(MIB), { kind: "code", k: 2, m: 2 });
  for (const { host } of village.villagers.slice(2)) {
    village.net.kill(host);
    village.gone.add(host);
  }
  await village.turn(village.at(0), "repair");
  const newcomers = [await village.settle(), await village.settle()];
  const held = (): number[] => village.villagers.filter(({ host }) => !village.net.down.has(host)).map((each) => village.indexesAt(each, pack).length);
  const turn = async (): Promise<number[]> => {
    for (const number of [0, 1]) await village.turn(village.at(number), "surplus");
    return held();
  };
  assert.deepEqual(await turn(), [2, 2, 0, 0]);
  for (const { store } of newcomers) store.resize(1e9);
  assert.deepEqual(await turn(), [2, 2, 0, 0], "they were asked only just now");
  village.skip(3_600_000);
  assert.deepEqual(await turn(), [1, 1, 1, 1]);
  await village.close();
});

test("when the hosts for whose pieces others took a second one are back, each has one again, whichever of its two came first", async () => {
  const village = await Village.build({ hosts: 5, factor: 100 });
  const { pack } = await village.at(0).pool.store(village.namespace, content(MIB), { kind: "code", k: 3, m: 2 });
  const away = village.villagers.filter((each) => each !== village.at(0)).slice(0, 2);
  for (const { host } of away) {
    village.net.kill(host);
    village.gone.add(host);
  }
  await village.turn(village.at(0), "repair");
  const held = (): number[] => village.villagers.map((each) => village.indexesAt(each, pack).length);
  assert.equal(held().reduce((sum, count) => sum + count), 7);
  for (const { host } of away) {
    village.net.revive(host);
    village.gone.delete(host);
  }
  for (const villager of village.villagers) await village.turn(villager, "surplus");
  assert.deepEqual(held(), [1, 1, 1, 1, 1]);
  assert.equal(village.at(0).pool.survives(village.namespace, [pack]), 2);
  await village.close();
});

test("pieces that lie each on a host of its own stay where they are, also when hosts join", async () => {
  const village = await Village.build({ hosts: 4, factor: 100 });
  const { pack } = await village.at(0).pool.store(village.namespace, content(MIB), { kind: "code", k: 2, m: 2 });
  await village.settle();
  const before = village.villagers.map((each) => village.indexesAt(each, pack));
  for (const villager of village.villagers) await village.turn(villager, "surplus");
  assert.deepEqual(village.villagers.map((each) => village.indexesAt(each, pack)), before);
  await village.close();
});
