import assert from "node:assert/strict";
import test from "node:test";
import type { Elector } from "./fakes/electorate.ts";
import { Electorate, entryOf } from "./fakes/electorate.ts";
import { forcedConfiguration } from "./index.ts";
import type { NetworkEntry } from "./index.ts";

const settled = (): Promise<unknown> => new Promise(setImmediate);

async function led(all: Electorate, among: readonly Elector[]): Promise<Elector> {
  await all.time.until("somebody coordinates and all agree", () => all.leader(among) !== undefined);
  return all.leader(among)!;
}

test("a voter that lost its disk gives no vote while only those answer who have not heard of the voters that were appointed since", async () => {
  const all = new Electorate(settled, 1, 3, { voters: 2 });
  const [stale, lost, added] = all.hosts as [Elector, Elector, Elector];
  await led(all, all.hosts);
  // The one that will be lost coordinates, and has a third voter appointed of whom the first does not hear.
  stale.crash();
  lost.crash();
  lost.start();
  stale.start();
  all.reaches = (_from, to) => to !== stale;
  await all.time.until("the third votes", () => {
    if (lost.leads === undefined && stale.leads !== undefined) stale.crash();
    if (!stale.isUp) stale.start();
    if (lost.leads !== undefined) lost.appointment.worker.start();
    return lost.cluster.register.configuration.number === 3;
  }, 60_000);
  all.cut([stale], [lost, added]);
  lost.crash();
  lost.start();
  const before = added.ballots.ballot!.term;
  await all.time.until("the two have another coordinator", () => (all.leader([lost, added])?.leads ?? 0) > before);
  lost.lose(stale);
  all.cut([added], [lost, stale]);
  await all.time.pass(30_000);
  assert.deepEqual([stale.leads, lost.leads, lost.ballots.ballot], [undefined, undefined, undefined]);
  all.wire.paths.mendAll();
  lost.learn(added.entries.values());
  stale.learn(added.entries.values());
  await led(all, all.hosts);
  assert.deepEqual(all.doubled(), []);
  all.end();
});

test("what a voter learnt again says nothing of voters who were forced before its disk was lost, and is asked for again among them", async () => {
  const all = new Electorate(settled, 2, 5);
  const [first, second, lost, ...given] = all.hosts as [Elector, Elector, Elector, ...Elector[]];
  await led(all, all.hosts);
  all.cut([first, lost], [second, ...given]);
  const forced: NetworkEntry[] = [];
  for (const each of given) {
    forced.push(entryOf(forcedConfiguration(first.cluster.register.configuration, each.host)));
    for (const host of [first, lost]) host.learn(forced);
  }
  // All began with empty disks, so none is certain among the forced voters before it has heard all of them.
  second.learn(forced);
  all.cut([first, lost, second], given);
  await all.time.until("the three are certain", () => [first, lost, second].every(({ ballots }) => ballots.ballot?.learntAt === 7));
  second.crash();
  for (const { key } of forced) second.entries.delete(key);
  second.start();
  all.cut([first, lost], [second, ...given]);
  await all.time.until("the two have a coordinator of the forced voters", () => all.leader([first, lost])?.cluster.register.configuration.number === 7);
  lost.lose(second);
  all.cut([first], [second, lost, ...given]);
  await all.time.until("the old voters answered it", () => lost.ballots.ballot?.learntAt === 5);
  for (const each of given) each.crash();
  second.learn(forced);
  await all.time.pass(20_000);
  assert.deepEqual([second.leads, lost.leads], [undefined, undefined], "it may have voted among the forced voters");
  lost.learn(forced);
  await all.time.pass(20_000);
  assert.deepEqual([second.leads, lost.leads, lost.ballots.ballot?.learntAt], [undefined, undefined, 5]);
  all.wire.paths.mendAll();
  await led(all, [first, second, lost]);
  await all.time.until("it has learnt anew", () => lost.ballots.ballot?.learntAt === 7);
  assert.deepEqual(all.doubled(), []);
  all.end();
});

test("a voter that lost its disk asks nobody before all that it said in its former life has been counted or given up", async () => {
  const all = new Electorate(settled, 3, 3);
  await led(all, all.hosts);
  const [teller, lost] = all.hosts as [Elector, Elector];
  lost.lose(teller);
  await all.time.pass(2_900);
  assert.equal(lost.ballots.ballot, undefined);
  await all.time.until("it has asked", () => lost.ballots.ballot?.learntAt === 3, 3_000);
  all.end();
});

test("the only voter that lost its disk takes no term again of which a member has heard", async () => {
  const all = new Electorate(settled, 4, 2, { voters: 1 });
  const [only, listener] = all.hosts as [Elector, Elector];
  await led(all, all.hosts);
  await all.time.until("the member has a ballot", () => listener.ballots.ballot !== undefined);
  for (let times = 0; times < 3; times += 1) {
    only.crash();
    only.start();
    await led(all, all.hosts);
    const term = only.leads!;
    await all.time.until("the member heard", () => listener.election.coordinator?.term === term);
    only.lose(listener);
    await led(all, all.hosts);
    assert.ok(only.leads! > term, `${only.leads} after ${term}`);
  }
  all.end();
});
