import assert from "node:assert/strict";
import test from "node:test";
import type { AccountId, HostId, InviteId } from "../codec/index.ts";
import { idFromBytes } from "../codec/index.ts";
import type { KeyPair } from "../crypto/index.ts";
import { keyPairFromSeed, newSeed, sha256 } from "../crypto/index.ts";
import type { JudgedRecord, LastHonoured, NetworkEntry, VoterConfiguration } from "./index.ts";
import { Cluster, admissionCodec, approve, attestationCodec, firstConfiguration, foundNetwork, inviteCodec, proveAdmission, readCertificate, removalCodec, signInvite, votersCodec } from "./index.ts";
import { attest } from "./attestation.ts";
import { consentTo } from "./redeem.ts";
import { forcedConfiguration } from "./voters.ts";

const random = { bytes: (length: number) => new Uint8Array(length).fill(5), fraction: () => 0.5 };
const founder = keyPairFromSeed(newSeed());
const founderId = idFromBytes<AccountId>(founder.publicKey);
const network = readCertificate(foundNetwork(founder, { name: "friends", maxHosts: 20, createdMs: 1 }, random))!;

const newKey = (): KeyPair => keyPairFromSeed(newSeed());
const hostId = (key: KeyPair): HostId => idFromBytes<HostId>(key.publicKey);
const personOf = (key: KeyPair): AccountId => idFromBytes<AccountId>(sha256(key.publicKey));

const [attic, barn, invite] = [newKey(), newKey(), newKey()];

function admission(host: KeyPair, by: KeyPair | undefined): NetworkEntry {
  const asked = { account: by === undefined ? founderId : personOf(host), name: hostId(host).slice(0, 8), zone: "", capacityBytes: 1 };
  if (by === undefined) return { key: `member/${hostId(host)}`, values: [admissionCodec.encode({ ...asked, joinedMs: 1, invite: null, proof: new Uint8Array(64), consent: new Uint8Array(64) })] };
  const proof = proveAdmission(by, network.id, hostId(host), asked.account);
  const consent = consentTo({ ...asked, host: hostId(host), proof }, host);
  return { key: `member/${hostId(host)}`, values: [admissionCodec.encode({ ...asked, joinedMs: 1, invite: idFromBytes<InviteId>(by.publicKey), proof, consent })] };
}

function invitation(role: "member" | "administrator" = "member"): NetworkEntry {
  return { key: `invite/${idFromBytes<InviteId>(invite.publicKey)}`, values: [inviteCodec.encode(signInvite(invite, network.id, { inviter: founderId, expiresMs: 1000, zone: null, quotaBytes: null, role }))] };
}

function voters(configuration: VoterConfiguration): NetworkEntry {
  return { key: `voters/${configuration.number}`, values: [votersCodec.encode(configuration)] };
}

function spared(host: KeyPair, witness: KeyPair, ...honoured: readonly LastHonoured[]): NetworkEntry {
  return { key: `spared/${hostId(host)}/${hostId(witness)}`, values: [removalCodec.encode({ honoured })] };
}

function cluster(entries: readonly NetworkEntry[]): Cluster {
  const made = new Cluster({ self: hostId(attic), network, connected: () => [], rules: {}, networkRules: {} });
  made.update(entries);
  return made;
}

const base = [admission(attic, undefined), admission(barn, undefined), invitation(), voters(firstConfiguration(hostId(attic)))];

/** A host, and another by the same invite that has the smaller lot. */
function pair(): readonly [KeyPair, KeyPair] {
  for (;;) {
    const [one, other] = [newKey(), newKey()];
    if (cluster([...base, admission(one, invite), admission(other, invite)]).register.members.has(hostId(other))) return [one, other];
  }
}

function record({ key, values }: NetworkEntry, host: KeyPair, batch = 1, author: AccountId | null = null): JudgedRecord {
  return { namespace: network.namespace, key, value: values[0]!, author, host: hostId(host), incarnation: 1, batch };
}

const kindOf = (made: Cluster, each: JudgedRecord): string => {
  const verdict = made.judge(each, network.genesis);
  return verdict.kind === "refuse" ? verdict.code : verdict.kind;
};

test("a host that has voted keeps its invite whatever key another one chooses, in any order of coming", () => {
  const [cellar, other] = pair();
  const second = { number: 2, term: 1, hosts: [hostId(attic), hostId(cellar)], approvals: [] as VoterConfiguration["approvals"] };
  const approved = voters({ ...second, approvals: [approve(attic, hostId(attic), network.id, second)] });
  const later = voters({ number: 3, term: 1, hosts: [hostId(attic), hostId(cellar), hostId(other)], approvals: [] });
  for (const entries of [[approved, admission(cellar, invite), admission(other, invite)], [admission(other, invite), later, admission(cellar, invite), approved]]) {
    const { register } = cluster([...base, ...entries]);
    assert.ok(register.members.has(hostId(cellar)));
    assert.deepEqual([...register.expelled], [hostId(other)]);
  }
});

test("whom an administrator's word has put in place of the last voter has no better right to its invite, until the voters take it in anew", () => {
  const [study, other] = pair();
  const known = [...base, admission(study, invite), admission(other, invite)];
  const forced = forcedConfiguration(firstConfiguration(hostId(attic)), hostId(attic), hostId(study));
  const third = { number: 3, term: forced.term, hosts: [hostId(study), hostId(barn)], approvals: [] };
  const [fourth, fifth] = [{ ...third, number: 4, hosts: [hostId(barn)] }, { ...third, number: 5, hosts: [hostId(barn), hostId(study)] }];
  const losers = (...configurations: readonly VoterConfiguration[]): readonly HostId[] => [...cluster([...known, ...configurations.map(voters)]).register.expelled];
  assert.deepEqual(losers(forced, third, fourth), [hostId(study)]);
  assert.deepEqual(losers(third), [hostId(study)], "what follows the forced voters when these count no more");
  assert.deepEqual(losers(forced, third, fourth, fifth), [hostId(other)]);
});

test("a host that the voters have attested keeps its invite though it never voted, in any order of coming", () => {
  const [cellar, other] = pair();
  const number = 1;
  const attested = { host: hostId(cellar), invite: idFromBytes<InviteId>(invite.publicKey), number };
  const signed = (voter: KeyPair): NetworkEntry => ({ key: `attested/${hostId(cellar)}`, values: [attestationCodec.encode({ number, signatures: [{ host: hostId(attic), signature: attest(voter, network.id, attested) }] })] });
  const before = cluster([...base, admission(cellar, invite)]);
  assert.equal(kindOf(before, record(signed(attic), barn)), "accept");
  assert.equal(kindOf(before, record(signed(barn), barn)), "NOT_APPROVED", "a voter did not sign it");
  assert.equal(kindOf(before, { ...record(signed(attic), barn), value: null }), "NOT_DELETABLE");
  const byNone = { ...signed(attic), key: `attested/${hostId(barn)}` };
  assert.equal(kindOf(before, record(byNone, barn)), "NOT_APPROVED", "it came by no invite");
  assert.equal(kindOf(cluster(base), record(signed(attic), barn)), "later");
  const early = cluster(base.filter(({ key }) => !key.startsWith("voters/")).concat(admission(cellar, invite)));
  assert.equal(kindOf(early, record(signed(attic), barn)), "later", "the voters are not known yet");
  for (const entries of [[signed(attic), admission(cellar, invite), admission(other, invite)], [admission(other, invite), admission(cellar, invite), signed(attic)]]) {
    assert.deepEqual([...cluster([...base, ...entries]).register.expelled], [hostId(other)]);
  }
});

test("of what a host wrote that lost its invite that counts which any member held, on all hosts alike, and nothing of it is dropped", () => {
  const [cellar, other] = pair();
  const both = [...base, admission(cellar, invite), admission(other, invite)];
  const own = { key: `draining/${hostId(cellar)}`, values: [new Uint8Array(0)] };
  const word = (batch: number): JudgedRecord => ({ ...record(own, cellar, batch), value: null });
  const unspared = cluster(both);
  assert.deepEqual(unspared.exclusions(), []);
  assert.equal(kindOf(unspared, word(1)), "later");
  assert.ok(!unspared.register.people.has(personOf(cellar)));
  const words = [spared(cellar, attic, { incarnation: 1, batch: 4 }), spared(cellar, barn, { incarnation: 1, batch: 2 }, { incarnation: 9, batch: 1 })];
  for (const entries of [[...both, ...words], [...words, ...both].reverse()]) {
    const made = cluster(entries);
    assert.deepEqual(made.register.spared.get(hostId(cellar))?.honoured, [{ incarnation: 1, batch: 4 }, { incarnation: 9, batch: 1 }]);
    assert.deepEqual([kindOf(made, word(4)), kindOf(made, word(5))], ["accept", "later"]);
    assert.deepEqual(made.exclusions(), []);
    assert.ok(made.register.people.has(personOf(cellar)), "its person has what it was given");
    assert.ok(!made.register.members.has(hostId(cellar)));
  }
});

test("of a host that lost an administrator's invite nothing counts, whoever says that they held it", () => {
  const [cellar, other] = pair();
  const made = cluster([...base.filter(({ key }) => !key.startsWith("invite/")), invitation("administrator"), admission(cellar, invite), admission(other, invite), spared(cellar, attic, { incarnation: 1, batch: 4 })]);
  assert.equal(kindOf(made, { ...record({ key: `draining/${hostId(cellar)}`, values: [] }, cellar), value: null }), "EXPELLED");
  assert.deepEqual(made.exclusions(), [{ host: hostId(cellar), author: null, honoured: [] }]);
  assert.equal(made.register.people.get(personOf(cellar)), undefined);
});

test("members say what they held of others that came by an invite, as hosts, under keys of their own", () => {
  const [cellar, other] = pair();
  const both = cluster([...base, admission(cellar, invite), admission(other, invite)]);
  const entry = spared(cellar, attic, { incarnation: 1, batch: 4 });
  assert.equal(kindOf(both, record(entry, attic)), "accept");
  assert.equal(kindOf(both, { ...record(entry, attic), value: null }), "NOT_DELETABLE");
  assert.equal(kindOf(both, record(entry, barn)), "NOT_OWN");
  assert.equal(kindOf(both, record(entry, attic, 1, founderId)), "NOT_OWN");
  assert.equal(kindOf(both, record(spared(other, other, { incarnation: 1, batch: 4 }), other)), "NOT_OWN", "nobody for themselves");
  assert.equal(kindOf(cluster(base), record(entry, attic)), "later", "the host may be on its way");
  assert.equal(kindOf(both, record(spared(barn, attic, { incarnation: 1, batch: 4 }), attic)), "NOT_APPROVED", "nobody can have lost no invite");
});

test("whom the voters have signed for stays when its invite is gone, and what another guest wrote counts as far as somebody held it", () => {
  const [cellar, shed, other] = [newKey(), newKey(), newKey()];
  const known = [...base.filter(({ key }) => !key.startsWith("invite/")), admission(cellar, invite)];
  const draining = { key: `draining/${hostId(cellar)}`, values: [] };
  const word: JudgedRecord = { ...record(draining, cellar, 4), value: null };
  const gone = cluster(known);
  assert.deepEqual([gone.register.members.has(hostId(cellar)), kindOf(gone, word), gone.exclusions()], [false, "later", []]);
  assert.equal(kindOf(cluster([...known, spared(cellar, attic, { incarnation: 1, batch: 4 })]), word), "accept");
  const attested = { key: `attested/${hostId(cellar)}`, values: [attestationCodec.encode({ number: 1, signatures: [] })] };
  const voted = voters({ number: 2, term: 1, hosts: [hostId(attic), hostId(cellar)], approvals: [] });
  for (const signed of [attested, voted]) {
    const made = cluster([...known, signed]);
    assert.deepEqual([made.register.members.has(hostId(cellar)), kindOf(made, word)], [true, "accept"], signed.key);
  }
  assert.equal(kindOf(gone, record(admission(shed, other), barn)), "accept", "its invite may come later, or never, for all the same");
});
