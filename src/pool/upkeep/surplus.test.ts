import assert from "node:assert/strict";
import test from "node:test";
import type { NamespaceId, PackId } from "../../codec/index.ts";
import { Village, code, collect, content, copies } from "../fakes/village.ts";
import type { Villager } from "../fakes/village.ts";
import type { Redundancy } from "../port.ts";

const MIB = 2 ** 20;

/** What a host mirrors, and no longer does. */
function mirrors(village: Village, villager: Villager): { readonly on: () => void; readonly off: () => void; readonly isReleasing: () => boolean } {
  const releasing = new Set<NamespaceId>();
  let isOn = false;
  village.mirrors.set(villager.host, { isMirrored: () => isOn, releasing: () => [...releasing], released: async (namespace) => void releasing.delete(namespace) });
  return {
    on: () => void (isOn = true),
    off: () => {
      isOn = false;
      releasing.add(village.namespace);
    },
    isReleasing: () => releasing.size > 0,
  };
}

test("a mirror keeps all packs of a site, and lets go of what is in plenty when it is one no longer", async () => {
  const village = await Village.build({ hosts: 5 });
  const { pack, holders } = await village.at(0).pool.store(village.namespace, content(2 * MIB), copies(2));
  const mirror = village.villagers.find(({ host }) => !holders.includes(host))!;
  const choice = mirrors(village, mirror);
  choice.on();
  await village.turn(mirror, "hold");
  assert.ok(mirror.store.held(pack, 0));
  assert.equal(village.at(4).pool.survives(village.namespace, [pack]), 2);
  choice.off();
  await village.turn(mirror, "surplus");
  assert.equal(mirror.store.held(pack, 0), undefined);
  assert.ok(!choice.isReleasing());
  assert.deepEqual(village.at(4).pool.info(village.namespace, pack)?.holders.toSorted(), holders.toSorted());
  await village.close();
});

test("two mirrors that let go at once leave as many copies as are wanted", async () => {
  const village = await Village.build({ hosts: 5 });
  const { pack, holders } = await village.at(0).pool.store(village.namespace, content(MIB), copies(2));
  // One of the two first holders is lost for good after both mirrors have their copies: of four, three are left and one may go.
  const both = village.villagers.filter(({ host }) => !holders.includes(host)).slice(0, 2);
  const choices = both.map((mirror) => mirrors(village, mirror));
  for (const [at, mirror] of both.entries()) {
    choices[at]!.on();
    await village.turn(mirror, "hold");
  }
  village.gone.add(holders[1]!);
  village.net.kill(holders[1]!);
  for (const choice of choices) choice.off();
  await Promise.all(both.map((mirror) => village.turn(mirror, "surplus")));
  const left = village.holding(pack).filter(({ host }) => host !== holders[1]);
  assert.ok(left.length >= 2, String(left.length));
  await village.close();
});

test("a surplus copy stays when those that should have the others do not answer that they do", async () => {
  const village = await Village.build({ hosts: 4 });
  const { pack, holders } = await village.at(0).pool.store(village.namespace, content(MIB), copies(2));
  const mirror = village.villagers.find(({ host }) => !holders.includes(host))!;
  const choice = mirrors(village, mirror);
  choice.on();
  await village.turn(mirror, "hold");
  choice.off();
  await village.villagers.find(({ host }) => host === holders[0])!.store.remove(pack, 0);
  await village.turn(mirror, "surplus");
  assert.ok(mirror.store.held(pack, 0), "one of the two has lost it without knowing");
  assert.ok(choice.isReleasing());
  assert.ok(mirror.records.local(village.namespace, `claim/${pack}/0/${mirror.host}`), "it claims its copy again");
  await village.close();
});

test("a host that offers less than it holds hands pieces on, coded ones too, and deletes them when others have them", async () => {
  const village = await Village.build({ hosts: 5 });
  const what = [content(2 * MIB), content(2 * MIB, 2)];
  const packs = [await village.at(0).pool.store(village.namespace, what[0]!, copies(2)), await village.at(0).pool.store(village.namespace, what[1]!, code(2, 1))];
  const shrunk = village.villagers.find(({ host }) => packs.every(({ holders }) => holders.includes(host))) ?? village.villagers.find(({ host }) => packs[1]!.holders.includes(host))!;
  assert.ok(shrunk.store.usedBytes > 0);
  shrunk.store.resize(1);
  await village.turn(shrunk, "surplus");
  assert.equal(shrunk.store.usedBytes, 0);
  for (const [at, { pack, wanted }] of packs.entries()) {
    assert.equal(village.at(4).pool.info(village.namespace, pack)?.pieces.length, wanted);
    assert.equal(village.at(4).pool.upkeep.whereabouts(pack)?.survives, 1);
    if (at === 0) assert.deepEqual(await collect(village.at(3).pool.read(village.namespace, pack, 0, 2 * MIB)), Buffer.from(what[at]!.bytes));
  }
  await village.close();
});

test("a host that offers less lets go of what can go, whatever else it has to keep", async () => {
  const village = await Village.build({ hosts: 3 });
  const store = async (size: number, seed: number, redundancy: Redundancy): Promise<PackId> => (await village.at(0).pool.store(village.namespace, content(size, seed), redundancy)).pack;
  for (let at = 0; at < 20; at += 1) await store(1000, 100 + at, copies("all"));
  // Those that must stay because nobody else may have them come first, last and in between.
  const packs: PackId[] = [];
  for (let at = 0; at < 24; at += 1) packs.push(await store(100_000, 200 + at, copies(at % 2 === 0 ? 1 : 3)));
  const shrunk = village.villagers.find(({ store: own }) => packs.some((pack, at) => at % 2 === 0 && own.held(pack, 0) !== undefined))!;
  const movable = (): PackId[] => packs.filter((pack, at) => at % 2 === 0 && shrunk.store.held(pack, 0) !== undefined);
  assert.ok(movable().length > 0);
  shrunk.store.resize(1);
  for (let turn = 0; turn < 4 && movable().length > 0; turn += 1) await village.turn(shrunk, "surplus");
  assert.deepEqual(movable(), []);
  assert.equal(packs.filter((pack) => shrunk.store.held(pack, 0) !== undefined).length, 12, "three hosts were asked for three copies");
  await village.close();
});

test("making room goes on behind the piece where the last turn stopped, and comes round to those before it", async () => {
  const village = await Village.build({ hosts: 3 });
  const third = village.at(2).host;
  village.net.kill(third);
  const packs: PackId[] = [];
  for (let at = 0; at < 12; at += 1) packs.push((await village.at(0).pool.store(village.namespace, content(1000, 300 + at), copies(2))).pack);
  const shrunk = village.at(1);
  const kept = (): number => packs.filter((pack) => shrunk.store.held(pack, 0) !== undefined).length;
  shrunk.store.resize(1);
  await village.turn(shrunk, "surplus");
  assert.equal(kept(), 12, "nobody else is there to take any");
  village.net.revive(third);
  await village.turn(shrunk, "surplus");
  assert.equal(kept(), 0);
  await village.close();
});
