import assert from "node:assert/strict";
import test from "node:test";
import type { BlobId, NamespaceId, PackId } from "../codec/index.ts";
import { RAW, blobIdOf, utf8 } from "../codec/index.ts";
import { sha256 } from "../crypto/index.ts";
import type { PackInfo } from "../pool/index.ts";
import { BlobIndex } from "./blob-index.ts";
import { env, namedId } from "./fakes/persons.ts";

const namespace = namedId<NamespaceId>("private");

function blob(number: number): BlobId {
  return blobIdOf(RAW, sha256(utf8(`blob ${number}`)));
}

/** Packs of a hundred blobs each. */
function poolOf(packs: number): { readonly infos: Map<PackId, PackInfo>; readonly info: (namespace: NamespaceId, pack: PackId) => PackInfo | undefined; readonly packs: () => Iterable<PackInfo> } {
  const infos = new Map<PackId, PackInfo>();
  for (let at = 0; at < packs; at += 1) {
    const pack = namedId<PackId>(`pack ${at}`);
    const blobs = Array.from({ length: 100 }, (_, number) => ({ id: blob(at * 100 + number), offset: number * 10, length: 10 }));
    infos.set(pack, { pack, sizeBytes: 1000, redundancy: { kind: "copies", copies: 1 }, blobs, pieces: [], holders: [], maybe: [] });
  }
  return { infos, info: (_, pack) => infos.get(pack), packs: () => infos.values() };
}

test("every blob of every pack is found where its pack has it, and no other is", async () => {
  const pool = poolOf(100);
  const index = new BlobIndex(env, pool, namespace);
  await index.ready();
  for (let number = 0; number < 10_000; number += 7) assert.deepEqual(index.find(blob(number)), { pack: namedId<PackId>(`pack ${Math.floor(number / 100)}`), offset: (number % 100) * 10, length: 10 });
  for (let number = 10_000; number < 12_000; number += 1) assert.equal(index.find(blob(number)), undefined);
});

test("a deleted pack has nothing any longer, a pack learnt later has all, and one that does not suit is passed over", async () => {
  const pool = poolOf(2);
  const index = new BlobIndex(env, pool, namespace);
  await index.ready();
  const [first, second] = [...pool.infos.keys()] as [PackId, PackId];
  pool.infos.delete(first);
  assert.equal(index.find(blob(5)), undefined);
  const anew = namedId<PackId>("written anew");
  pool.infos.set(anew, { ...poolOf(1).infos.values().next().value!, pack: anew });
  assert.equal(index.find(blob(5)), undefined);
  index.learn(anew);
  index.learn(anew);
  assert.equal(index.find(blob(5))?.pack, anew);
  assert.equal(index.find(blob(105), undefined, (pack) => pack !== second), undefined);
});

test("a hint is looked into before anything is known of the namespace", () => {
  const pool = poolOf(3);
  const index = new BlobIndex(env, pool, namespace);
  assert.equal(index.find(blob(250)), undefined);
  assert.equal(index.find(blob(250), namedId<PackId>("pack 2"))?.offset, 500);
});

test("a look through the packs that failed is taken again when it is asked for again", async () => {
  const pool = poolOf(3);
  let failing = true;
  const packs = function* (): Generator<PackInfo> {
    for (const info of pool.infos.values()) {
      yield info;
      if (failing) throw Object.assign(new Error("the disk does not answer"), { code: "EIO" });
    }
  };
  const index = new BlobIndex(env, { ...pool, packs }, namespace);
  await assert.rejects(index.ready(), { code: "EIO" });
  assert.ok(!index.isReady);
  failing = false;
  await index.ready();
  assert.ok(index.isReady && index.find(blob(250)) !== undefined);
});
