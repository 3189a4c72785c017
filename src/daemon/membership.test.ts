import assert from "node:assert/strict";
import test from "node:test";
import { newAccount } from "../account/index.ts";
import { ClusterError, inviteCheckWords, inviteCodec, inviteIdOf, readInviteCode, signInvite } from "../cluster/index.ts";
import { keyPairFromSeed, newSeed } from "../crypto/index.ts";
import { NetError } from "../net/index.ts";
import { RecordsError } from "../records/index.ts";
import type { TestMember } from "./fakes/circle.ts";
import { Circle } from "./fakes/circle.ts";

const raised = (code: string) => (error: unknown): boolean => error instanceof ClusterError && error.code === code;
const refusedWith = (code: string) => (error: unknown): boolean => error instanceof NetError && error.remoteCode === code;
const forbidden = (code: string) => (error: unknown): boolean => error instanceof RecordsError && error.message.includes(code);

const grant = { expiresInMs: 60_000 };

test("the founder's host admits itself and is the first voter, once", async () => {
  const { circle, attic } = await Circle.found();
  await using _ = circle;
  await attic.membership.sayFirstWord();
  assert.deepEqual([...attic.cluster.register.members.keys()], [attic.id]);
  assert.deepEqual(attic.cluster.register.voters, [attic.id]);
  await attic.membership.sayFirstWord();
  assert.deepEqual(circle.board.written, [`member/${attic.id}`, "voters/1"]);
});

test("a founder's host that was killed between its first two words says the second at its next start", async () => {
  const { circle, attic } = await Circle.found();
  await using _ = circle;
  const { records } = attic;
  const write = records.write.bind(records);
  records.write = (writes, options) => (writes[0]!.key === "voters/1" ? Promise.reject(new Error("the power is gone")) : write(writes, options));
  await assert.rejects(attic.membership.sayFirstWord(), /power/);
  assert.deepEqual(attic.cluster.register.voters, []);
  records.write = write;
  await attic.membership.sayFirstWord();
  assert.deepEqual(attic.cluster.register.voters, [attic.id]);
});

test("a host that joined says no first word, whoever its person is", async () => {
  await using circle = await Circle.of("attic");
  const study = await circle.join(circle.members[0]!, "study", circle.person);
  const before = circle.board.written.length;
  await study.membership.sayFirstWord();
  assert.equal(circle.board.written.length, before);
});

test("an invite's code leads to the inviting host, and its check words are those of both sides", async () => {
  await using circle = await Circle.of("attic", "barn");
  const [attic, barn] = circle.members as [TestMember, TestMember];
  const made = await attic.membership.invite({ ...grant, zone: "home", role: "administrator", quotaBytes: 7 });
  const code = readInviteCode(made.code);
  assert.equal(code.entrances[0]!.host, attic.id);
  assert.equal(inviteCheckWords(code.network, made.invite), made.checkWords);
  const { signature: _signature, ...terms } = barn.cluster.register.invites.get(made.invite)!;
  assert.deepEqual(terms, { inviter: circle.person.id, expiresMs: made.expiresMs, zone: "home", quotaBytes: 7, role: "administrator" });
});

test("of two hosts that redeem one invite at the same moment one is admitted, and the other is told", async () => {
  await using circle = await Circle.of("attic");
  const code = readInviteCode((await circle.members[0]!.membership.invite(grant)).code);
  const outcomes = await Promise.allSettled(["left", "right"].map((name) => circle.redeem(code, newSeed(), name, newAccount())));
  assert.deepEqual(outcomes.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
  const { reason } = outcomes.find((outcome) => outcome.status === "rejected")!;
  assert.ok(refusedWith("INVITE_USED")(reason), String(reason));
});

test("a host whose answer was lost asks again and is admitted once; after its removal it is not", async () => {
  await using circle = await Circle.of("attic");
  const [attic] = circle.members as [TestMember];
  const code = readInviteCode((await attic.membership.invite(grant)).code);
  const [seed, account] = [newSeed(), newAccount()];
  const first = await circle.redeem(code, seed, "barn", account);
  const again = await circle.redeem(code, seed, "barn", account);
  assert.deepEqual(again, first);
  const [barn] = [...attic.cluster.register.members.values()].filter(({ name }) => name === "barn");
  assert.equal(circle.board.entries.get(`member/${barn!.host}`)!.length, 1);
  await attic.membership.remove(barn!.host);
  await assert.rejects(circle.redeem(code, seed, "barn", account), refusedWith("INVITE_USED"));
});

test("a host that is a member already uses up no second invite", async () => {
  await using circle = await Circle.of("attic");
  const [attic] = circle.members as [TestMember];
  const [seed, account] = [newSeed(), newAccount()];
  await circle.redeem(readInviteCode((await attic.membership.invite(grant)).code), seed, "barn", account);
  const second = await attic.membership.invite(grant);
  await assert.rejects(circle.redeem(readInviteCode(second.code), seed, "barn", account), refusedWith("INVITE_USED"));
  assert.ok(![...attic.cluster.register.admissions.values()].some(({ invite }) => invite === second.invite));
});

test("whoever has seen the code of an invite takes nothing from others of what it grants", async () => {
  await using circle = await Circle.of("attic", "barn");
  const [attic, barn] = circle.members as [TestMember, TestMember];
  const code = readInviteCode((await attic.membership.invite({ ...grant, role: "administrator", zone: "home" })).code);
  const [seed, bob] = [newSeed(), newAccount()];
  const cellar = await circle.add("cellar", seed, await circle.redeem(code, seed, "cellar", bob), bob);
  const { host, network } = barn.identity;
  const [id, inviter] = [inviteIdOf(code), barn.cluster.member(host)!.account];
  const value = inviteCodec.encode(signInvite(keyPairFromSeed(code.seed), network.id, { inviter, expiresMs: 1, zone: "elsewhere", quotaBytes: 1, role: "member" }));
  for (const key of [`invite/${id}/${inviter}`, `invite/${id}`]) await barn.records.write([{ namespace: network.namespace, key, value }]);
  for (const key of [`invite/${id}/${circle.person.id}`, `invite/${id}/${inviter}/more`]) await assert.rejects(barn.records.write([{ namespace: network.namespace, key, value }]), forbidden("NOT_OWN"));
  assert.equal(barn.cluster.register.people.get(bob.id)?.isAdministrator, true);
  assert.equal(barn.cluster.member(cellar.id)?.zone, "home");
});

test("a host for which nobody acts any more still lets in whoever has an invite", async () => {
  await using circle = await Circle.of("attic", "barn");
  const [attic, barn] = circle.members as [TestMember, TestMember];
  const study = await circle.join(barn, "study", circle.person);
  const made = await attic.membership.invite(grant);
  await study.membership.revoke(attic.id);
  const code = readInviteCode(made.code);
  await circle.redeem({ ...code, entrances: code.entrances.filter(({ host }) => host === attic.id) }, newSeed(), "loft", newAccount());
  assert.ok([...barn.cluster.register.members.values()].some(({ name }) => name === "loft"));
  await assert.rejects(attic.membership.invite(grant), forbidden("REVOKED"));
});

test("whoever was removed does not come back by an invite made before, and whom they invited is told to ask somebody else", async () => {
  await using circle = await Circle.of("attic");
  const [attic] = circle.members as [TestMember];
  const bob = newAccount();
  const barn = await circle.join(attic, "barn", bob);
  const code = { ...readInviteCode((await barn.membership.invite(grant)).code), entrances: [{ host: attic.id, addresses: attic.transport.addresses() }] };
  await attic.membership.remove(barn.id);
  for (const account of [bob, newAccount()]) await assert.rejects(circle.redeem(code, newSeed(), "again", account), refusedWith("INVITER_REMOVED"));
  await circle.join(attic, "loft", bob);
  await circle.redeem(code, newSeed(), "shed", newAccount());
});

// The README: when your disk is lost, give the recovery phrase to any host of the network with `key import`.
test("a person whose own host was lost and removed, and who acts through another's host since key import, can invite", async () => {
  await using circle = await Circle.of("attic");
  const [attic] = circle.members as [TestMember];
  const { code } = await attic.membership.invite(grant);
  const seed = newSeed();
  // Barn came with Bob's account, and acts for the founder since `key import`.
  const barn = await circle.add("barn", seed, await circle.redeem(readInviteCode(code), seed, "barn", newAccount()), circle.person);
  await attic.stop();
  circle.members.splice(0, 1);
  await barn.membership.remove(attic.id, { isLost: true });
  assert.ok(barn.membership.mayInvite());
  const made = await barn.membership.invite(grant);
  await circle.redeem(readInviteCode(made.code), newSeed(), "new-attic", circle.person);
});

test("a full network invites nobody", async () => {
  const { circle, attic } = await Circle.found(1);
  await using _ = circle;
  await attic.membership.sayFirstWord();
  await assert.rejects(attic.membership.invite(grant), raised("NETWORK_FULL"));
});

test("a removed host is no member anywhere and its connections end; only its person and administrators remove it", async () => {
  await using circle = await Circle.of("attic", "barn", "cellar");
  const [attic, barn, cellar] = circle.members as [TestMember, TestMember, TestMember];
  await assert.rejects(barn.membership.remove(cellar.id), forbidden("NOT_ADMINISTRATOR"));
  await assert.rejects(attic.membership.remove("x".repeat(52) as TestMember["id"]), raised("NO_SUCH_HOST"));
  await attic.membership.remove(cellar.id);
  for (const member of [attic, barn]) {
    assert.ok(!member.membership.isMember(cellar.id), member.name);
    assert.ok(!member.transport.connected().includes(cellar.id), member.name);
  }
  await assert.rejects(attic.transport.connect(cellar.id, cellar.transport.addresses()));
});

test("a host revokes the delegations of its person's other hosts, not its own, and none for others", async () => {
  await using circle = await Circle.of("attic", "barn");
  const [attic, barn] = circle.members as [TestMember, TestMember];
  const study = await circle.join(attic, "study", circle.person);
  await assert.rejects(attic.membership.revoke(attic.id), raised("OWN_DELEGATION"));
  await assert.rejects(attic.membership.revoke("x".repeat(52) as TestMember["id"]), raised("NO_SUCH_HOST"));
  await barn.membership.revoke(study.id);
  await study.membership.invite(grant);
  assert.ok(study.membership.mayInvite());
  await attic.membership.revoke(study.id);
  assert.ok(!study.membership.mayInvite(), "whoever is near is told nothing of a host that can let nobody in");
  await assert.rejects(study.membership.invite(grant), forbidden("REVOKED"));
  assert.ok(attic.membership.isMember(study.id), "the host itself remains");
});

test("a host for which nobody acts has no delegation to revoke", async () => {
  await using circle = await Circle.of("attic", "barn");
  const [attic] = circle.members as [TestMember];
  const shed = await circle.add("shed", newSeed(), attic.identity, undefined);
  await assert.rejects(shed.membership.revoke(attic.id), raised("NO_ACCOUNT"));
  assert.ok(!shed.membership.mayInvite());
});

test("a host's card is written when it says something new, and only then", async () => {
  await using circle = await Circle.of("attic");
  const [attic] = circle.members as [TestMember];
  const cards = (): number => circle.board.written.filter((key) => key === `host/${attic.id}`).length;
  const turn = async (): Promise<void> => {
    const runs = attic.membership.card.status().runs;
    attic.membership.card.start();
    while (attic.membership.card.status().runs === runs) await new Promise(setImmediate);
  };
  await turn();
  assert.equal(cards(), 1);
  await turn();
  assert.equal(cards(), 1);
  attic.transport.addresses = () => ["/ip4/192.0.2.9/tcp/4281"];
  await turn();
  assert.equal(cards(), 2);
  assert.deepEqual(attic.cluster.member(attic.id)?.addresses, ["/ip4/192.0.2.9/tcp/4281"]);
});

test("hosts that were told of at joining are let in until the roster is here, and nobody else is", async () => {
  await using circle = await Circle.of("attic");
  const [attic] = circle.members as [TestMember];
  const entrance = "y".repeat(52) as TestMember["id"];
  const network = { certificate: attic.identity.certificate, entrances: [{ host: entrance, addresses: [] }] };
  const shed = await circle.add("shed", newSeed(), network, newAccount());
  assert.ok(shed.membership.isMember(entrance));
  assert.ok(!shed.membership.isMember("z".repeat(52) as TestMember["id"]));
  const { code } = await attic.membership.invite(grant);
  const [seed, person] = [newSeed(), newAccount()];
  const answer = await circle.redeem(readInviteCode(code), seed, "barn", person);
  const barn = await circle.add("barn", seed, { ...answer, entrances: [...answer.entrances, ...network.entrances] }, person);
  assert.ok(barn.cluster.register.members.has(barn.id));
  barn.isRosterWhole = false;
  assert.ok(barn.membership.isMember(entrance), "it was killed when it had read of itself alone");
  barn.isRosterWhole = true;
  assert.ok(!barn.membership.isMember(entrance));
});
