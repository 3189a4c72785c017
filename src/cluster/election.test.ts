import assert from "node:assert/strict";
import test from "node:test";
import { utf8 } from "../codec/index.ts";
import type { PathQuality } from "../net/index.ts";
import type { Elector } from "./fakes/electorate.ts";
import { Electorate, entryOf } from "./fakes/electorate.ts";
import { forcedConfiguration } from "./index.ts";

function elect(seed: number, count: number, options: { readonly voters?: number; readonly quality?: Partial<PathQuality> } = {}): Electorate {
  return new Electorate(() => new Promise(setImmediate), seed, count, options);
}

async function led(all: Electorate, among?: readonly Elector[]): Promise<Elector> {
  await all.time.until("somebody coordinates and all agree", () => all.leader(among) !== undefined);
  return all.leader(among)!;
}

test("a host that is the only voter coordinates at once", async () => {
  const all = elect(1, 1);
  assert.ok((await all.time.until("it coordinates", () => all.hosts[0]!.leads !== undefined)) <= 100);
  all.end();
});

test("voters agree on one coordinator, and hosts without a vote hear of it", async () => {
  const all = elect(2, 7, { voters: 5 });
  const leader = await led(all);
  assert.ok(all.hosts.slice(0, 5).includes(leader));
  const term = leader.leads;
  await all.time.pass(60_000);
  assert.equal(leader.leads, term, "nobody disturbs it");
  all.end();
});

test("after a coordinator falls silent another is elected within five seconds, over many seeds, also with losses", async () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    const all = elect(seed, 5, { quality: { delayMs: 10, jitterMs: 60, lossFraction: seed % 4 === 0 ? 0.05 : 0 } });
    (await led(all)).crash();
    const tookMs = await all.time.until("another coordinates", () => all.up.some(({ leads }) => leads !== undefined));
    assert.ok(tookMs <= 5_000, `seed ${seed}: ${tookMs} ms`);
    all.end();
  }
});

test("two voters have a coordinator together, and none while one is away", async () => {
  const all = elect(3, 2);
  const leader = await led(all);
  const other = all.hosts.find((each) => each !== leader)!;
  other.crash();
  await all.time.pass(3_000);
  assert.equal(leader.leads, undefined);
  assert.equal(leader.election.coordinator, undefined);
  await all.time.pass(30_000);
  assert.equal(leader.leads, undefined);
  other.start();
  await led(all);
  all.end();
});

test("a coordinator that is cut off with a minority steps down before a majority has another", async () => {
  const all = elect(4, 5);
  const leader = await led(all);
  const friend = all.hosts.find((each) => each !== leader)!;
  const rest = all.hosts.filter((each) => each !== leader && each !== friend);
  all.cut([leader, friend], rest);
  await all.time.until("the rest has a coordinator", () => rest.some(({ leads }) => leads !== undefined && leads > 1));
  assert.equal(leader.leads, undefined);
  assert.equal(leader.cluster.isCoordinator(), false);
  await all.time.pass(20_000);
  assert.equal(friend.election.coordinator, undefined, "a minority has none");
  const later = all.leader(rest)!;
  const term = later.leads;
  all.wire.paths.mendAll();
  await led(all);
  assert.equal(later.leads, term, "those who come back do not disturb it");
  all.end();
});

test("a voter keeps its vote over a power cut, also one between the vote and the answer", async () => {
  for (const kept of [0, Infinity]) {
    const all = elect(5, 3);
    const [a, b, c] = all.hosts as [Elector, Elector, Elector];
    await led(all);
    for (const each of all.hosts) each.crash();
    b.disk.syncMs = 50;
    b.start();
    c.start();
    // B stands or votes, and its power fails while its disk still writes.
    await all.time.until("B writes a vote", () => b.disk.unsyncedCommits > 0);
    b.crash(kept);
    b.disk.syncMs = 0;
    a.start();
    b.start();
    await led(all);
    assert.deepEqual(all.doubled(), []);
    all.end();
  }
});

test("a voter whose disk takes no vote votes for nobody", async () => {
  const all = elect(6, 3);
  const leader = await led(all);
  const [full, other] = all.hosts.filter((each) => each !== leader) as [Elector, Elector];
  full.disk.isFull = true;
  leader.crash();
  await all.time.pass(20_000);
  assert.ok(full.leads === undefined && other.leads === undefined);
  full.disk.isFull = false;
  await led(all, [full, other]);
  all.end();
});

test("a voter that lost its disk gives no vote before it has learnt what it may have voted for", async () => {
  const all = elect(7, 3);
  const leader = await led(all);
  const [wiped, other] = all.hosts.filter((each) => each !== leader) as [Elector, Elector];
  all.cut([leader], [wiped, other]);
  wiped.crash();
  wiped.disk.wipe();
  wiped.start();
  await all.time.pass(30_000);
  assert.ok(wiped.leads === undefined && other.leads === undefined, "the third voter may have had its vote");
  all.wire.paths.mendAll();
  await led(all);
  assert.deepEqual(all.doubled(), []);
  all.end();
});

test("a voter whose ballot is damaged on the disk starts, and gives no vote before it has learnt what it may have voted for", async () => {
  const all = elect(10, 3);
  const leader = await led(all);
  const [damaged, other] = all.hosts.filter((each) => each !== leader) as [Elector, Elector];
  const term = damaged.ballots.ballot!.term;
  all.cut([leader], [damaged, other]);
  damaged.crash();
  damaged.disk.damage(utf8("eballot"));
  damaged.start();
  await all.time.pass(30_000);
  assert.ok(damaged.ballots.ballot === undefined && damaged.leads === undefined && other.leads === undefined, "the third voter may have had its vote");
  all.wire.paths.mendAll();
  await led(all);
  assert.ok(damaged.ballots.ballot!.term >= term && !damaged.disk.isDamaged(utf8("eballot")));
  assert.deepEqual(all.doubled(), []);
  all.end();
});

test("the only host of a network that lost its disk may hand out a term again, to itself alone", async () => {
  const all = elect(11, 1);
  const only = await led(all);
  const terms = [only.leads];
  for (let times = 0; times < 3; times += 1) {
    only.crash();
    only.disk.wipe();
    only.start();
    assert.equal(only.ballots.ballot, undefined, "it has forgotten what it gave its word for");
    await led(all);
    assert.ok(only.ballots.ballot!.vote === only.host && only.ballots.ballot!.term === only.leads, "it keeps its word again");
    terms.push(only.leads);
  }
  assert.deepEqual(terms, [1, 1, 1, 1]);
  all.end();
});

test("a voter that lost its disk and takes itself for the only one coordinates nothing before all others have been asked", async () => {
  const all = elect(9, 3);
  const wiped = all.hosts[0]!;
  await led(all);
  const { entries } = wiped;
  wiped.crash();
  wiped.disk.wipe();
  wiped.isReplaced = true;
  const own = [`member/${wiped.host}`, `host/${wiped.host}`, "voters/1"];
  const later = [...entries].filter(([key]) => !own.includes(key));
  for (const [key] of later) entries.delete(key);
  all.cut([wiped], all.hosts.slice(1));
  wiped.start();
  await all.time.pass(30_000);
  assert.deepEqual([wiped.leads, wiped.ballots.ballot], [undefined, undefined]);
  all.wire.paths.mendAll();
  await all.time.pass(10_000);
  assert.equal(wiped.ballots.ballot, undefined, "it has not heard who else is there");
  const others = later.filter(([key]) => !key.startsWith("voters/"));
  wiped.learn(others.map(([, entry]) => entry));
  await all.time.pass(10_000);
  assert.equal(wiped.ballots.ballot, undefined, "the others know of later voters");
  wiped.learn(later.map(([, entry]) => entry));
  await led(all);
  assert.deepEqual(all.doubled(), []);
  all.end();
});

test("a host whose configuration is behind is not elected, and one that was forced supersedes all terms before", async () => {
  const all = elect(8, 5);
  await led(all);
  const [a, b, ...rest] = all.hosts as [Elector, Elector, ...Elector[]];
  all.cut([a, b], rest);
  await all.time.pass(5_000);
  // An administrator on the side of two gives up the other three, one after the other.
  for (const lost of rest) for (const each of [a, b]) each.learn([entryOf(forcedConfiguration(each.cluster.register.configuration, lost.host))]);
  const few = await led(all, [a, b]);
  await led(all, rest);
  assert.deepEqual(all.doubled(), []);
  for (const each of rest) each.learn(few.entries.values());
  all.wire.paths.mendAll();
  await all.time.until("all know the one", () => all.leader() === few);
  all.end();
});

for (const [what, faults, least] of [["crashes and power cuts", 1, 50], ["partitions", 2, 60], ["both, with losses", 3, 20]] as const) {
  test(`never two coordinators of one term: ${what}, while voters come and go`, async () => {
    let elections = 0;
    for (let seed = 1; seed <= 40; seed += 1) {
      const all = elect(seed * 10 + faults, 5, { voters: 1 + (seed % 5), quality: { delayMs: 5, jitterMs: 200, lossFraction: faults === 3 ? 0.1 : 0 } });
      const { random } = all.time.env;
      // Half of the news of a configuration comes late, as behind a partition.
      all.reaches = () => random.fraction() < 0.5;
      for (const each of all.hosts) each.appointment.worker.start();
      for (let step = 0; step < 25; step += 1) {
        await all.time.pass(random.fraction() * 3_000);
        const one = all.hosts[Math.floor(random.fraction() * all.hosts.length)]!;
        one.disk.syncMs = random.fraction() < 0.5 ? 0 : random.fraction() * 300;
        if (faults !== 2 && one.isUp) one.crash(Math.floor(random.fraction() * 3));
        else if (!one.isUp) {
          one.start();
          one.appointment.worker.start();
        }
        if (faults !== 1) all.cut(all.hosts.filter(() => random.fraction() < 0.5), all.hosts.filter(() => random.fraction() < 0.5));
        const two = all.hosts[Math.floor(random.fraction() * all.hosts.length)]!;
        if (random.fraction() < 0.5) one.learn(two.entries.values());
      }
      assert.deepEqual(all.doubled(), [], `seed ${seed}`);
      for (const [number, hosts] of all.written) assert.equal(hosts.size, 1, `seed ${seed}: number ${number} was decided twice`);
      elections += all.terms.size;
      all.end();
      await all.time.pass(0);
    }
    assert.ok(elections > least, `${elections} elections`);
  });
}
