import assert from "node:assert/strict";
import test from "node:test";
import type { Genesis, JudgedRecord, Register, Rule } from "../cluster/index.ts";
import { genesisCodec, namespaceIdOf } from "../cluster/index.ts";
import type { AccountId, HostId, NamespaceId, NetworkId, PackId } from "../codec/index.ts";
import { codec, byteString, struct, utf8 } from "../codec/index.ts";
import { claimKey, encodeClaim, settle, siteGenesis, voteCodec, voteKey } from "./claim.ts";
import type { Claim } from "./claim.ts";
import { claimedDomainCodec, domainKey, givenDomainCodec } from "./domains/domain-records.ts";
import { namedId } from "./fakes/records.ts";
import { headCodec, historyKey } from "./head.ts";
import { domainRule, nameRule, siteRule } from "./rules.ts";
import { visitsCodec, visitsKey } from "./visits/visit-records.ts";
import { rawLeaf } from "./unixfs/block.ts";

const network = namedId<NetworkId>("network");
const [ada, bob] = [namedId<AccountId>("ada"), namedId<AccountId>("bob")];
const [attic, cellar] = [namedId<HostId>("attic"), namedId<HostId>("cellar")];
const genesis = siteGenesis(network, ada, new Uint8Array(16));
const site = namespaceIdOf(genesis);

function verdict(rule: Rule, record: Partial<JudgedRecord> & { readonly key: string }, of: Genesis = genesis): string {
  const whole: JudgedRecord = { namespace: network as string as NamespaceId, value: null, author: ada, host: attic, incarnation: 1, batch: 1, ...record };
  const result = rule(whole, of, {} as Register);
  return result.kind === "refuse" ? result.code : result.kind;
}

test("people claim a name for themselves and nobody else", () => {
  const value = encodeClaim(genesis);
  assert.equal(verdict(nameRule, { key: claimKey("blog", ada), value }), "accept");
  assert.equal(verdict(nameRule, { key: claimKey("blog", ada), value: null }), "accept");
  assert.equal(verdict(nameRule, { key: claimKey("blog", ada), value, author: bob }), "NOT_OWN");
  assert.equal(verdict(nameRule, { key: claimKey("blog", ada), value: null, author: bob }), "NOT_OWN");
  assert.equal(verdict(nameRule, { key: claimKey("blog", ada), value, author: null }), "NOT_OWN");
  assert.equal(verdict(nameRule, { key: claimKey("blog", bob), value, author: bob }), "NOT_OWN");
});

test("a claim is for a site of this network that every host can have", () => {
  const claim = (changed: Partial<Genesis>): string => verdict(nameRule, { key: claimKey("blog", ada), value: encodeClaim({ ...genesis, ...changed }) });
  assert.equal(claim({ network: namedId<NetworkId>("another") }), "NOT_OWN");
  assert.equal(claim({ type: "drive" }), "NOT_OWN");
  assert.equal(claim({ replicas: 3 }), "NOT_OWN");
});

test("a name that cannot name a site is not claimed, whoever asks", () => {
  const value = encodeClaim(genesis);
  for (const label of ["Blog", "-x", "localhost", "a_b", "", "x".repeat(64)]) assert.equal(verdict(nameRule, { key: claimKey(label, ada), value }), "UNKNOWN_KIND", label);
  for (const key of ["name/blog", "name/blog/other/x", `${claimKey("blog", ada)}/x`, "name"]) assert.equal(verdict(nameRule, { key, value }), "UNKNOWN_KIND", key);
});

test("malformed claims and votes are refused", () => {
  assert.equal(verdict(nameRule, { key: "name/blog/claim/short", value: encodeClaim(genesis) }), "MALFORMED");
  assert.equal(verdict(nameRule, { key: claimKey("blog", ada), value: utf8("?") }), "MALFORMED");
  const nested = codec("", 1, 4096, struct({ genesis: byteString(2048) })).encode({ genesis: utf8("no genesis") });
  assert.equal(verdict(nameRule, { key: claimKey("blog", ada), value: nested }), "MALFORMED");
  assert.equal(verdict(nameRule, { key: voteKey("blog", attic), author: null, value: genesisCodec.encode(genesis) }), "MALFORMED");
});

test("a host votes for itself and in its own name", () => {
  const value = voteCodec.encode({ namespace: site });
  assert.equal(verdict(nameRule, { key: voteKey("blog", attic), value, author: null }), "accept");
  assert.equal(verdict(nameRule, { key: voteKey("blog", attic), value: null, author: null }), "accept");
  assert.equal(verdict(nameRule, { key: voteKey("blog", cellar), value, author: null }), "NOT_OWN");
  assert.equal(verdict(nameRule, { key: voteKey("blog", attic), value, author: ada }), "NOT_OWN");
});

test("only the owner writes a site's heads, and the history's keys tell the truth", () => {
  const blob = rawLeaf(utf8("x")).id;
  const value = headCodec.encode({ sequence: 7, root: blob, manifest: { id: blob, pack: namedId<HostId>("pack") as string as PackId, offset: 0, length: 1 }, files: 1, sizeBytes: 1, publishedMs: 1, previous: 6 });
  const judge = (record: Partial<JudgedRecord> & { readonly key: string }): string => verdict(siteRule, { namespace: site, ...record });
  assert.equal(judge({ key: "head", value }), "accept");
  assert.equal(judge({ key: historyKey(7), value }), "accept");
  assert.equal(judge({ key: historyKey(8), value }), "OTHER_SEQUENCE");
  assert.equal(judge({ key: "head/7", value }), "OTHER_SEQUENCE");
  assert.equal(judge({ key: "head", value: null }), "accept");
  for (const author of [bob, null]) assert.equal(judge({ key: "head", value, author }), "NOT_OWNER");
  assert.equal(judge({ key: "head", value: null, author: bob }), "NOT_OWNER");
  assert.equal(judge({ key: "head", value: utf8("?") }), "MALFORMED");
  assert.equal(judge({ key: "other", value }), "UNKNOWN_KIND");
  assert.equal(verdict(siteRule, { key: "head", value, author: null }, { ...genesis, owner: null }), "NOT_OWNER");
});

test("a site whose genesis says more than whose it is takes no records", () => {
  const long = { ...genesis, rules: new Uint8Array(4096) };
  const counted = { key: visitsKey(attic), author: null };
  assert.equal(verdict(siteRule, counted), "accept");
  assert.equal(verdict(siteRule, counted, long), "MALFORMED");
  assert.equal(verdict(siteRule, { key: "head" }, long), "MALFORMED");
});

test("packs of a site are judged by the pool", () => {
  assert.equal(verdict(siteRule, { namespace: site, key: "pack/short", value: utf8("x") }), "MALFORMED");
  assert.equal(verdict(siteRule, { namespace: site, key: "claim/short", value: utf8("x") }), "MALFORMED");
});

function claimBy(owner: AccountId, nonce: number): Claim {
  const made = siteGenesis(network, owner, new Uint8Array(16).fill(nonce));
  return { namespace: namespaceIdOf(made), genesis: made, owner };
}

test("a name belongs to the claim with a majority, else to the same one everywhere", () => {
  const voters = ["a", "b", "c"].map((name) => namedId<HostId>(name));
  const claims = [claimBy(ada, 1), claimBy(bob, 2)] as const;
  const smaller = settle({ claims, votes: new Map() }, voters)!;
  assert.equal(smaller.standing, "provisional");
  assert.equal(settle({ claims: claims.toReversed(), votes: new Map() }, voters)!.claim.namespace, smaller.claim.namespace);
  const other = claims.find((claim) => claim.namespace !== smaller.claim.namespace)!;
  const votes = (...hosts: HostId[]): Map<HostId, NamespaceId> => new Map(hosts.map((host) => [host, other.namespace]));
  assert.deepEqual(settle({ claims, votes: votes(voters[0]!) }, voters), { claim: other, standing: "provisional" });
  assert.deepEqual(settle({ claims, votes: votes(voters[0]!, voters[2]!) }, voters), { claim: other, standing: "final" });
  assert.deepEqual(settle({ claims, votes: votes(attic, cellar) }, voters), smaller, "votes of hosts that are no voters do not count");
  assert.equal(settle({ claims: [], votes: votes(voters[0]!) }, voters), undefined);
});

test("a site's owner alone says which domains it should have, and an administrator alone gives one", () => {
  const key = domainKey("example.org");
  const value = claimedDomainCodec.encode({ sinceMs: 1 });
  assert.equal(verdict(siteRule, { key, value, namespace: site }), "accept");
  assert.equal(verdict(siteRule, { key, value: null, namespace: site }), "accept");
  assert.equal(verdict(siteRule, { key, value, namespace: site, author: bob }), "NOT_OWNER");
  assert.equal(verdict(siteRule, { key, value: utf8("?"), namespace: site }), "MALFORMED");
  assert.equal(verdict(siteRule, { key: "domain/x", value, namespace: site }), "MALFORMED");
  const given = givenDomainCodec.encode({ namespace: site });
  const people = new Map([[bob, { isAdministrator: true }]]);
  const judged = (record: Partial<JudgedRecord>): string => {
    const whole = { namespace: network as string as NamespaceId, key, value: given, author: bob, host: attic, incarnation: 1, batch: 1, ...record };
    const result = domainRule(whole, genesis, { people } as unknown as Register);
    return result.kind === "refuse" ? result.code : result.kind;
  };
  assert.equal(judged({}), "accept");
  assert.equal(judged({ value: null }), "accept");
  assert.equal(judged({ author: ada }), "NOT_ADMINISTRATOR");
  assert.equal(judged({ author: null }), "NOT_ADMINISTRATOR");
  assert.equal(judged({ value: utf8("?") }), "MALFORMED");
  assert.equal(judged({ key: "domain/localhost" }), "UNKNOWN_KIND");
});

test("a host says how often sites were asked for on itself, in its own name, about any site", () => {
  const value = visitsCodec.encode({ days: [] });
  const record = { key: visitsKey(attic), value, namespace: site, author: null };
  assert.equal(verdict(siteRule, record), "accept");
  assert.equal(verdict(siteRule, { ...record, value: null }), "accept");
  assert.equal(verdict(siteRule, { ...record, author: ada }), "NOT_OWN");
  assert.equal(verdict(siteRule, { ...record, key: visitsKey(cellar) }), "NOT_OWN");
  assert.equal(verdict(siteRule, { ...record, key: "visits/x" }), "MALFORMED");
  assert.equal(verdict(siteRule, { ...record, value: utf8("?") }), "MALFORMED");
});
