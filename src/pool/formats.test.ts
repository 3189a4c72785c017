import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import test from "node:test";
import fc from "fast-check";
import type { Genesis } from "../cluster/index.ts";
import { delegate, namespaceIdOf } from "../cluster/index.ts";
import type { AccountId, HostId, NetworkId } from "../codec/index.ts";
import { CodecError, RAW, blobIdOf, concatBytes, fromHex, hex, idFromBytes, utf8 } from "../codec/index.ts";
import { sha256 } from "../crypto/index.ts";
import { claimCodec, isByHolder, signClaim } from "./record/claim.ts";
import { keyOf } from "./fakes/village.ts";
import { abortedCodec, condemnedCodec } from "./record/fate.ts";
import { abortedKey, claimKey, condemnedKey, isPoolKey, packKey, readKey } from "./record/keys.ts";
import { labelCodec, readLabel } from "./record/label.ts";
import { rootOf } from "./layout/leaves.ts";
import { hasAnswerCodec, hasCodec, leavesAnswerCodec, leavesRequestCodec, pieceNameCodec, reserveAnswerCodec, reserveCodec } from "./messages.ts";
import type { PackBody } from "./record/pack-record.ts";
import { positionCodec } from "./hold/scrub.ts";
import { unfinishedCodec } from "./write/unfinished.ts";
import { decodeBody, decodePackRecord, encodeBody, isByOwner, packIdOf, signPack } from "./record/pack-record.ts";

const FIXTURES = resolve(import.meta.dirname, "../../test/fixtures/pool");

const network = idFromBytes<NetworkId>(sha256(utf8("a network")));
const [ownerKey, hostKey, holderKey] = [keyOf("owner"), keyOf("writer"), keyOf("holder")];
const owner = idFromBytes<AccountId>(ownerKey.publicKey);
const [writer, holder] = [idFromBytes<HostId>(hostKey.publicKey), idFromBytes<HostId>(holderKey.publicKey)];
const genesis: Genesis = { type: "site", network, owner, replicas: 0, subShards: 1, rules: utf8("rules"), nonce: utf8("nonce") };
const namespace = namespaceIdOf(genesis);
const bytes = utf8("a wall, a window and a door");
const [first, second] = [bytes.subarray(0, 7), bytes.subarray(7)];
const copied: PackBody = {
  k: 1,
  m: 0,
  copies: 3,
  sizeBytes: bytes.length,
  pieceBytes: bytes.length,
  roots: [rootOf(bytes)],
  blobs: [
    { id: blobIdOf(RAW, sha256(first)), offset: 0, length: first.length },
    { id: blobIdOf(RAW, sha256(second)), offset: first.length, length: second.length },
  ],
  nonce: new Uint8Array(16).fill(9),
};
const coded: PackBody = { ...copied, k: 2, m: 1, copies: 1, pieceBytes: 14, roots: [1, 2, 3].map((root) => sha256(Uint8Array.of(root))) };
const delegation = delegate(ownerKey, { network, account: owner, host: writer, issuedMs: 1_700_000_000_000 });
const body = encodeBody(copied);
const pack = packIdOf(body);
const record = signPack(namespace, body, delegation, hostKey);
const claim = signClaim(namespace, { pack, index: 0, host: holder, sizeBytes: bytes.length }, holderKey);

const fixtures: Readonly<Record<string, Uint8Array>> = {
  "pack-copied.v1": body,
  "pack-for-all.v1": encodeBody({ ...copied, copies: "all" }),
  "pack-coded.v1": encodeBody(coded),
  "pack-record.v1": record,
  "claim.v1": claimCodec.encode(claim),
  "condemned.v1": condemnedCodec.encode({ sinceMs: 1_700_000_000_000 }),
  "aborted.v1": abortedCodec.encode({ sinceMs: 1_700_000_000_000 }),
  "label.v1": labelCodec.encode({ genesis, record }),
  "reserve.v1": reserveCodec.encode({ namespace, pack, index: 0, sizeBytes: bytes.length }),
  "reserve-answer-reserved.v1": reserveAnswerCodec.encode({ kind: "reserved", value: { availableBytes: 5_000_000_000 } }),
  "reserve-answer-held.v1": reserveAnswerCodec.encode({ kind: "held", value: { claim: claimCodec.encode(claim) } }),
  "reserve-answer-full.v1": reserveAnswerCodec.encode({ kind: "full", value: { availableBytes: 12 } }),
  "reserve-answer-over-quota.v1": reserveAnswerCodec.encode({ kind: "overQuota", value: { overBytes: 4096 } }),
  "reserve-answer-later.v1": reserveAnswerCodec.encode({ kind: "later", value: { waitMs: 250 } }),
  "reserve-answer-busy.v1": reserveAnswerCodec.encode({ kind: "busy", value: {} }),
  "piece-name.v1": pieceNameCodec.encode({ pack, index: 0 }),
  "has.v1": hasCodec.encode({ pack, pieces: 1 }),
  "has-answer.v1": hasAnswerCodec.encode({ indexes: [0] }),
  "leaves.v1": leavesRequestCodec.encode({ number: 7, pack, index: 0, firstLeaf: 16, leafCount: 16 }),
  "leaves-answer.v1": leavesAnswerCodec.encode({ number: 7, outcome: { kind: "leaves", value: { sizeBytes: 65_536, proof: [sha256(first)] } } }),
  "leaves-answer-absent.v1": leavesAnswerCodec.encode({ number: 7, outcome: { kind: "absent", value: {} } }),
  "scrub-position.v1": positionCodec.encode({ pack, index: 3 }),
  "unfinished.v1": unfinishedCodec.encode([{ namespace, pack }]),
};

test("every format of the pool keeps its bytes", () => {
  for (const [name, encoded] of Object.entries(fixtures)) {
    const path = join(FIXTURES, `${name}.hex`);
    // Writing happens once, when a format is new: HOLDFAST_WRITE_FIXTURES=1.
    if (process.env["HOLDFAST_WRITE_FIXTURES"] === "1" && !existsSync(path)) writeFileSync(path, `${hex(encoded)}\n`);
    assert.equal(hex(encoded), readFileSync(path, "utf8").trim(), name);
  }
});

test("what a host noted of its own pieces and packs is read as what it was", () => {
  const old = (name: string): Uint8Array => fromHex(readFileSync(join(FIXTURES, `${name}.hex`), "utf8").trim());
  assert.deepEqual(positionCodec.decode(old("scrub-position.v1")), { pack, index: 3 });
  assert.deepEqual(unfinishedCodec.decode(old("unfinished.v1")), [{ namespace, pack }]);
});

test("every fixture of the pool is looked at", () => {
  assert.deepEqual(readdirSync(FIXTURES).map((file) => file.replace(".hex", "")).sort(), Object.keys(fixtures).sort());
});

test("a pack record reads back as it was written, copied or coded", () => {
  assert.deepEqual(decodeBody(body), copied);
  assert.deepEqual(decodeBody(encodeBody(coded)), coded);
  assert.deepEqual(decodeBody(encodeBody({ ...copied, copies: "all" })).copies, "all");
  assert.deepEqual(condemnedCodec.decode(condemnedCodec.encode({ sinceMs: 5 })), { sinceMs: 5 });
});

test("a pack's id is the hash of its body under a name of its own", () => {
  assert.equal(pack, idFromBytes(sha256(concatBytes(utf8("holdfast pack"), body))));
  assert.notEqual(packIdOf(encodeBody({ ...copied, nonce: new Uint8Array(16) })), pack);
});

test("a pack body that contradicts itself is refused", () => {
  const wrong: PackBody[] = [
    { ...copied, k: 0 },
    { ...copied, m: 1 },
    { ...copied, roots: [] },
    { ...copied, roots: [...copied.roots, ...copied.roots] },
    { ...copied, pieceBytes: 3 },
    { ...copied, blobs: copied.blobs.toReversed() },
    { ...copied, blobs: [{ ...copied.blobs[0]!, length: 100 }] },
    { ...copied, blobs: [copied.blobs[0]!, { ...copied.blobs[1]!, offset: 6 }] },
    { ...coded, roots: coded.roots.slice(1) },
    { ...coded, copies: 3 },
    { ...coded, pieceBytes: 15 },
    { ...coded, blobs: coded.blobs.slice(0, 1), pieceBytes: 4 },
    { ...coded, blobs: coded.blobs.slice(1), pieceBytes: 10 },
  ];
  for (const each of wrong) assert.throws(() => encodeBody(each), CodecError);
});

test("a pack body out of its bounds is refused when encoded and when decoded", () => {
  assert.throws(() => encodeBody({ ...copied, sizeBytes: 17 * 2 ** 20, pieceBytes: 17 * 2 ** 20 }), CodecError);
  assert.throws(() => encodeBody({ ...copied, blobs: Array.from({ length: 4097 }, () => ({ ...copied.blobs[0]!, offset: 0, length: 0 })) }), CodecError);
  assert.throws(() => decodeBody(new Uint8Array(300 * 1024).fill(1)), CodecError);
});

test("a pack record is the owner's only with a true delegation, for its own namespace, under an untouched signature", () => {
  const read = decodePackRecord(record);
  assert.equal(isByOwner(read, namespace, genesis), true);
  const other: Genesis = { ...genesis, nonce: utf8("other") };
  assert.equal(isByOwner(read, namespaceIdOf(other), other), false);
  assert.equal(isByOwner(read, namespace, { ...genesis, owner: idFromBytes<AccountId>(holderKey.publicKey) }), false);
  assert.equal(isByOwner(read, namespace, { ...genesis, owner: null }), false);
  assert.equal(isByOwner({ ...read, signature: new Uint8Array(64) }, namespace, genesis), false);
  assert.equal(isByOwner({ ...read, delegation: { ...delegation, host: holder } }, namespace, genesis), false);
  assert.equal(isByOwner({ ...read, delegation: { ...delegation, issuedMs: 5 } }, namespace, genesis), false);
});

test("a claim is its holder's only in its namespace and with every field as signed", () => {
  assert.deepEqual(claimCodec.decode(claimCodec.encode(claim)), claim);
  assert.equal(isByHolder(namespace, claim), true);
  assert.equal(isByHolder(namespaceIdOf({ ...genesis, nonce: utf8("other") }), claim), false);
  assert.equal(isByHolder(namespace, { ...claim, host: writer }), false);
  assert.equal(isByHolder(namespace, { ...claim, index: 1 }), false);
  assert.equal(isByHolder(namespace, { ...claim, sizeBytes: 1 }), false);
});

test("a label is taken only in its own network and whole", () => {
  const label = labelCodec.encode({ genesis, record });
  assert.deepEqual(readLabel(label, network), { genesis, record, namespace, pack, body: copied });
  assert.throws(() => readLabel(label, idFromBytes<NetworkId>(sha256(utf8("another")))), { code: "REFUSED" });
  assert.throws(() => readLabel(labelCodec.encode({ genesis: { ...genesis, nonce: utf8("other") }, record }), network), { code: "REFUSED" });
});

test("keys read back, and those that only look like the pool's are refused", () => {
  assert.deepEqual(readKey(packKey(pack)), { kind: "pack", pack });
  assert.deepEqual(readKey(claimKey(pack, 5, holder)), { kind: "claim", pack, index: 5, host: holder });
  assert.deepEqual(readKey(condemnedKey(pack)), { kind: "condemned", pack });
  assert.deepEqual(readKey(abortedKey(pack)), { kind: "aborted", pack });
  assert.equal(readKey("head"), undefined);
  assert.deepEqual([packKey(pack), claimKey(pack, 0, holder), condemnedKey(pack), abortedKey(pack), "entry/x", "packs/x", "head"].map(isPoolKey), [true, true, true, true, false, false, false]);
  for (const key of ["pack/", "pack/x", `claim/${pack}/64/${holder}`, `claim/${pack}/-1/${holder}`, `claim/${pack}/01/${holder}`, `claim/${pack}/1e1/${holder}`, `claim/${pack}/0/${holder}/x`, `claim/${pack}/0`]) {
    assert.throws(() => readKey(key), CodecError, key);
  }
});

test("no decoder of the pool does anything but decode or refuse when a byte is changed", () => {
  const decoders: [Uint8Array, (bytes: Uint8Array) => unknown][] = [
    [fixtures["pack-copied.v1"]!, decodeBody],
    [fixtures["pack-record.v1"]!, decodePackRecord],
    [fixtures["claim.v1"]!, (bytes) => claimCodec.decode(bytes)],
    [fixtures["label.v1"]!, (bytes) => labelCodec.decode(bytes)],
    [fixtures["reserve.v1"]!, (bytes) => reserveCodec.decode(bytes)],
    [fixtures["reserve-answer-held.v1"]!, (bytes) => reserveAnswerCodec.decode(bytes)],
    [fixtures["leaves.v1"]!, (bytes) => leavesRequestCodec.decode(bytes)],
    [fixtures["leaves-answer.v1"]!, (bytes) => leavesAnswerCodec.decode(bytes)],
  ];
  fc.assert(
    fc.property(fc.nat(decoders.length - 1), fc.nat(), fc.nat(255), (which, where, byte) => {
      const [original, decode] = decoders[which]!;
      const changed = original.slice();
      changed[where % changed.length] = byte;
      try {
        decode(changed);
      } catch (error) {
        assert.ok(error instanceof CodecError, String(error));
      }
    }),
    { numRuns: 2000 },
  );
});
