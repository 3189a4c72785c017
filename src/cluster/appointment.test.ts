import assert from "node:assert/strict";
import test from "node:test";
import type { Elector } from "./fakes/electorate.ts";
import { Electorate, entryOf, network } from "./fakes/electorate.ts";
import type { NetworkEntry } from "./index.ts";
import { departureCodec, hostCardCodec, isSensible, removalCodec } from "./index.ts";

function isGone({ host }: Elector, number: number): NetworkEntry {
  return { key: `gone/${host}`, values: [departureCodec.encode({ returns: 0, number, signatures: [] })] };
}

function isBack({ host }: Elector): NetworkEntry {
  return { key: `host/${host}`, values: [hostCardCodec.encode({ addresses: [], capacityBytes: 1, version: "1", returns: 1 })] };
}

function teach(all: Electorate, entry: NetworkEntry): void {
  for (const each of all.hosts) each.learn([entry]);
}

test("voters change on when one came back that was about to be dropped: what was approved and not written is completed, and it is taken back", async () => {
  const all = new Electorate(() => new Promise(setImmediate), 3, 5);
  await all.time.until("somebody coordinates", () => all.leader() !== undefined);
  const leader = all.leader()!;
  const [away, lost] = all.hosts.filter((each) => each !== leader) as [Elector, Elector];
  away.crash();
  teach(all, isGone(away, 5));
  const publish = all.publish.bind(all);
  all.publish = (from) => Promise.resolve(from.crash());
  for (const each of all.up) each.appointment.worker.start();
  await all.time.until("the power of the coordinator is gone before it writes what was approved", () => !leader.isUp);
  all.publish = publish;
  teach(all, isBack(away));
  for (const each of [away, leader]) {
    each.start();
    each.appointment.worker.start();
  }
  lost.crash();
  teach(all, isGone(lost, 5));
  const configuration = (): readonly string[] => all.leader()?.cluster.register.configuration.hosts ?? [];
  const present = all.hosts.filter((each) => each !== lost).map(({ host }) => host);
  await all.time.until("those vote who are there", () => [...configuration()].sort().join() === [...present].sort().join(), 120_000);
  assert.deepEqual([...all.written].map(([number, hosts]) => [number, hosts.size]), [[6, 1], [7, 1], [8, 1]]);
  assert.ok(!all.leader()!.cluster.register.configurations.get(6)![0]!.hosts.includes(away.host));
  all.end();
});

// Whoever had said the removal was removed by somebody who had not heard of it.
test("voters change on when one counts as a member again that was about to be dropped because it was removed", async () => {
  const all = new Electorate(() => new Promise(setImmediate), 3, 6, { voters: 5 });
  for (const each of all.hosts) each.appointment.worker.start();
  // With new disks all have learnt from others what they had approved for number 6. That is not their own word; for number 7 it is.
  await all.time.until("the last one votes", () => all.leader()?.cluster.register.configuration.number === 6);
  const leader = all.leader()!;
  const [removed, lost] = all.hosts.filter((each) => each !== leader) as [Elector, Elector];
  const key = `removed/${removed.host}/${network.founder}`;
  const publish = all.publish.bind(all);
  all.publish = (from) => Promise.resolve(from.crash());
  teach(all, { key, values: [removalCodec.encode({ honoured: [{ incarnation: 1, batch: 9 }] })] });
  await all.time.until("the power of the coordinator is gone before it writes what was approved", () => !leader.isUp);
  all.publish = publish;
  for (const each of all.hosts) {
    each.entries.delete(key);
    each.learn([]);
  }
  leader.start();
  leader.appointment.worker.start();
  lost.crash();
  teach(all, isGone(lost, 6));
  const configuration = (): readonly string[] => all.leader()?.cluster.register.configuration.hosts ?? [];
  const present = all.hosts.filter((each) => each !== lost).map(({ host }) => host);
  await all.time.until("those vote who are there", () => [...configuration()].sort().join() === [...present].sort().join(), 120_000);
  assert.ok(!all.leader()!.cluster.register.configurations.get(7)![0]!.hosts.includes(removed.host));
  all.end();
});

test("a voter that came back may go by the departure that found it voting, and not by one from before it was taken back", () => {
  const all = new Electorate(() => Promise.resolve(), 1, 3);
  const [voter, back, other] = all.hosts as [Elector, Elector, Elector];
  const without = [voter, other].map(({ host }) => host);
  const may = (): boolean => isSensible(without, voter.cluster.register);
  assert.ok(!may(), "it was never gone");
  voter.learn([isGone(back, 3), isBack(back)]);
  assert.ok(may());
  voter.learn([{ number: 4, hosts: without }, { number: 5, hosts: [...without, back.host] }].map((each) => entryOf({ ...each, term: 0, approvals: [] })));
  assert.ok(!may());
  voter.learn([isGone(back, 5)]);
  assert.ok(may());
  all.end();
});
