import assert from "node:assert/strict";
import test from "node:test";
import { RAW, blobIdOf, idFromBytes, utf8 } from "../codec/index.ts";
import type { BlobId, NamespaceId } from "../codec/index.ts";
import { sha256 } from "../crypto/index.ts";
import { Blocks } from "./blocks.ts";
import type { Host } from "./fakes/hosts.ts";
import { MIB, collect, noise, one, publish } from "./fakes/hosts.ts";
import { readNode } from "./unixfs/read-node.ts";

test("every block of a site is found by its id, from the root down, and nothing else is", async () => {
  const { host } = one();
  const { head } = await publish(host, "s", { "index.html": "front", "docs/large.bin": noise(3 * MIB, 1), "docs/empty.txt": "" });
  const found = new Set<BlobId>();
  const walk = async (id: BlobId): Promise<void> => {
    const bytes = await host.sites.block(id);
    assert.ok(bytes, id);
    found.add(id);
    if (id.startsWith("bafybei")) for (const link of readNode(bytes).links) await walk(link.id);
  };
  await walk(head.root);
  for (const { id } of (await host.sites.open("s")).files()) assert.ok(found.has(id));
  assert.equal(found.size, 2 + 1 + 1 + 3 + 1);
  assert.equal(await host.sites.block("bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy" as BlobId), undefined);
});

test("the blocks of a new head are found, and of many sites no more places are kept than there is room for", async () => {
  const { host, pool } = one();
  const { site } = await publish(host, "a", { "a.txt": "a" });
  await publish(host, "b", { "b.txt": "b" });
  const blocks = new Blocks(pool, 1);
  const owners = (): { namespace: NamespaceId; root: string }[] => host.sites.list().map(({ namespace, head }) => ({ namespace, root: head!.root }));
  const ids = async (): Promise<BlobId[]> => [(await host.sites.open("a")).head.root, (await host.sites.open("b")).head.root];
  for (const id of [...(await ids()), ...(await ids())]) assert.ok(await blocks.get(id, owners()));
  await publish(host, "a", { "a.txt": "changed" });
  for (const id of await ids()) assert.ok(await blocks.get(id, owners()));
  assert.equal(await blocks.get((await ids())[0]!, [{ namespace: idFromBytes<NamespaceId>(new Uint8Array(32)), root: site.name }]), undefined);
});

/** As if a record of the pool had come from another host. */
function come({ records }: Host, namespace: NamespaceId, key: string): void {
  records.apply([{ namespace, key, dot: key, supersedes: new Set(), value: new Uint8Array(), author: null, host: records.self }], new Map());
}

test("a block is found as soon as the record of its pack has come, though the head was here before", async () => {
  const { host, pool } = one();
  const { site } = await publish(host, "s", { "index.html": "front" });
  const bytes = utf8("late");
  const id = blobIdOf(RAW, sha256(bytes));
  assert.equal(await host.sites.block(id), undefined);
  const { pack } = await pool.store(site.namespace, { bytes, blobs: [{ id, offset: 0, length: bytes.length }] }, { kind: "copies", copies: 3 });
  come(host, site.namespace, `pack/${pack}`);
  assert.deepEqual(await host.sites.block(id), bytes);
});

test("a block in a pack without a holder is out of reach, not unknown, and is read from wherever the next claim says", async () => {
  const { host, pool } = one();
  const { site } = await publish(host, "s", { "index.html": "front" });
  const [there] = pool.packs(site.namespace);
  const content = { bytes: await collect(pool.read(site.namespace, there!.pack, 0, there!.sizeBytes)), blobs: there!.blobs };
  const copy = await pool.store(site.namespace, content, { kind: "copies", copies: 3 });
  const { id } = there!.blobs[0]!;
  for (const { pack } of pool.packs(site.namespace)) pool.unheld.add(pack);
  await assert.rejects(host.sites.block(id), /UNAVAILABLE/);
  for (const { pack } of [there!, copy]) {
    pool.unheld.delete(pack);
    come(host, site.namespace, `claim/${pack}/0/${host.records.self}`);
    assert.ok(await host.sites.block(id));
    pool.unheld.add(pack);
    come(host, site.namespace, `pack/${pack}`);
  }
});

test("a block is read from where else it lies as soon as it is heard that its pack's writer gave up", async () => {
  const { host, pool } = one();
  const { site } = await publish(host, "s", { "index.html": "front" });
  const [there] = pool.packs(site.namespace);
  const content = { bytes: await collect(pool.read(site.namespace, there!.pack, 0, there!.sizeBytes)), blobs: there!.blobs };
  const late = await pool.store(site.namespace, content, { kind: "copies", copies: 3 });
  come(host, site.namespace, `pack/${late.pack}`);
  const { id } = there!.blobs[0]!;
  assert.ok(await host.sites.block(id));
  await pool.remove(site.namespace, [late.pack]);
  await assert.rejects(host.sites.block(id), "nobody has said so yet");
  come(host, site.namespace, `aborted/${late.pack}`);
  assert.ok(await host.sites.block(id));
});

for (const [what, bytes] of [["nothing", []], ["a length beyond the end", [0x0a, 0x7f, 0x08]], ["an endless number", [0x08, 255, 255, 255, 255, 255, 255, 255, 255, 255]], ["no data", [0x12, 0x00]], ["a link without id", [0x12, 0x02, 0x12, 0x00, 0x0a, 0x02, 0x08, 0x01]], ["an unknown kind", [0x0a, 0x02, 0x08, 0x09]]] as const) {
  test(`a block with ${what} is refused as a node`, () => {
    assert.throws(() => readNode(Uint8Array.from(bytes)), { code: "DAMAGED_SITE" });
  });
}
