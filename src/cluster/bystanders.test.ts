import assert from "node:assert/strict";
import test from "node:test";
import type { MemoryTransport } from "../net/index.ts";
import { LEAD, VOTE, termCodec, voteCodec } from "./election-messages.ts";
import type { Elector } from "./fakes/electorate.ts";
import { Electorate } from "./fakes/electorate.ts";
import { TERMS_PER_ERA } from "./terms.ts";

// What members that do not vote may have said to the voters, and what they may not.

const SETTLED_MS = 15_000;
const WATCHED_MS = 60_000;

/** Five voters, and in place of a sixth host one that answers as it likes. */
async function withLiar(seed: number): Promise<{ readonly all: Electorate; readonly voters: readonly Elector[]; readonly liar: MemoryTransport }> {
  const all = new Electorate(() => new Promise(setImmediate), seed, 6, { voters: 5 });
  const voters = all.hosts.slice(0, 5);
  await all.time.until("somebody coordinates", () => all.leader(voters) !== undefined);
  const { host } = all.hosts[5]!;
  all.hosts[5]!.crash();
  await all.time.until("it is noticed", () => voters.every(({ transport }) => !transport.connected().includes(host)), WATCHED_MS);
  all.wire.revive(host);
  const liar = all.wire.transport({ self: host, admission: () => "member" });
  for (const each of voters) void each.transport.connect(host, liar.addresses()).catch(() => {});
  await all.time.until("it is connected", () => voters.every(({ transport }) => transport.connected().includes(host)));
  return { all, voters, liar };
}

for (const [what, later] of [["that there cannot be", () => Number.MAX_SAFE_INTEGER], ["of another era", () => 9 * TERMS_PER_ERA], ["that there may be", (term: number) => term + 1]] as const) {
  test(`a member that does not vote and tells of a term ${what} disturbs no coordinator, and is not asked all the time`, async () => {
    const { all, voters, liar } = await withLiar(6);
    let asked = 0;
    liar.handle(LEAD, (_from, body) => {
      asked += 1;
      return Promise.resolve(termCodec.encode({ term: later(termCodec.decode(body).term) }));
    });
    const leader = all.leader(voters)!;
    const term = leader.leads;
    await all.time.pass(WATCHED_MS);
    assert.deepEqual([leader.leads, all.leader(voters)], [term, leader]);
    assert.ok(asked > 0 && asked < 10, `${asked} times`);
    all.end();
  });
}

test("a host that does not vote believes the coordinator again when a voter that told it of a later term is silent", async () => {
  const all = new Electorate(() => new Promise(setImmediate), 8, 6, { voters: 5 });
  await all.time.until("somebody coordinates", () => all.leader() !== undefined);
  const [leader, listener] = [all.leader()!, all.hosts[5]!];
  const [term, mole] = [leader.leads!, all.hosts.find((each) => each !== leader)!];
  void mole.transport.request(listener.host, LEAD, termCodec.encode({ term: term + 1_000 }), { timeoutMs: 1_000 });
  await all.time.until("it is believed", () => listener.election.coordinator?.host === mole.host);
  await all.time.pass(WATCHED_MS);
  assert.deepEqual(listener.election.coordinator, { host: leader.host, term });
  all.end();
});

test("a member that does not vote is not voted for, whatever voters it claims to know, and does not keep others from being elected", async () => {
  const { all, voters, liar } = await withLiar(7);
  const former = all.leader(voters)!;
  const rest = voters.filter((each) => each !== former);
  former.crash();
  let term = former.ballots.ballot!.term;
  const { number } = former.cluster.register.configuration;
  const stand = (): void => {
    term += 1;
    for (const { host } of rest) void liar.request(host, VOTE, voteCodec.encode({ term, number: number + 1, isTrial: false }), { timeoutMs: 100 }).catch(() => {});
  };
  for (let at = 0; at < SETTLED_MS / 100; at += 1) {
    stand();
    await all.time.pass(100);
  }
  assert.notEqual(all.leader(rest), undefined);
  assert.ok(rest.every(({ ballots }) => ballots.ballot!.vote !== liar.self));
  all.end();
});
