import assert from "node:assert/strict";
import test from "node:test";
import { EMPTY_CONTEXT } from "../../records/index.ts";
import { FOR_MS, HALF_MS, SweepBench } from "../fakes/sweep-bench.ts";
import { packKey } from "../record/keys.ts";

/** A pack that the first of four hosts has condemned and deleted while the second was away, which has just come back with its old records. */
async function deletedMeanwhile(): Promise<SweepBench> {
  const bench = await SweepBench.of(4);
  bench.cut(1);
  await bench.sweep(0);
  await bench.sweep(0, FOR_MS);
  await bench.sweepTwice(0);
  assert.ok(!bench.isThere);
  const { village } = bench;
  village.net.revive(village.at(1).host);
  assert.ok(village.at(1).pool.upkeep.canRely && village.at(1).pool.info(village.namespace, bench.pack) !== undefined, "it has not heard of that yet");
  return bench;
}

test("a device that was away does not rely on a pack that was deleted meanwhile, before it has caught up", async () => {
  const bench = await deletedMeanwhile();
  assert.ok(!(await bench.mayRely(1)));
  await bench.village.close();
});

test("a pack is not relied on whose deletion stands beside what a holder has written again", async () => {
  const bench = await deletedMeanwhile();
  const { village, pack } = bench;
  const key = packKey(pack);
  const [record] = village.at(1).records.local(village.namespace, key)!.siblings;
  await village.at(1).records.write([{ namespace: village.namespace, key, value: record!.value, context: EMPTY_CONTEXT }], { as: "host" });
  assert.ok(village.at(0).records.local(village.namespace, key) !== undefined, "there is a value again");
  assert.ok(!(await bench.mayRely(1)));
  await village.close();
});

test("nothing is relied on while a majority is connected and too few of it answer", async () => {
  const bench = await SweepBench.of(4);
  const { village } = bench;
  assert.ok(await bench.mayRely(1));
  for (const at of [2, 3]) village.replication.mute.add(village.at(at).host);
  assert.ok(village.at(1).pool.upkeep.canRely && !(await bench.mayRely(1)), "two of four");
  village.replication.mute.delete(village.at(2).host);
  assert.ok(await bench.mayRely(1), "three of four");
  await village.close();
});

test("answers that are old by the time the last has come let nothing be relied on", async () => {
  const bench = await SweepBench.of(3);
  const { records } = bench.village.at(1);
  const read = records.read.bind(records);
  const asked: string[] = [];
  records.read = async (...what) => {
    const state = await read(...what);
    // It sleeps when it has all answers but the last.
    if (asked.push(what[1]) === 3) bench.pass(FOR_MS / 4);
    return state;
  };
  assert.ok(!(await bench.mayRely(1)));
  assert.deepEqual(asked.map((key) => key.slice(0, key.indexOf("/"))), ["condemned", "aborted", "pack", "pack"], "what took so long is asked again");
  assert.ok(await bench.mayRely(1));
  await bench.village.close();
});

test("what a host has stored is relied on unasked for half of the time for which unused content stays, by the clock on the wall", async () => {
  const bench = await SweepBench.of(1);
  const { env, pool } = { env: bench.village.env, pool: bench.village.at(0).pool };
  const begunMs = env.clock.wallMs();
  assert.ok(pool.upkeep.staysSince(begunMs));
  bench.pass(FOR_MS - HALF_MS);
  assert.ok(pool.upkeep.staysSince(begunMs));
  bench.pass(HALF_MS);
  assert.ok(!pool.upkeep.staysSince(begunMs));
  assert.ok(!pool.upkeep.staysSince(env.clock.wallMs() + 60_000), "a clock that was set back tells nothing");
  await bench.village.close();
});
