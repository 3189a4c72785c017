import assert from "node:assert/strict";
import test from "node:test";
import type { Genesis, JudgedRecord } from "../../cluster/index.ts";
import { delegate, namespaceIdOf } from "../../cluster/index.ts";
import type { AccountId, HostId, NetworkId } from "../../codec/index.ts";
import { idFromBytes, utf8 } from "../../codec/index.ts";
import { sha256 } from "../../crypto/index.ts";
import { claimCodec, signClaim } from "./claim.ts";
import { keyOf } from "../fakes/village.ts";
import { abortedCodec, condemnedCodec } from "./fate.ts";
import { abortedKey, claimKey, condemnedKey, packKey } from "./keys.ts";
import { encodeBody, packIdOf, signPack } from "./pack-record.ts";
import type { Somebody } from "./rule.ts";
import { poolRule } from "./rule.ts";

const network = idFromBytes<NetworkId>(sha256(utf8("a network")));
const [ownerKey, writerKey, holderKey, strangerKey] = [keyOf("owner"), keyOf("writer"), keyOf("holder"), keyOf("stranger")];
const [owner, stranger] = [idFromBytes<AccountId>(ownerKey.publicKey), idFromBytes<AccountId>(strangerKey.publicKey)];
const [writer, holder, other] = [writerKey, holderKey, strangerKey].map(({ publicKey }) => idFromBytes<HostId>(publicKey)) as [HostId, HostId, HostId];
const genesis: Genesis = { type: "site", network, owner, replicas: 0, subShards: 1, rules: new Uint8Array(0), nonce: utf8("nonce") };
const namespace = namespaceIdOf(genesis);
const body = encodeBody({ k: 1, m: 0, copies: 3, sizeBytes: 0, pieceBytes: 0, roots: [new Uint8Array(32)], blobs: [], nonce: new Uint8Array(16) });
const pack = packIdOf(body);
const signed = signPack(namespace, body, delegate(ownerKey, { network, account: owner, host: writer, issuedMs: 1 }), writerKey);
const forged = signPack(namespace, body, delegate(strangerKey, { network, account: stranger, host: other, issuedMs: 1 }), strangerKey);
const claim = claimCodec.encode(signClaim(namespace, { pack, index: 0, host: holder, sizeBytes: 0 }, holderKey));
const forgedClaim = claimCodec.encode(signClaim(namespace, { pack, index: 0, host: holder, sizeBytes: 0 }, strangerKey));

/** "accept", or the code of the refusal. */
function verdict(record: Partial<JudgedRecord>, somebody: Somebody = { people: new Set([owner]), admissions: new Map() }): string {
  const judged = poolRule({ namespace, key: packKey(pack), value: signed, author: owner, host: writer, incarnation: 1, batch: 1, ...record }, genesis, somebody);
  return judged.kind === "refuse" ? judged.code : judged.kind;
}

test("a pack record stands by its owner's signature inside, whoever brings it", () => {
  assert.equal(verdict({}), "accept");
  assert.equal(verdict({ author: null, host: holder }), "accept");
  assert.equal(verdict({ value: forged, author: stranger, host: other }), "NOT_OWNER");
  assert.equal(verdict({ value: forged }), "NOT_OWNER");
  assert.equal(verdict({ key: packKey(packIdOf(utf8("something else"))) }), "WRONG_ID");
  assert.equal(verdict({ value: utf8("nonsense") }), "MALFORMED");
  assert.equal(verdict({ key: "pack/nonsense" }), "MALFORMED");
});

test("a pack waits until its owner has been let in, and stands although they were removed since", () => {
  const admissions = new Map([[other, { account: owner }]]);
  assert.equal(verdict({}, { people: new Set([stranger]), admissions: new Map() }), "later");
  assert.equal(verdict({ author: null, host: holder }, { people: new Set([stranger]), admissions: new Map([[other, { account: stranger }]]) }), "later");
  assert.equal(verdict({ author: null, host: holder }, { people: new Set(), admissions }), "accept");
  assert.equal(verdict({ value: forged }, { people: new Set(), admissions: new Map() }), "NOT_OWNER", "a forged one is refused at once");
  const key = claimKey(pack, 0, holder);
  assert.equal(verdict({ key, value: claim }, { people: new Set(), admissions: new Map() }), "accept");
});

test("a pack is deleted by its owner and nobody else", () => {
  assert.equal(verdict({ value: null }), "accept");
  assert.equal(verdict({ value: null, author: null }), "NOT_OWNER");
  assert.equal(verdict({ value: null, author: stranger, host: other }), "NOT_OWNER");
});

test("a claim is written by anybody who has it signed by its holder", () => {
  const key = claimKey(pack, 0, holder);
  assert.equal(verdict({ key, value: claim }), "accept");
  assert.equal(verdict({ key, value: claim, author: null, host: other }), "accept");
  assert.equal(verdict({ key, value: forgedClaim, author: null, host: other }), "NOT_HOLDER");
  assert.equal(verdict({ key: claimKey(pack, 1, holder), value: claim }), "WRONG_ID");
  assert.equal(verdict({ key: claimKey(pack, 0, other), value: claim }), "WRONG_ID");
});

test("a claim is withdrawn by its holder or the owner", () => {
  const key = claimKey(pack, 0, holder);
  assert.equal(verdict({ key, value: null, author: null, host: holder }), "accept");
  assert.equal(verdict({ key, value: null, author: owner, host: other }), "accept");
  assert.equal(verdict({ key, value: null, author: null, host: other }), "NOT_HOLDER");
  assert.equal(verdict({ key, value: null, author: stranger, host: other }), "NOT_HOLDER");
});

test("that a pack is condemned or was given up is its owner's to say and to take back", () => {
  for (const [key, value] of [[condemnedKey(pack), condemnedCodec.encode({ sinceMs: 7 })], [abortedKey(pack), abortedCodec.encode({ sinceMs: 7 })]] as const) {
    for (const said of [value, null]) {
      assert.equal(verdict({ key, value: said }), "accept");
      assert.equal(verdict({ key, value: said, author: null, host: holder }), "NOT_OWNER");
      assert.equal(verdict({ key, value: said, author: stranger, host: other }), "NOT_OWNER");
    }
    assert.equal(verdict({ key, value: utf8("nonsense") }), "MALFORMED");
    assert.equal(verdict({ key: `${key}/x`, value }), "MALFORMED");
  }
});

test("keys of other rooms are refused", () => {
  assert.equal(verdict({ key: "head" }), "UNKNOWN_KIND");
});
