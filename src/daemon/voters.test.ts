import assert from "node:assert/strict";
import test from "node:test";
import { forcedConfiguration, votersCodec } from "../cluster/index.ts";
import type { HostId } from "../codec/index.ts";
import { codec, compareBytes, id, list, nullable, struct, uint } from "../codec/index.ts";
import { NetError } from "../net/index.ts";
import { EMPTY_CONTEXT } from "../records/index.ts";
import type { TestMember } from "./fakes/circle.ts";
import { Circle } from "./fakes/circle.ts";

const proposal = codec("A proposed configuration", 1, 1024, struct({ number: uint(), term: uint(), hosts: nullable(list(id<HostId>(), 7)) }));

function ask(from: TestMember, to: TestMember, number: number, hosts: readonly TestMember[], term = 9): Promise<Uint8Array> {
  return from.transport.request(to.id, "cluster/approve", proposal.encode({ number, term, hosts: hosts.map((each) => each.id) }), { timeoutMs: 2000 });
}

function voters(member: TestMember): string[] {
  return [...member.cluster.register.voters];
}

/** Resolves when the host's roster has it; each change of the roster is looked at. */
function when(member: TestMember, isSo: () => boolean): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const check = (): void => {
    if (isSo()) resolve();
  };
  const stop = member.cluster.onChange(check);
  check();
  return promise.finally(stop);
}

const notApproved = (error: unknown): boolean => error instanceof NetError && error.remoteCode === "NOT_APPROVED";

async function ofVoters(...names: readonly string[]): Promise<{ readonly circle: Circle; readonly members: readonly TestMember[] }> {
  const circle = await Circle.of(...names);
  for (const member of circle.members) member.voters.worker.start();
  for (const member of circle.members) member.election.start();
  await when(circle.members[0]!, () => voters(circle.members[0]!).length === names.length);
  return { circle, members: circle.members };
}

test("voters grow with the network, one at a time, each number once", async () => {
  const { circle, members } = await ofVoters("attic", "barn", "cellar", "shed");
  await using _ = circle;
  for (const member of members) assert.deepEqual(voters(member).sort(), members.map((each) => each.id).sort(), member.name);
  assert.deepEqual(circle.board.written.filter((key) => key.startsWith("voters/")), ["voters/1", "voters/2", "voters/3", "voters/4"]);
});

test("a removed voter goes, though it no longer answers, and the next host takes its place", async () => {
  const { circle, members } = await ofVoters("attic", "barn");
  await using _ = circle;
  const [attic, barn] = members as [TestMember, TestMember];
  await attic.membership.remove(barn.id);
  assert.deepEqual(voters(attic), [attic.id]);
  const shed = await circle.join(attic, "shed");
  shed.election.start();
  await when(attic, () => voters(attic).includes(shed.id));
  assert.deepEqual(voters(attic), [attic.id, shed.id]);
});

test("a voter that its own person removed is dropped by the others", async () => {
  const { circle, members } = await ofVoters("attic", "barn", "cellar");
  await using _ = circle;
  const [attic, barn, cellar] = members as [TestMember, TestMember, TestMember];
  await barn.membership.remove(barn.id);
  await when(attic, () => voters(attic).length === 2);
  assert.deepEqual(voters(attic).sort(), [attic.id, cellar.id].sort());
});

test("a voter consents only to what is sensible, asked by a voter", async () => {
  await using circle = await Circle.of("attic", "barn", "cellar");
  const [attic, barn, cellar] = circle.members as [TestMember, TestMember, TestMember];
  await assert.rejects(ask(barn, attic, 2, [attic, barn]), notApproved, "who is no voter proposes nothing");
  attic.voters.worker.start();
  for (const member of circle.members) member.election.start();
  await when(attic, () => voters(attic).length === 3);
  await attic.voters.worker.stop();
  await assert.rejects(ask(barn, attic, 4, [barn, cellar]), notApproved, "no voter that takes part is dropped");
  await assert.rejects(ask(barn, attic, 4, [attic, barn, cellar]), notApproved, "nothing changes");
  await assert.rejects(ask(barn, attic, 5, [attic, barn]), notApproved, "a number is left out");
});

test("of two proposals with one number that come at the same moment one is approved, also after a restart", async () => {
  await using circle = await Circle.of("attic", "barn", "cellar", "shed");
  const [attic, barn, cellar, shed] = circle.members as [TestMember, TestMember, TestMember, TestMember];
  attic.voters.worker.start();
  for (const member of circle.members) member.election.start();
  await when(attic, () => voters(attic).length === 4);
  await attic.voters.worker.stop();
  const [left, right] = [await circle.join(attic, "left"), await circle.join(attic, "right")];
  const all = [attic, barn, cellar, shed];
  const outcomes = await Promise.allSettled([ask(barn, attic, 5, [...all, left]), ask(cellar, attic, 5, [...all, right])]);
  assert.deepEqual(outcomes.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
  const kept = outcomes[0]!.status === "fulfilled" ? left : right;
  await attic.stop();
  circle.members.splice(circle.members.indexOf(attic), 1);
  const again = await circle.add("attic", attic.identity.key.seed, attic.identity, circle.person);
  await again.transport.connect(barn.id, barn.transport.addresses());
  await assert.rejects(ask(barn, again, 5, [...all, kept === left ? right : left]), notApproved);
  await ask(barn, again, 5, [...all, kept]);
});

test("when a majority of the voters is lost, an administrator gives them up one after the other, and there is a coordinator again", async () => {
  const { circle, members } = await ofVoters("attic", "barn", "cellar", "shed", "loft");
  await using _ = circle;
  const [attic, barn, ...lost] = members as [TestMember, TestMember, ...TestMember[]];
  await Promise.all(lost.map((member) => member.stop()));
  circle.members.splice(2);
  await attic.membership.remove(lost[0]!.id);
  assert.equal(voters(attic).length, 5, "without a majority a plain removal appoints nobody");
  for (const { id } of lost) await attic.membership.remove(id, { isLost: true });
  assert.deepEqual(voters(attic).sort(), [attic.id, barn.id].sort());
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const { election } of [attic, barn]) election.onChange(() => void (election.term === undefined || resolve()));
  await promise;
  assert.ok([attic, barn].some(({ cluster }) => cluster.isCoordinator()));
});

test("when all voters are lost, an administrator's host that did not vote gives them up, votes in place of the last, and appoints others", async () => {
  const { circle, members } = await ofVoters("attic", "barn", "cellar");
  await using _ = circle;
  const lost = [...members] as [TestMember, ...TestMember[]];
  await Promise.all(lost.map((member) => member.voters.worker.stop()));
  const study = await circle.join(lost[0], "study", circle.person);
  const shed = await circle.join(lost[0], "shed");
  for (const member of [study, shed]) member.election.start();
  await Promise.all(lost.map((member) => member.stop()));
  circle.members.splice(0, lost.length);
  await assert.rejects(shed.membership.remove(lost[0].id, { isLost: true }), /NOT_ADMINISTRATOR/);
  for (const { id } of lost) await study.membership.remove(id, { isLost: true });
  assert.deepEqual(voters(study), [study.id]);
  study.voters.worker.start();
  await when(study, () => voters(study).includes(shed.id));
  assert.ok(study.cluster.isCoordinator());
});

test("voters that are given up at the same moment are all voters no more", async () => {
  const { circle, members } = await ofVoters("attic", "barn", "cellar", "shed", "loft");
  await using _ = circle;
  const [attic, barn, ...lost] = members as [TestMember, TestMember, ...TestMember[]];
  await Promise.all(lost.map(({ id }) => attic.membership.remove(id, { isLost: true })));
  assert.deepEqual(voters(attic).sort(), [attic.id, barn.id].sort());
});

/** Two hosts and the voters without the one or the other, those first that count when both are forced at the same moment. */
function rivals({ cluster }: TestMember, hosts: readonly TestMember[]): readonly { readonly member: TestMember; readonly key: string; readonly value: Uint8Array }[] {
  const without = hosts.map((member) => ({ member, configuration: forcedConfiguration(cluster.register.configuration, member.id) }));
  const encoded = without.map(({ member, configuration }) => ({ member, key: `voters/${configuration.number}`, value: votersCodec.encode(configuration) }));
  return encoded.sort((a, b) => compareBytes(a.value, b.value));
}

test("a voter is given up also when another administrator gives up another one at that moment, whose configuration counts", async () => {
  const { circle, members } = await ofVoters("attic", "barn", "cellar", "shed", "loft");
  await using _ = circle;
  const [attic, , , ...others] = members as [TestMember, TestMember, TestMember, ...TestMember[]];
  const study = await circle.join(attic, "study", circle.person);
  const [winner, loser] = rivals(attic, others) as [ReturnType<typeof rivals>[number], ReturnType<typeof rivals>[number]];
  const write = attic.records.write.bind(attic.records);
  attic.records.write = async (writes, options) => {
    attic.records.write = write;
    await study.records.write([{ namespace: attic.identity.network.namespace, key: winner.key, value: winner.value, context: EMPTY_CONTEXT }]);
    return write(writes, options);
  };
  await attic.membership.remove(loser.member.id, { isLost: true });
  assert.deepEqual(others.filter(({ id }) => voters(attic).includes(id)), []);
});

test("a host is given up by administrators only, not by itself, and not as the only voter", async () => {
  const { circle, members } = await ofVoters("attic", "barn", "cellar");
  await using _ = circle;
  const [attic, barn, cellar] = members as [TestMember, TestMember, TestMember];
  await assert.rejects(barn.membership.remove(cellar.id, { isLost: true }), /NOT_ADMINISTRATOR/);
  await assert.rejects(attic.membership.remove(attic.id, { isLost: true }), { code: "LAST_VOTER" });
  await attic.membership.remove(barn.id, { isLost: true });
  await attic.membership.remove(cellar.id, { isLost: true });
  assert.deepEqual(voters(attic), [attic.id]);
  await assert.rejects(attic.membership.remove(attic.id, { isLost: true }), { code: "LAST_VOTER" });
});
