import assert from "node:assert/strict";
import test from "node:test";
import type { PackId } from "../../codec/index.ts";
import { FOR_MS, HALF_MS, LOOK_MS, MIB, SweepBench } from "../fakes/sweep-bench.ts";
import type { Village } from "../fakes/village.ts";
import { content, copies } from "../fakes/village.ts";
import { condemnedKey, packKey } from "../record/keys.ts";

test("what nothing uses is condemned at the second look, and deleted when it has been for long enough", async () => {
  const bench = await SweepBench.of(4);
  await bench.sweep(0);
  assert.ok(!bench.isCondemned(0), "it may belong to something that is being published");
  await bench.sweep(0, 10);
  assert.ok(bench.isCondemned(3));
  await bench.sweep(0, FOR_MS);
  assert.ok(bench.isThere);
  await bench.sweepTwice(0);
  assert.ok(!bench.isThere);
  for (const villager of bench.village.villagers) await bench.village.turn(villager, "reclaim");
  assert.equal(bench.village.holding(bench.pack).length, 0);
  await bench.village.close();
});

test("what is found in use again is condemned no longer, by whichever device of the owner", async () => {
  const bench = await SweepBench.of(3);
  await bench.sweep(0);
  await bench.sweep(0, 0);
  assert.ok(bench.isCondemned(1));
  bench.knowing.add(bench.village.at(1));
  await bench.sweep(1, FOR_MS + 1_000);
  assert.ok(!bench.isCondemned(0));
  // This one has not heard what uses it, and knows that another device has.
  await bench.sweepTwice(0);
  assert.ok(bench.isThere);
  await bench.village.close();
});

test("a second device that relies on a pack before it is condemned loses nothing: the next look finds what it wrote", async () => {
  const bench = await SweepBench.of(4);
  await bench.sweep(0);
  assert.ok(await bench.mayRely(1));
  await bench.sweep(0, 0);
  assert.ok(bench.isCondemned(0), "condemned between the question and the writing");
  assert.ok(await bench.mayRely(2), "there is time enough to find what a third one writes");
  for (const villager of bench.village.villagers) bench.knowing.add(villager);
  bench.pass(FOR_MS + 1_000);
  await bench.sweepTwice(0);
  assert.ok(bench.isThere);
  assert.ok(!bench.isCondemned(0));
  await bench.village.close();
});

test("a second device does not rely on a pack that is condemned, though it has not heard of that itself", async () => {
  const bench = await SweepBench.of(4);
  bench.cut(1);
  await bench.sweep(0);
  await bench.sweep(0, HALF_MS);
  assert.ok(!bench.isCondemned(1));
  assert.ok(!(await bench.mayRely(1)), "parted from the others it relies on nothing of earlier");
  assert.ok(!bench.village.at(1).pool.upkeep.canRely);
  bench.village.net.revive(bench.village.at(1).host);
  assert.ok(!(await bench.mayRely(1)), "back, and not caught up yet, it hears it from those who know");
  await bench.village.close();
});

test("a minority condemns and deletes nothing, and who comes back with old records deletes nothing at once", async () => {
  const bench = await SweepBench.of(5);
  await bench.sweep(0);
  await bench.sweep(0, 0);
  assert.ok(bench.isCondemned(0));
  for (const at of [2, 3, 4]) bench.cut(at);
  bench.pass(FOR_MS + 1_000);
  await bench.sweepTwice(0);
  assert.ok(bench.isThere, "only two of five are there");
  for (const at of [2, 3, 4]) bench.mend(at);
  // Another device has come upon it meanwhile and said so; the first has not heard what uses it.
  bench.knowing.add(bench.village.at(3));
  await bench.sweep(3, 0);
  await bench.sweepTwice(0);
  assert.ok(bench.isThere);
  await bench.village.close();
});

test("where it cannot be told what is in use, nothing is condemned", async () => {
  const bench = await SweepBench.of(3);
  bench.village.at(0).pool.upkeep.sweeps("site", async () => {
    throw new Error("a manifest is out of reach");
  });
  for (let look = 0; look < 3; look += 1) {
    await assert.rejects(bench.sweep(0), /out of reach/);
    bench.pass(LOOK_MS);
  }
  assert.ok(!bench.isCondemned(0));
  await bench.village.close();
});

test("a device whose connections are dead deletes nothing by its own old word, whoever has found the pack in use meanwhile", async () => {
  const bench = await SweepBench.of(4);
  const { village } = bench;
  await bench.sweep(0);
  await bench.sweep(0, 0);
  assert.ok(bench.isCondemned(0));
  bench.cut(0);
  bench.knowing.add(village.at(1));
  await bench.sweep(1, FOR_MS);
  // It wakes with the records of then. All are connected, and nobody answers.
  village.net.revive(village.at(0).host);
  for (const at of [1, 2, 3]) village.replication.mute.add(village.at(at).host);
  await bench.sweepTwice(0);
  assert.ok(bench.isThere && bench.isCondemned(0));
  village.replication.mute.clear();
  await bench.sweep(0, 0);
  assert.ok(bench.isThere, "the others say that it is condemned no longer");
  await village.close();
});

test("of two hosts both must answer before anything is deleted, and a host that is alone sweeps by itself", async () => {
  for (const hosts of [1, 2]) {
    const bench = await SweepBench.of(hosts);
    const { mute } = bench.village.replication;
    await bench.sweep(0);
    await bench.sweep(0, FOR_MS);
    await bench.sweep(0);
    if (hosts === 2) {
      mute.add(bench.village.at(1).host);
      await bench.sweep(0, 0);
      assert.ok(bench.isThere, "the other one says nothing");
      mute.clear();
    }
    await bench.sweep(0, 0);
    assert.ok(!bench.isThere);
    await bench.village.close();
  }
});

/** A pack and one that was written in its stead, which is what the first host says is used. */
async function superseded(): Promise<{ readonly bench: SweepBench; readonly fresh: PackId }> {
  const bench = await SweepBench.of(4);
  const { pool } = bench.village.at(0);
  const { pack: fresh } = await pool.store(bench.village.namespace, content(MIB), copies(3));
  pool.upkeep.sweeps("site", async () => ({ has: (pack) => pack === fresh, insteadOf: (pack) => (pack === bench.pack ? [fresh] : []) }));
  return { bench, fresh };
}

test("a pack in whose stead another is used goes only when that one is whole", async () => {
  const { bench, fresh } = await superseded();
  const { village } = bench;
  // All three claims are the holders' own; of one the host is lost.
  const [lost] = village.holding(fresh).filter((villager) => villager !== village.at(0));
  village.gone.add(lost!.host);
  village.net.kill(lost!.host);
  await bench.sweep(0);
  await bench.sweep(0, 0);
  assert.ok(!bench.isCondemned(0), "the new one has a copy too few");
  village.gone.delete(lost!.host);
  bench.mend(village.villagers.indexOf(lost!));
  await bench.sweep(0, 0);
  assert.ok(bench.isCondemned(0));
  bench.pass(FOR_MS);
  await bench.sweepTwice(0);
  assert.ok(!bench.isThere);
  assert.ok(village.at(0).pool.info(village.namespace, fresh) !== undefined);
  await village.close();
});

test("a pack stays while the one that is used in its stead is itself condemned, by whichever device", async () => {
  const { bench, fresh } = await superseded();
  const { village } = bench;
  await bench.sweep(0);
  // Another device has chosen the other way round.
  village.at(1).pool.upkeep.sweeps("site", async () => ({ has: (pack) => pack === bench.pack, insteadOf: () => [bench.pack] }));
  await bench.sweep(1);
  await bench.sweep(1, 0);
  assert.ok(village.at(0).records.local(village.namespace, condemnedKey(fresh)) !== undefined);
  // Its own word was asked for before this one is given.
  village.at(0).pool.upkeep.sweeps("site", async () => ({ has: () => false, insteadOf: (pack) => (pack === bench.pack ? [fresh] : [bench.pack]) }));
  await bench.sweep(0, FOR_MS);
  assert.ok(!bench.isCondemned(0), "it was said and taken back");
  await bench.sweepTwice(0);
  assert.ok(bench.isThere);
  await village.close();
});

test("a pack stays while too few answer whether the one that is used in its stead is there", async () => {
  const { bench } = await superseded();
  const { village } = bench;
  await bench.sweep(0);
  await bench.sweep(0, FOR_MS);
  assert.ok(bench.isCondemned(0));
  for (const at of [2, 3]) village.replication.mute.add(village.at(at).host);
  await bench.sweepTwice(0);
  assert.ok(bench.isThere);
  village.replication.mute.clear();
  await bench.sweep(0, 0);
  assert.ok(!bench.isThere);
  await village.close();
});

/** The wall's clock goes on while the machine sleeps, and its own one stands still. */
function lidOf({ env }: Village): { close: (ms: number) => void } {
  const clock = env.clock as { wallMs: () => number };
  const before = clock.wallMs;
  let sleptMs = 0;
  clock.wallMs = () => before() + sleptMs;
  return { close: (ms) => void (sleptMs += ms) };
}

test("a device that falls asleep in the midst of a look deletes nothing by what it found to be used before", async () => {
  const bench = await SweepBench.of(4);
  const { village } = bench;
  const lid = lidOf(village);
  await bench.sweep(0);
  await bench.sweep(0, 1_000);
  assert.ok(bench.isCondemned(0));
  const { records } = village.at(0);
  const read = records.read.bind(records);
  records.read = async (...asked) => {
    records.read = read;
    lid.close(1_000_000);
    assert.ok(await bench.mayRely(1), "another device names it, all hosts know that, and it is switched off before its own next look");
    for (const villager of village.villagers) bench.knowing.add(villager);
    lid.close(FOR_MS);
    return await read(...asked);
  };
  await bench.sweep(0, 0);
  assert.ok(bench.isThere);
  await bench.sweepTwice(0);
  assert.ok(bench.isThere && !bench.isCondemned(0));
  await village.close();
});

test("a program that was stopped and goes on begins to look anew, as one whose machine slept does", async () => {
  for (const isAsleep of [false, true]) {
    const bench = await SweepBench.of(4);
    const { village } = bench;
    const lid = lidOf(village);
    await bench.sweep(0);
    await bench.sweep(0, 1_000);
    bench.cut(0);
    bench.pass(1_000_000);
    assert.ok(await bench.mayRely(1));
    for (const at of [1, 2, 3]) bench.knowing.add(village.at(at));
    if (isAsleep) lid.close(FOR_MS);
    else bench.pass(FOR_MS);
    // Connections come back before the records do.
    village.net.revive(village.at(0).host);
    await bench.sweep(0, 0);
    assert.ok(bench.isThere);
    await village.close();
  }
});

test("a word from before the pack was written, by a clock that was wrong, is given anew rather than believed", async () => {
  const bench = await SweepBench.of(4);
  const { village } = bench;
  const clock = village.env.clock as { wallMs: () => number };
  const right = clock.wallMs;
  const startedMs = right();
  // The first host has no battery and no network time: its clock begins in 1970.
  clock.wallMs = () => right() - startedMs;
  await bench.sweepTwice(0);
  assert.ok(bench.isCondemned(1));
  clock.wallMs = right;
  await bench.sweepTwice(1);
  assert.ok(bench.isThere && (await bench.mayRely(2)), "as when it has just been condemned");
  bench.pass(FOR_MS - LOOK_MS - 1_000_000);
  await bench.sweepTwice(1);
  assert.ok(bench.isThere, "it has been condemned for less than it should");
  bench.pass(LOOK_MS);
  await bench.sweep(1, 0);
  assert.ok(!bench.isThere);
  await village.close();
});

test("a member who writes another person's pack record anew keeps nothing of what that person does not use", async () => {
  const bench = await SweepBench.of(4);
  const { namespace } = bench.village;
  const { records } = bench.village.at(3);
  await bench.sweepTwice(0);
  assert.ok(bench.isCondemned(0));
  bench.pass(LOOK_MS);
  // In place of the owner's own, with the time of now.
  const { value } = records.local(namespace, packKey(bench.pack))!.siblings[0]!;
  await records.write([{ namespace, key: packKey(bench.pack), value }], { as: "host" });
  bench.pass(FOR_MS);
  await bench.sweepTwice(0);
  assert.ok(!bench.isThere);
  await bench.village.close();
});
