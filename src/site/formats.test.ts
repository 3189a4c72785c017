import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import test from "node:test";
import fc from "fast-check";
import { namespaceIdOf } from "../cluster/index.ts";
import type { AccountId, HostId, NetworkId, PackId } from "../codec/index.ts";
import { CodecError, DAG_PB, RAW, blobIdOf, hex, idFromBytes, utf8 } from "../codec/index.ts";
import { sha256 } from "../crypto/index.ts";
import { claimKey, encodeClaim, readClaim, readNameKey, siteGenesis, voteCodec, voteKey } from "./claim.ts";
import { claimedDomainCodec, domainInKey, domainKey, givenDomainCodec } from "./domains/domain-records.ts";
import type { Head } from "./head.ts";
import { visitsCodec } from "./visits/visit-records.ts";
import { greatestHead, headCodec, historyKey } from "./head.ts";
import type { ManifestIndex, ManifestPage } from "./manifest-format.ts";
import { indexCodec, pageCodec } from "./manifest-format.ts";

const FIXTURES = resolve(import.meta.dirname, "../../test/fixtures/site");

const idOf = <Id extends AccountId | HostId | NetworkId | PackId>(name: string): Id => idFromBytes<Id>(sha256(utf8(name)));
const [network, owner, host] = [idOf<NetworkId>("a network"), idOf<AccountId>("owner"), idOf<HostId>("voter")];
const [first, second] = [idOf<PackId>("first pack"), idOf<PackId>("second pack")];
const [root, leaf] = [blobIdOf(DAG_PB, sha256(utf8("root"))), blobIdOf(RAW, sha256(utf8("leaf")))];
const genesis = siteGenesis(network, owner, new Uint8Array(16).fill(7));
const head: Head = { sequence: 12, root, manifest: { id: leaf, pack: first, offset: 65_536, length: 321 }, files: 3000, sizeBytes: 5_000_000_000, publishedMs: 1_763_700_000_000, previous: 11 };
const page: ManifestPage = {
  packs: [first, second],
  types: ["text/html; charset=utf-8", "video/mp4"],
  files: [
    { path: "film.mp4", id: root, sizeBytes: 20_000_000, type: 1, modifiedMs: 1_763_600_000_000, extents: [0, 100, 16_000_000, 1, 0, 4_000_000] },
    { path: "index.html", id: leaf, sizeBytes: 4, type: 0, modifiedMs: 1_763_700_000_000, extents: [1, 4_000_000, 4] },
    { path: "leer/ünïcode", id: leaf, sizeBytes: 0, type: 0, modifiedMs: 0, extents: [] },
  ],
};
const index: ManifestIndex = { packs: [first, second], pages: [{ first: "film.mp4", files: 3, id: leaf, pack: 0, offset: 9000, length: 400 }, { first: "z", files: 1, id: leaf, pack: 2, offset: 0, length: 70 }] };

const fixtures: Readonly<Record<string, Uint8Array>> = {
  "head.v1": headCodec.encode(head),
  "head-first.v1": headCodec.encode({ ...head, sequence: 1, previous: null }),
  "page.v1": pageCodec.encode(page),
  "index.v1": indexCodec.encode(index),
  "claim.v1": encodeClaim(genesis),
  "vote.v1": voteCodec.encode({ namespace: namespaceIdOf(genesis) }),
  "domain.v1": claimedDomainCodec.encode({ sinceMs: 1_763_700_000_000 }),
  "visits.v1": visitsCodec.encode({ days: [{ day: 20_784, bytes: 123_456, statuses: [{ status: 200, requests: 7 }, { status: 404, requests: 1 }] }, { day: 20_785, bytes: 0, statuses: [] }] }),
  "given-domain.v1": givenDomainCodec.encode({ namespace: namespaceIdOf(genesis) }),
};

test("the bytes of every format of sites are those of its fixture", () => {
  for (const [name, bytes] of Object.entries(fixtures)) {
    const file = join(FIXTURES, `${name}.hex`);
    // A new format's fixture is written once, on purpose, and then kept for good.
    if (process.env["HOLDFAST_WRITE_FIXTURES"] === "1") writeFileSync(file, `${hex(bytes)}\n`, { flag: "wx" });
    assert.equal(hex(bytes), readFileSync(file, "utf8").trim(), name);
  }
});

test("the formats of sites are read back as they were written", () => {
  assert.deepEqual(headCodec.decode(fixtures["head.v1"]!), head);
  assert.deepEqual(pageCodec.decode(fixtures["page.v1"]!), page);
  assert.deepEqual(indexCodec.decode(fixtures["index.v1"]!), index);
  assert.deepEqual(readClaim(fixtures["claim.v1"]!, network, owner), { namespace: namespaceIdOf(genesis), genesis, owner });
});

test("the keys of sites are read back as they were written", () => {
  assert.deepEqual(readNameKey(claimKey("blog", owner)), { kind: "claim", label: "blog", account: owner });
  assert.deepEqual(readNameKey(voteKey("blog", host)), { kind: "vote", label: "blog", host });
  assert.equal(historyKey(12), "head/000000000012");
  assert.equal(domainInKey(domainKey("www.example.org")), "www.example.org");
  for (const key of ["domain/", "domain/Example.org", "domain/example.org/x", "name/example.org"]) assert.equal(domainInKey(key), undefined, key);
});

test("no decoder of sites does anything but decode or refuse when a byte is changed", () => {
  const decoders: [Uint8Array, (bytes: Uint8Array) => unknown][] = [
    [fixtures["head.v1"]!, (bytes) => headCodec.decode(bytes)],
    [fixtures["page.v1"]!, (bytes) => pageCodec.decode(bytes)],
    [fixtures["index.v1"]!, (bytes) => indexCodec.decode(bytes)],
    [fixtures["claim.v1"]!, (bytes) => readClaim(bytes, network, owner)],
    [fixtures["vote.v1"]!, (bytes) => voteCodec.decode(bytes)],
    [fixtures["domain.v1"]!, (bytes) => claimedDomainCodec.decode(bytes)],
    [fixtures["visits.v1"]!, (bytes) => visitsCodec.decode(bytes)],
    [fixtures["given-domain.v1"]!, (bytes) => givenDomainCodec.decode(bytes)],
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

test("of concurrent heads the greatest wins in whatever order they stand, and unreadable ones are passed over", () => {
  const values = [head, { ...head, sequence: 11 }, { ...head, root: leaf }, { ...head, publishedMs: 1 }].map((each) => headCodec.encode(each));
  const sibling = (value: Uint8Array) => ({ dot: { actor: { host, incarnation: 1 }, counter: 1 }, value, author: owner, wallMs: 0 });
  fc.assert(
    fc.property(fc.shuffledSubarray(values, { minLength: values.length }), (order) => {
      const state = { key: "head", siblings: [utf8("?"), ...order].map(sibling), context: [] };
      assert.deepEqual(greatestHead(state), head);
    }),
  );
  assert.equal(greatestHead(undefined), undefined);
});
