import assert from "node:assert/strict";
import test from "node:test";
import type { NamespaceId } from "../../codec/index.ts";
import { Village, code, collect, content, copies } from "../fakes/village.ts";
import type { Villager } from "../fakes/village.ts";

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
