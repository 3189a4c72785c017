import assert from "node:assert/strict";
import test from "node:test";
import { Village, content, copies } from "../fakes/village.ts";

const MIB = 2 ** 20;
const DAY_MS = 86_400_000;

test("what remains of a damaged piece goes once its pack has been whole without it for two days, by the word of those that have it", async () => {
  const village = await Village.build({ hosts: 4 });
  const { pack, holders } = await village.at(0).pool.store(village.namespace, content(MIB), copies(3));
  const [one, another] = holders.map((holder) => village.villagers.find(({ host }) => host === holder)!) as [(typeof village.villagers)[0], (typeof village.villagers)[0]];
  const left = async (): Promise<number> => {
    await village.turn(one, "surplus");
    return one.store.listRemains().length;
  };
  one.store.spoil(pack);
  await assert.rejects(one.store.read(pack, 0, 0, MIB), { code: "PIECE_DAMAGED" });
  // Its disk has no room beside it, so that it withdraws its claim.
  one.store.resize(10);
  await assert.rejects(village.turn(one, "hold"), /the store is full/);
  village.skip(2 * DAY_MS);
  assert.equal(await left(), 1, "the pack lacks it");
  await village.turn(village.at(0), "repair");
  assert.equal(village.holding(pack).length, 3);
  assert.equal(await left(), 1, "made anew elsewhere a moment ago");
  village.skip(2 * DAY_MS);
  await another.store.remove(pack, 0);
  assert.equal(await left(), 1, "one that claims it has lost it");
  await village.turn(another, "hold");
  assert.equal(await left(), 0);
  assert.equal(village.holding(pack).length, 3);
  await village.close();
});

test("what remains of a piece that all hosts should have stays until it is whole", async () => {
  const village = await Village.build({ hosts: 2 });
  const { pack } = await village.at(0).pool.store(village.namespace, content(MIB), copies("all"));
  const one = village.at(1);
  one.store.spoil(pack);
  await assert.rejects(one.store.read(pack, 0, 0, MIB), { code: "PIECE_DAMAGED" });
  one.store.resize(10);
  await assert.rejects(village.turn(one, "hold"), /the store is full/);
  for (let days = 0; days < 2; days += 1) {
    await village.turn(one, "surplus");
    village.skip(2 * DAY_MS);
  }
  assert.equal(one.store.listRemains().length, 1);
  await village.close();
});
