import assert from "node:assert/strict";
import test from "node:test";
import type { Genesis } from "../../cluster/index.ts";
import { delegate } from "../../cluster/index.ts";
import type { AccountId, HostId, NamespaceId, NetworkId, PackId } from "../../codec/index.ts";
import { idFromBytes, utf8 } from "../../codec/index.ts";
import { sha256 } from "../../crypto/index.ts";
import { machineEnv, silentLog } from "../../platform/index.ts";
import { EMPTY_CONTEXT } from "../../records/index.ts";
import { Catalog } from "./catalog.ts";
import { signClaim } from "./claim.ts";
import { abortedCodec } from "./fate.ts";
import { FakeRecords, FakeReplication } from "../fakes/fake-records.ts";
import { keyOf } from "../fakes/village.ts";
import { abortedKey, claimKey, packKey } from "./keys.ts";
import { encodeBody, packIdOf, signPack } from "./pack-record.ts";
import { poolRule } from "./rule.ts";
import { claimWrite } from "../write/writer.ts";

const network = idFromBytes<NetworkId>(sha256(utf8("a network")));
const [ownerKey, hostKey] = [keyOf("owner"), keyOf("host")];
const [owner, host] = [idFromBytes<AccountId>(ownerKey.publicKey), idFromBytes<HostId>(hostKey.publicKey)];
const holderKeys = ["one", "two", "three"].map(keyOf);
const holders = holderKeys.map(({ publicKey }) => idFromBytes<HostId>(publicKey));
const delegation = delegate(ownerKey, { network, account: owner, host, issuedMs: 1 });

class Scene {
  readonly records = new FakeRecords(new FakeReplication(() => true), host, owner, poolRule);
  readonly catalog = new Catalog(machineEnv(silentLog), this.records);
  namespaces: NamespaceId[] = [];

  async begin(count: number): Promise<void> {
    this.catalog.follow();
    for (let at = 0; at < count; at++) {
      const genesis: Genesis = { type: "site", network, owner, replicas: 0, subShards: 1, rules: new Uint8Array(0), nonce: Uint8Array.of(at) };
      this.namespaces.push(await this.records.create(genesis));
    }
  }

  /** Commits a pack of code 2+1 with a claim for each of its pieces. */
  async pack(namespace: NamespaceId, number: number): Promise<PackId> {
    const nonce = sha256(utf8(`pack ${number}`)).subarray(0, 16);
    const body = encodeBody({ k: 2, m: 1, copies: 1, sizeBytes: 0, pieceBytes: 0, roots: [0, 1, 2].map((root) => new Uint8Array(32).fill(root)), blobs: [], nonce });
    const pack = packIdOf(body);
    const claims = holders.map((holder, index) => claimWrite(namespace, signClaim(namespace, { pack, index, host: holder, sizeBytes: 0 }, holderKeys[index]!)));
    await this.records.write([{ namespace, key: packKey(pack), value: signPack(namespace, body, delegation, hostKey) }, ...claims]);
    return pack;
  }
}

test("a look through all packs finds each of them once, with its holders, however many pages they are", async () => {
  const scene = new Scene();
  await scene.begin(2);
  const [first, second] = scene.namespaces as [NamespaceId, NamespaceId];
  const packs: PackId[] = [];
  for (let number = 0; number < 150; number++) packs.push(await scene.pack(number % 3 === 0 ? second : first, number));
  const seen = [...scene.catalog.all()].map(({ namespace, pack, k, roots }) => {
    assert.deepEqual([k, roots.length], [2, 3]);
    assert.deepEqual(scene.catalog.holdings(namespace, pack).map(({ host: holder, index }) => [index, holder]), holders.map((holder, index) => [index, holder]));
    return pack;
  });
  assert.deepEqual(seen.toSorted(), packs.toSorted());
  assert.equal([...scene.catalog.packs(second)].length, 50);
  // The same by looking each up.
  const fresh = new Catalog(machineEnv(silentLog), scene.records);
  for (const [number, pack] of packs.entries()) {
    assert.equal(fresh.find(pack)?.pack, pack);
    assert.equal(fresh.holdings(number % 3 === 0 ? second : first, pack).length, 3);
    assert.equal(fresh.facts(number % 3 === 0 ? first : second, pack), undefined);
  }
});

test("packs that are deleted, given up or only claimed are not among those that are there", async () => {
  const scene = new Scene();
  await scene.begin(1);
  const [namespace] = scene.namespaces as [NamespaceId];
  const [kept, deleted, aborted, lost] = [await scene.pack(namespace, 0), await scene.pack(namespace, 1), await scene.pack(namespace, 2), await scene.pack(namespace, 3)];
  await scene.records.write([{ namespace, key: packKey(deleted), value: null }]);
  await scene.records.write([{ namespace, key: abortedKey(aborted), value: abortedCodec.encode({ sinceMs: 1 }) }]);
  // A tombstone that stands beside the value, as when two hosts wrote at once.
  await scene.records.write([{ namespace, key: packKey(lost), value: null, context: EMPTY_CONTEXT }]);
  assert.deepEqual([...scene.catalog.packs(namespace)].map(({ pack }) => pack), [kept]);
  for (const pack of [deleted, aborted]) {
    assert.equal(scene.catalog.facts(namespace, pack), undefined);
    assert.equal(scene.catalog.body(namespace, pack), undefined);
    assert.equal(scene.catalog.find(pack), undefined);
    assert.equal(scene.catalog.holdings(namespace, pack).length, 3);
  }
});

test("what was looked at before is as the records say now, and listeners hear which packs have changed", async () => {
  const scene = new Scene();
  await scene.begin(1);
  const [namespace] = scene.namespaces as [NamespaceId];
  const pack = await scene.pack(namespace, 0);
  const told: PackId[][] = [];
  scene.catalog.onChange((_, packs) => told.push([...packs]));
  assert.equal(scene.catalog.holdings(namespace, pack).length, 3);
  await scene.records.write([{ namespace, key: claimKey(pack, 1, holders[1]!), value: null }]);
  assert.deepEqual(scene.catalog.holdings(namespace, pack).map(({ index }) => index), [0, 2]);
  await scene.records.write([{ namespace, key: "head", value: utf8("of no concern here") }]).catch(() => {});
  await scene.records.write([{ namespace, key: packKey(pack), value: null }]);
  assert.equal(scene.catalog.facts(namespace, pack), undefined);
  assert.deepEqual(told, [[pack], [pack]]);
});

test("a pack that comes or goes while all are looked through disturbs none of the others", async () => {
  const scene = new Scene();
  await scene.begin(1);
  const [namespace] = scene.namespaces as [NamespaceId];
  const packs = new Set<PackId>();
  for (let number = 0; number < 140; number++) packs.add(await scene.pack(namespace, number));
  const seen: PackId[] = [];
  const [gone] = [...packs].toSorted().slice(-1);
  for (const { pack } of scene.catalog.packs(namespace)) {
    if (seen.length === 10) {
      await scene.records.write([{ namespace, key: packKey(gone!), value: null }]);
      await scene.pack(namespace, 1000);
    }
    seen.push(pack);
  }
  assert.equal(new Set(seen).size, seen.length);
  packs.delete(gone!);
  assert.ok([...packs].every((pack) => seen.includes(pack)));
});
