import assert from "node:assert/strict";
import test from "node:test";
import type { AccountId, HostId, InviteId } from "../codec/index.ts";
import { idFromBytes } from "../codec/index.ts";
import type { KeyPair } from "../crypto/index.ts";
import { keyPairFromSeed, newSeed } from "../crypto/index.ts";
import type { JudgedRecord, NetworkEntry, Register } from "./index.ts";
import { ClusterError, Cluster, admissionCodec, approve, attestationCodec, auditCodec, auditKey, carriesProof, departureCodec, drainingCodec, foundNetwork, inviteCodec, isExcluded, judgeRedemption, mayFollow, nextVoters, proveAdmission, quotaCodec, readCertificate, removalCodec, signInvite, votersCodec, writeRedeemRequest } from "./index.ts";
import { attest } from "./attestation.ts";
import { signAbsence } from "./departure.ts";
import { consentTo } from "./redeem.ts";

const random = { bytes: (length: number) => new Uint8Array(length).fill(5), fraction: () => 0.5 };
const founder = keyPairFromSeed(newSeed());
const founderId = idFromBytes<AccountId>(founder.publicKey);
const certificate = foundNetwork(founder, { name: "friends", maxHosts: 3, createdMs: 1 }, random);
const network = readCertificate(certificate)!;

const newKey = (): KeyPair => keyPairFromSeed(newSeed());
const hostId = (key: KeyPair): HostId => idFromBytes<HostId>(key.publicKey);
const inviteId = (key: KeyPair): InviteId => idFromBytes<InviteId>(key.publicKey);

const attic = newKey();

function admission(name: string, invite: KeyPair | undefined, host: KeyPair, account: AccountId): NetworkEntry {
  const proof = invite === undefined ? new Uint8Array(64) : proveAdmission(invite, network.id, hostId(host), account);
  const asked = { account, name, zone: name, capacityBytes: 1, proof };
  const consent = invite === undefined ? new Uint8Array(64) : consentTo({ ...asked, host: hostId(host) }, host);
  const value = admissionCodec.encode({ ...asked, joinedMs: 1, invite: invite === undefined ? null : inviteId(invite), consent });
  return { key: `member/${hostId(host)}`, values: [value] };
}

function terms(invite: KeyPair, inviter = founderId, expiresMs = 1000, role: "member" | "administrator" = "member"): Uint8Array {
  return inviteCodec.encode(signInvite(invite, network.id, { inviter, expiresMs, zone: null, quotaBytes: null, role }));
}

function invitation(invite: KeyPair, expiresMs = 1000, role: "member" | "administrator" = "member"): NetworkEntry {
  return { key: `invite/${inviteId(invite)}`, values: [terms(invite, founderId, expiresMs, role)] };
}

function cluster(entries: readonly NetworkEntry[]): Cluster {
  const made = new Cluster({ self: hostId(attic), network, connected: () => [], rules: {}, networkRules: {} });
  made.update(entries);
  return made;
}

function redeem(invite: KeyPair, host: KeyPair, register: Register, name: string, nowMs = 10): ReturnType<typeof judgeRedemption> {
  const account = idFromBytes<AccountId>(host.publicKey);
  const request = writeRedeemRequest(host, { host: hostId(host), account, name, zone: "", capacityBytes: 5, proof: proveAdmission(invite, network.id, hostId(host), account) });
  return judgeRedemption(inviteId(invite), request, network, register, nowMs, []);
}

const base = [admission("attic", undefined, attic, founderId)];

test("a certificate that somebody else signed is no network", () => {
  assert.equal(readCertificate({ ...certificate, signature: new Uint8Array(64) }), undefined);
});

test("an invite admits one host, again when its answer was lost, and no second one", () => {
  const [invite, cellar, other] = [newKey(), newKey(), newKey()];
  const open = cluster([...base, invitation(invite)]).register;
  const admitted = redeem(invite, cellar, open, "cellar");
  assert.equal(admitted.admission?.zone, "");
  const used = cluster([...base, invitation(invite), { key: `member/${hostId(cellar)}`, values: [admissionCodec.encode(admitted.admission!)] }]).register;
  assert.equal(redeem(invite, cellar, used, "cellar").admission, undefined);
  assert.throws(() => redeem(invite, other, used, "shed"), (error) => error instanceof ClusterError && error.code === "INVITE_USED");
});

test("whoever was admitted by an invite that does not count any more is no member, as for those who come later and never hear of it", () => {
  const [invite, cellar] = [newKey(), newKey()];
  const admitted = admission("cellar", invite, cellar, idFromBytes<AccountId>(cellar.publicKey));
  assert.ok(cluster([...base, invitation(invite), admitted]).register.members.has(hostId(cellar)));
  const { members, expelled } = cluster([...base, admitted]).register;
  assert.deepEqual([members.has(hostId(cellar)), expelled.has(hostId(cellar))], [false, true]);
});

test("an invite that is expired, unknown or forged, a taken name and a full network are refused with their reason", () => {
  const [invite, cellar, third] = [newKey(), newKey(), newKey()];
  const { register } = cluster([...base, invitation(invite)]);
  const refused = (code: string, attempt: () => unknown): void => assert.throws(attempt, (error) => error instanceof ClusterError && error.code === code, code);
  refused("INVITE_EXPIRED", () => redeem(invite, cellar, register, "cellar", 1001));
  refused("INVITE_UNKNOWN", () => redeem(newKey(), cellar, register, "cellar"));
  refused("HOST_NAME_TAKEN", () => redeem(invite, cellar, register, "attic"));
  refused("BAD_HOST_NAME", () => redeem(invite, cellar, register, "../attic"));
  const forged = writeRedeemRequest(third, { host: hostId(cellar), account: founderId, name: "x", zone: "", capacityBytes: 1, proof: proveAdmission(invite, network.id, hostId(cellar), founderId) });
  refused("BAD_INVITE", () => judgeRedemption(inviteId(invite), forged, network, register, 10, []));
  const full = cluster([...base, invitation(invite), admission("b", undefined, newKey(), founderId), admission("c", undefined, newKey(), founderId)]).register;
  refused("NETWORK_FULL", () => redeem(invite, cellar, full, "cellar"));
});

test("of two hosts that used one invite in a partition, all hosts keep the same one", () => {
  const [invite, left, right] = [newKey(), newKey(), newKey()];
  const [a, b] = [admission("left", invite, left, founderId), admission("right", invite, right, founderId)];
  const one = cluster([...base, invitation(invite), a, b]).register;
  const two = cluster([b, a, invitation(invite), ...base]).register;
  assert.equal(one.members.size, 2);
  assert.deepEqual([...one.members.keys()].sort(), [...two.members.keys()].sort());
  assert.equal(one.expelled.size, 1);
});

function record(key: string, value: Uint8Array | null, author: AccountId | null, host: KeyPair, batch = 1): JudgedRecord {
  return { namespace: network.namespace, key, value, author, host: hostId(host), incarnation: 1, batch };
}

test("rules let each write only what is theirs", () => {
  const [invite, cellar] = [newKey(), newKey()];
  const friend = idFromBytes<AccountId>(newKey().publicKey);
  const made = cluster([...base, invitation(invite), admission("cellar", invite, cellar, friend)]);
  const verdict = (each: JudgedRecord): string => made.judge(each, network.genesis).kind;
  const removal = removalCodec.encode({ honoured: [{ incarnation: 1, batch: 4 }] });
  assert.equal(verdict(record(`removed/${hostId(cellar)}/${founderId}`, removal, founderId, attic)), "accept");
  assert.equal(verdict(record(`removed/${hostId(attic)}/${friend}`, removal, friend, cellar)), "refuse");
  assert.equal(verdict(record(`removed/${hostId(cellar)}/${friend}`, removal, friend, cellar)), "accept", "people remove their own hosts");
  assert.equal(verdict(record(`removed/${hostId(cellar)}/${founderId}`, null, founderId, attic)), "refuse", "a removal stays");
  assert.equal(verdict(record(`host/${hostId(attic)}`, null, null, cellar)), "refuse");
  assert.equal(verdict(record(`administrator/${friend}`, new Uint8Array(), friend, cellar)), "refuse");
  assert.equal(verdict(record("nonsense/1", new Uint8Array(), founderId, attic)), "refuse");
  assert.equal(verdict(record("host/x", null, null, newKey())), "later", "an unknown host may become known");
  const other = newKey();
  assert.equal(verdict(record(`invite/${inviteId(other)}`, terms(other, friend, 1, "administrator"), friend, cellar)), "refuse");
  assert.equal(verdict(record(`invite/${inviteId(other)}`, terms(other, friend), friend, cellar)), "accept");
});

test("a key that names nobody is refused, and one that came through all the same keeps no host from reading the roster", () => {
  const cellar = newKey();
  const cellarId = idFromBytes<AccountId>(cellar.publicKey);
  const invite = newKey();
  const made = cluster([...base, invitation(invite), admission("cellar", invite, cellar, cellarId)]);
  const value = terms(invite, cellarId);
  const judge = (key: string, bytes: Uint8Array | null, author: AccountId = cellarId): string => {
    const verdict = made.judge(record(key, bytes, author, cellar), network.genesis);
    return verdict.kind === "refuse" ? verdict.code : verdict.kind;
  };
  const removal = removalCodec.encode({ honoured: [] });
  assert.equal(judge("invite/garbage", value), "MALFORMED");
  assert.equal(judge(`invite/${inviteId(invite)}/more`, value), "MALFORMED");
  assert.equal(judge(`invite/${inviteId(invite)}`, null), "NOT_DELETABLE");
  assert.equal(judge(`revoked/${cellarId}/garbage`, removal), "MALFORMED");
  assert.equal(judge("administrator/garbage", removal, founderId), "MALFORMED");
  assert.equal(judge("removed/garbage", removal, founderId), "MALFORMED");
  for (const key of ["constructor", "__proto__/x", "toString", "hasOwnProperty/y"]) assert.equal(judge(key, value), "UNKNOWN_KIND", key);
  const named = admission("<b>\n\u202e", invite, cellar, cellarId);
  assert.equal(judge(named.key, named.values[0]!), "MALFORMED");
  for (const type of ["constructor", "__proto__", "toString"]) {
    const verdict = made.judge(record("x", value, cellarId, cellar), { ...network.genesis, type });
    assert.equal(verdict.kind === "refuse" ? verdict.code : verdict.kind, "UNKNOWN_TYPE", type);
  }
  const poisoned = cluster([...base, { key: "invite/garbage", values: [value] }, { key: `host/${hostId(attic)}`, values: [new Uint8Array(3)] }]);
  assert.equal(poisoned.register.members.size, 1);
});

test("nobody renames or moves another's host, or changes the terms of another's invite or of their own", () => {
  const [invite, cellar, mole] = [newKey(), newKey(), newKey()];
  const [friend, foe] = [cellar, mole].map((key) => idFromBytes<AccountId>(key.publicKey)) as [AccountId, AccountId];
  const moles = newKey();
  const made = cluster([...base, invitation(invite), invitation(moles, 1000, "administrator"), admission("cellar", invite, cellar, friend), admission("mole", moles, mole, foe)]);
  const judge = (entry: NetworkEntry, author: AccountId | null, host: KeyPair): string => {
    const verdict = made.judge(record(entry.key, entry.values[0]!, author, host), network.genesis);
    return verdict.kind === "refuse" ? verdict.code : verdict.kind;
  };
  const genuine = admission("cellar", invite, cellar, friend);
  const { consent, ...rest } = admissionCodec.decode(genuine.values[0]!);
  const altered = (change: object): NetworkEntry => ({ key: genuine.key, values: [admissionCodec.encode({ ...rest, ...change, consent })] });
  assert.equal(judge(genuine, foe, mole), "accept", "anybody may bring the genuine one");
  for (const change of [{ name: "attic" }, { zone: "elsewhere" }, { capacityBytes: 10 ** 15 }]) assert.equal(judge(altered(change), foe, mole), "NOT_CONSENTED", JSON.stringify(change));
  const entry = (key: KeyPair, value: Uint8Array): NetworkEntry => ({ key: `invite/${inviteId(key)}`, values: [value] });
  assert.equal(judge(entry(invite, terms(invite, founderId)), foe, mole), "NOT_PROVEN", "in the inviter's name");
  const stranger = inviteCodec.encode(signInvite(newKey(), network.id, { inviter: foe, expiresMs: 1, zone: "elsewhere", quotaBytes: null, role: "member" }));
  assert.equal(judge(entry(invite, stranger), foe, mole), "NOT_PROVEN", "signed by another key");
  assert.equal(judge(entry(invite, terms(invite, friend)), friend, cellar), "NOT_OWN", "the guest has the key, and makes no better terms of it");
  assert.equal(judge(invitation(invite), founderId, attic), "accept", "whoever comes late hears of it from its maker");
});

test("a removed host's later batches are refused, its earlier ones are not", () => {
  const [invite, cellar] = [newKey(), newKey()];
  const friend = idFromBytes<AccountId>(newKey().publicKey);
  const removal = removalCodec.encode({ honoured: [{ incarnation: 1, batch: 4 }] });
  const made = cluster([...base, invitation(invite), admission("cellar", invite, cellar, friend), { key: `removed/${hostId(cellar)}/${founderId}`, values: [removal] }]);
  assert.equal(made.register.members.size, 1);
  assert.equal(made.judge(record(`host/${hostId(cellar)}`, null, null, cellar, 4), network.genesis).kind, "accept");
  assert.equal(made.judge(record(`host/${hostId(cellar)}`, null, null, cellar, 5), network.genesis).kind, "refuse");
});

test("what the voters, or an invite and its guest, have signed counts whoever brings it, a removed host too", () => {
  const [invite, cellar, shed] = [newKey(), newKey(), newKey()];
  const friend = idFromBytes<AccountId>(newKey().publicKey);
  const [number, invited] = [1, [invitation(invite), admission("cellar", invite, cellar, friend)]];
  const first: NetworkEntry = { key: "voters/1", values: [votersCodec.encode({ number, term: 0, hosts: [hostId(attic)], approvals: [] })] };
  const second = { number: 2, term: 1, hosts: [hostId(attic), hostId(cellar)] };
  const removed: NetworkEntry = { key: `removed/${hostId(shed)}/${founderId}`, values: [removalCodec.encode({ honoured: [] })] };
  const made = cluster([...base, ...invited, first, admission("shed", undefined, shed, founderId), removed]);
  const judge = (key: string, value: Uint8Array): string => made.judge(record(key, value, null, shed), network.genesis).kind;
  const absent = { host: hostId(cellar), returns: 0, number };
  const signedBy = (key: KeyPair, signature: Uint8Array): { readonly host: HostId; readonly signature: Uint8Array }[] => [{ host: hostId(key), signature }];
  const proven: readonly (readonly [string, Uint8Array])[] = [
    [invited[1]!.key, invited[1]!.values[0]!],
    ["voters/2", votersCodec.encode({ ...second, approvals: [approve(attic, hostId(attic), network.id, second)] })],
    [`gone/${hostId(cellar)}`, departureCodec.encode({ returns: 0, number, signatures: signedBy(attic, signAbsence(attic, network.id, absent)) })],
    [`attested/${hostId(cellar)}`, attestationCodec.encode({ number, signatures: signedBy(attic, attest(attic, network.id, { host: hostId(cellar), invite: inviteId(invite), number })) })],
  ];
  for (const [key, value] of proven) assert.equal(judge(key, value), "accept", key);
  assert.equal(judge("voters/2", votersCodec.encode({ ...second, approvals: [approve(shed, hostId(shed), network.id, second)] })), "later", "nobody who votes has signed it");
  for (const [key, value] of [[first.key, first.values[0]!], [base[0]!.key, base[0]!.values[0]!]] as const) assert.equal(judge(key, value), "refuse", "nobody has signed it");
});

for (const ending of ["revoked", "removed"] as const) {
  test(`a host of the founder's that was ${ending} does not put itself in place of all voters by approving itself as the first`, () => {
    const [study, cellar] = [newKey(), newKey()];
    const second = { number: 2, term: 1, hosts: [hostId(attic), hostId(cellar)] };
    const voters = [{ number: 1, term: 0, hosts: [hostId(attic)], approvals: [] }, { ...second, approvals: [approve(attic, hostId(attic), network.id, second)] }];
    const entries = voters.map((each): NetworkEntry => ({ key: `voters/${each.number}`, values: [votersCodec.encode(each)] }));
    const ended: NetworkEntry = { key: ending === "revoked" ? `revoked/${founderId}/${hostId(study)}` : `removed/${hostId(study)}/${founderId}`, values: [removalCodec.encode({ honoured: [] })] };
    const hosts = [admission("study", undefined, study, founderId), admission("cellar", undefined, cellar, founderId)];
    const [made, before] = [cluster([...base, ...hosts, ...entries, ended]), cluster([...base, ...hosts, ...entries])];
    assert.deepEqual(made.register.voters, second.hosts);
    const first = { number: 1, term: 0, hosts: [hostId(study)] };
    const forged = record("voters/1", votersCodec.encode({ ...first, approvals: [approve(study, hostId(study), network.id, first)] }), founderId, study, 9);
    assert.deepEqual([made, before].map((each) => each.judge(forged, network.genesis).kind), ["refuse", "refuse"]);
    assert.ok(!carriesProof(forged) && isExcluded(forged, made.exclusions()), "where it had come, it goes");
  });
}

test("of two removals beside each other the stricter counts, in either order", () => {
  const [invite, cellar] = [newKey(), newKey()];
  const friend = idFromBytes<AccountId>(newKey().publicKey);
  const said = (...honoured: readonly (readonly [number, number])[]): Uint8Array => removalCodec.encode({ honoured: honoured.map(([incarnation, batch]) => ({ incarnation, batch })) });
  const [strict, generous] = [said([1, 4], [2, 9]), said([1, 1000])];
  for (const values of [[strict, generous], [generous, strict]]) {
    const made = cluster([...base, invitation(invite), admission("cellar", invite, cellar, friend), { key: `revoked/${friend}/${hostId(cellar)}`, values }]);
    const other = newKey();
    const judge = (incarnation: number, batch: number): string => made.judge({ ...record(`invite/${inviteId(other)}`, terms(other, friend), friend, cellar, batch), incarnation }, network.genesis).kind;
    assert.deepEqual([judge(1, 4), judge(1, 5), judge(2, 1)], ["accept", "refuse", "refuse"]);
  }
});

test("nobody writes over another's removal, and the strictest counts, so that a removed host's person honours no more of it", () => {
  const [invite, cellar] = [newKey(), newKey()];
  const friend = idFromBytes<AccountId>(newKey().publicKey);
  const said = (batch: number): Uint8Array => removalCodec.encode({ honoured: [{ incarnation: 1, batch }] });
  const removed = (by: AccountId, batch: number): NetworkEntry => ({ key: `removed/${hostId(cellar)}/${by}`, values: [said(batch)] });
  const known = [...base, invitation(invite), admission("cellar", invite, cellar, friend)];
  const over = cluster(known).judge(record(removed(founderId, 9).key, said(9), friend, cellar), network.genesis);
  assert.equal(over.kind === "refuse" ? over.code : over.kind, "NOT_OWN");
  for (const removals of [[removed(founderId, 4), removed(friend, 1000)], [removed(friend, 1000), removed(founderId, 4)]]) {
    const { register } = cluster([...known, ...removals]);
    assert.deepEqual(register.removals.get(hostId(cellar)), { honoured: [{ incarnation: 1, batch: 4 }] });
  }
});

test("who made an invite cannot make the invited host another person's afterwards", () => {
  const [invite, cellar] = [newKey(), newKey()];
  const [friend, thief] = [newKey(), newKey()].map((key) => idFromBytes<AccountId>(key.publicKey)) as [AccountId, AccountId];
  const made = cluster([...base, invitation(invite), admission("cellar", invite, cellar, friend)]);
  const judge = (entry: NetworkEntry): string => {
    const verdict = made.judge(record(entry.key, entry.values[0]!, founderId, attic), network.genesis);
    return verdict.kind === "refuse" ? verdict.code : verdict.kind;
  };
  assert.equal(judge(admission("cellar", invite, cellar, thief)), "ALREADY_MEMBER");
  assert.equal(judge(admission("cellar", invite, cellar, friend)), "accept");
});

test("an administrator is not unnamed, so that what they did can be judged by whoever joins later", () => {
  const friend = idFromBytes<AccountId>(newKey().publicKey);
  const made = cluster([...base, { key: `administrator/${friend}`, values: [new Uint8Array(1)] }]);
  const verdict = made.judge(record(`administrator/${friend}`, null, founderId, attic), network.genesis);
  assert.equal(verdict.kind === "refuse" ? verdict.code : verdict.kind, "NOT_DELETABLE");
});

test("a person revokes a delegation from another host than the one that has it", () => {
  const [invite, cellar] = [newKey(), newKey()];
  const made = cluster([...base, invitation(invite), admission("cellar", invite, cellar, founderId)]);
  const judge = (author: AccountId | null, from: KeyPair): string => {
    const verdict = made.judge(record(`revoked/${founderId}/${hostId(cellar)}`, removalCodec.encode({ honoured: [{ incarnation: 1, batch: 1_000_000 }] }), author, from), network.genesis);
    return verdict.kind === "refuse" ? verdict.code : verdict.kind;
  };
  assert.equal(judge(founderId, attic), "accept");
  assert.equal(judge(founderId, cellar), "OWN_DELEGATION");
  assert.equal(judge(null, attic), "NOT_OWN");
  assert.equal(made.judge(record(`revoked/${founderId}/${hostId(newKey())}`, removalCodec.encode({ honoured: [] }), founderId, attic), network.genesis).kind, "later", "of a host that may never come nothing is kept");
});

test("a host that hears of a later configuration first waits for those before it", () => {
  const cellar = newKey();
  const entry = (number: number, hosts: readonly HostId[], approvals: readonly ReturnType<typeof approve>[]): NetworkEntry => ({ key: `voters/${number}`, values: [votersCodec.encode({ number, term: 0, hosts: [...hosts], approvals: [...approvals] })] });
  const [one, two] = [[hostId(attic)], [hostId(attic), hostId(cellar)]];
  const [first, second] = [entry(1, one, []), entry(2, two, [approve(attic, hostId(attic), network.id, { number: 2, term: 0, hosts: two })])];
  const judge = (known: readonly NetworkEntry[], { key, values }: NetworkEntry, author: AccountId | null = null): string => cluster([...base, ...known]).judge(record(key, values[0]!, author, attic), network.genesis).kind;
  assert.equal(judge([], second), "later");
  assert.equal(judge([], first, founderId), "accept");
  assert.equal(judge([first], second), "accept");
  assert.equal(judge([first], entry(2, two, [])), "refuse");
  assert.deepEqual(cluster([...base, second]).register.voters, []);
  assert.deepEqual(cluster([...base, second, first]).register.voters, two);
});

test("voters change one at a time, with a majority of the former ones", () => {
  const keys = [newKey(), newKey(), newKey()];
  const hosts = keys.map(hostId);
  const current = { number: 4, term: 6, hosts: hosts.slice(0, 2), approvals: [] };
  const approvals = keys.map((key) => approve(key, hostId(key), network.id, { number: 5, term: 7, hosts }));
  const next = { number: 5, term: 7, hosts, approvals: approvals.slice(0, 2) };
  assert.ok(mayFollow(network.id, current, next));
  assert.ok(!mayFollow(network.id, current, { ...next, approvals: [approvals[0]!, approvals[2]!] }), "the newcomer does not approve itself");
  assert.ok(!mayFollow(network.id, current, { ...next, approvals: [approvals[0]!, approvals[0]!] }), "one voter has one vote");
  assert.ok(!mayFollow(network.id, current, { ...next, number: 6 }));
  assert.ok(!mayFollow(network.id, { ...current, hosts: hosts.slice(0, 1) }, next), "two at a time");
  assert.ok(!mayFollow(network.id, current, { ...next, term: 8 }), "what was approved in one term is not what another proposed");
  assert.ok(!mayFollow(network.id, { ...current, term: 8 }, next), "terms do not go back");
  assert.deepEqual(votersCodec.decode(votersCodec.encode(next)), next);
});

test("a host is being emptied by its own, its person's or an administrator's word, and is no voter to come", () => {
  const [invite, cellar, others, shed] = [newKey(), newKey(), newKey(), newKey()];
  const [friend, other] = [cellar, shed].map((key) => idFromBytes<AccountId>(key.publicKey)) as [AccountId, AccountId];
  const known = [...base, invitation(invite), invitation(others), admission("cellar", invite, cellar, friend), admission("shed", others, shed, other)];
  const said = drainingCodec.encode({ sinceMs: 5 });
  const key = `draining/${hostId(cellar)}`;
  const judge = (value: Uint8Array | null, author: AccountId | null, from: KeyPair): string => cluster(known).judge(record(key, value, author, from), network.genesis).kind;
  for (const value of [said, null]) {
    assert.deepEqual([judge(value, null, cellar), judge(value, friend, cellar), judge(value, founderId, attic)], ["accept", "accept", "accept"]);
    assert.deepEqual([judge(value, null, shed), judge(value, other, shed)], ["refuse", "refuse"]);
  }
  assert.equal(judge(new Uint8Array(3), null, cellar), "refuse");
  const emptying = cluster([...known, { key, values: [said] }]);
  assert.deepEqual([emptying.member(hostId(cellar))?.isDraining, emptying.member(hostId(shed))?.isDraining], [true, false]);
  assert.ok(emptying.active().includes(hostId(cellar)));
  assert.deepEqual(nextVoters([hostId(attic)], emptying.register, [hostId(cellar), hostId(shed)]), [hostId(attic), hostId(shed)]);
  assert.equal(cluster([...known, { key, values: [] }]).member(hostId(cellar))?.isDraining, false);
});

test("a person's quota is an administrator's to set, the greatest of several counts, and without one it is an equal share", () => {
  const [invite, cellar] = [newKey(), newKey()];
  const friend = idFromBytes<AccountId>(cellar.publicKey);
  const known = [...base, invitation(invite), admission("cellar", invite, cellar, friend)];
  const set = (...bytes: number[]): NetworkEntry => ({ key: `quota/${friend}`, values: bytes.map((each) => quotaCodec.encode({ bytes: each })) });
  const judge = (author: AccountId, from: KeyPair): string => cluster(known).judge(record(set().key, quotaCodec.encode({ bytes: 9 }), author, from), network.genesis).kind;
  assert.deepEqual([judge(founderId, attic), judge(friend, cellar)], ["accept", "refuse"]);
  assert.equal(cluster([...known, set(7, 9, 8)]).register.people.get(friend)?.quotaBytes, 9);
  const { quotaBytes, quotaFrom } = cluster([...known, set()]).register.people.get(friend)!;
  assert.deepEqual([quotaBytes, quotaFrom], [1, "share"], "two hosts of one byte each, and two people");
});

test("an audit is its auditor's, and what two of them say makes a suspect of a member", () => {
  const [invite, others, cellar, shed] = [newKey(), newKey(), newKey(), newKey()];
  const [friend, other] = [cellar, shed].map((key) => idFromBytes<AccountId>(key.publicKey)) as [AccountId, AccountId];
  const known = [...base, invitation(invite), invitation(others), admission("cellar", invite, cellar, friend), admission("shed", others, shed, other)];
  const said = auditCodec.encode({ provenBytes: 9, failures: 3, isSuspect: true, toldMs: 5 });
  const about = (auditor: KeyPair): string => auditKey(hostId(auditor), hostId(cellar));
  const judge = (key: string, value: Uint8Array | null, from: KeyPair): string => cluster(known).judge(record(key, value, null, from), network.genesis).kind;
  assert.deepEqual([judge(about(shed), said, shed), judge(about(shed), null, shed)], ["accept", "accept"]);
  assert.deepEqual([judge(about(shed), said, attic), judge(about(cellar), said, cellar), judge(about(shed), new Uint8Array(3), shed)], ["refuse", "refuse", "refuse"]);
  assert.equal(judge(`${about(shed)}/more`, said, shed), "refuse");
  assert.equal(judge(auditKey(hostId(shed), hostId(newKey())), said, shed), "later", "of a host that may never come nothing is kept");
  const one = cluster([...known, { key: about(shed), values: [said] }]).member(hostId(cellar))!;
  assert.deepEqual([one.isSuspect, one.provenBytes], [false, 9]);
  assert.equal(cluster([...known, { key: about(shed), values: [said] }, { key: about(attic), values: [said] }]).member(hostId(cellar))!.isSuspect, true);
});

test("who of those connected is a member is worked out anew when either changes, and only then", () => {
  const [cellar, shed] = [newKey(), newKey()];
  let connected = [hostId(cellar), hostId(shed)];
  const made = new Cluster({ self: hostId(attic), network, connected: () => connected, rules: {}, networkRules: {} });
  made.update(base);
  const nobody = made.online();
  assert.deepEqual(nobody, []);
  assert.equal(made.online(), nobody);
  made.update([...base, admission("cellar", undefined, cellar, founderId)]);
  const members = made.members();
  assert.deepEqual([made.online(), members], [[hostId(cellar)], [hostId(attic), hostId(cellar)]]);
  assert.equal(made.online(), made.online());
  connected = [hostId(shed)];
  assert.deepEqual(made.online(), []);
});
