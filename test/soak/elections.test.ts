import assert from "node:assert/strict";
import test from "node:test";
import { Electorate } from "../../src/cluster/fakes/electorate.ts";
import type { Elector } from "../../src/cluster/fakes/electorate.ts";

// Disks of voters are lost one at a time, and what their hosts learn anew they have from one other, who knows of old voters only as likely as not,
// while the network falls into parts and voters are appointed. Each is lost only when all others remember.

const SEEDS = 60;
const STEPS = 30;

/** @returns how many disks were lost */
async function lose(all: Electorate): Promise<number> {
  const { random } = all.time.env;
  const one = <T>(of: readonly T[]): T => of[Math.floor(random.fraction() * of.length)]!;
  const some = (): readonly Elector[] => all.hosts.filter(() => random.fraction() < 0.5);
  let lost = 0;
  for (let step = 0; step < STEPS; step += 1) {
    await all.time.pass(random.fraction() * 4_000);
    all.cut(some(), some());
    if (random.fraction() < 0.3) all.wire.paths.mendAll();
    const remember = all.hosts.every(({ ballots, election }) => ballots.ballot !== undefined && !election.recalling.isNeeded);
    if (remember && random.fraction() < 0.5) {
      const host = one(all.hosts);
      host.lose(one(all.hosts.filter((each) => each !== host)));
      host.appointment.worker.start();
      lost += 1;
    }
    if (random.fraction() < 0.3) one(all.hosts).learn(one(all.hosts).entries.values());
  }
  return lost;
}

for (const voters of [2, 4, 5]) {
  test(`no term has two coordinators and no number two configurations, though voters lose their disks and learn from who knows old voters: ${voters} of 6 hosts vote at first`, async () => {
    let lost = 0;
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const all = new Electorate(() => new Promise(setImmediate), seed * 10 + voters, 6, { voters, quality: { delayMs: 5, jitterMs: 200 } });
      all.reaches = () => all.time.env.random.fraction() < 0.3;
      for (const each of all.hosts) each.appointment.worker.start();
      await all.time.pass(8_000);
      lost += await lose(all);
      assert.deepEqual(all.doubled(), [], `seed ${seed}`);
      for (const [number, hosts] of all.written) assert.equal(hosts.size, 1, `seed ${seed}: number ${number} was decided twice`);
      all.wire.paths.mendAll();
      all.reaches = () => true;
      for (const each of all.hosts) for (const other of all.hosts) each.learn(other.entries.values());
      await all.time.until(`seed ${seed}: somebody coordinates when all are there`, () => all.up.filter(({ leads }) => leads !== undefined).length === 1, 60_000);
      all.end();
      await all.time.pass(0);
    }
    assert.ok(lost > SEEDS, `${lost} disks`);
  });
}
