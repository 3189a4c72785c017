import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import type { NamespaceId, PackId } from "../codec/index.ts";
import { RAW, blobIdOf, utf8 } from "../codec/index.ts";
import { sha256 } from "../crypto/index.ts";
import { HoldfastError } from "../platform/index.ts";
import type { BlobRef, EntryText, TreePage } from "./formats.ts";
import { blobListCodec, treePageCodec } from "./formats.ts";
import type { EntryId } from "./namespace.ts";
import { ENTRY_PREFIX, newEntryId } from "./namespace.ts";
import { PrivateKeys } from "./keys.ts";
import type { Person } from "./fakes/persons.ts";
import { MIB, namedId, noise, person, put, read, treeOf } from "./fakes/persons.ts";

// Whoever holds the records and packs of a person tries what they can: nothing of it gives other bytes than those that were put.

const namespace = namedId<NamespaceId>("private");
const keys = new PrivateKeys(sha256(utf8("a seed")), namespace);

function isRefused(error: unknown): boolean {
  return error instanceof HoldfastError && ["TAMPERED", "MALFORMED", "DAMAGED_ENTRY", "UNAVAILABLE", "NO_ENTRY"].includes(error.code);
}

function* flips(bytes: Uint8Array, step = 1): Generator<Uint8Array> {
  for (let bit = 0; bit < bytes.length * 8; bit += step) yield bytes.with(bit >> 3, bytes[bit >> 3]! ^ (1 << (bit & 7)));
}

const ref = (text: string): BlobRef => keys.sealBlob("content", utf8(text)).ref;
const page: TreePage = { packs: [namedId<PackId>("p")], rows: [{ path: "a", kind: 0, mode: 0o644, modifiedMs: 1, sizeBytes: 5, digest: sha256(utf8("hello")), blobs: [{ ...ref("hello"), pack: 0 }], lists: [] }] };
const entry: EntryText = { name: "papers", kind: 1, files: 1, folders: 0, sizeBytes: 5, createdMs: 7, packs: [], tree: { kind: "here", value: page } };
const id = newEntryId(new Uint8Array(16).fill(9));

test("an entry with any bit flipped, cut, prolonged, moved to another id, namespace or person is refused", () => {
  const value = keys.sealEntry(id, entry, new Uint8Array(12).fill(1));
  assert.deepEqual(keys.unsealEntry(id, value), entry);
  for (const wrong of flips(value)) assert.throws(() => keys.unsealEntry(id, wrong), isRefused);
  for (let length = 0; length < value.length; length += 1) assert.throws(() => keys.unsealEntry(id, value.subarray(0, length)), isRefused);
  assert.throws(() => keys.unsealEntry(id, Uint8Array.of(...value, 0)), isRefused);
  assert.throws(() => keys.unsealEntry(newEntryId(new Uint8Array(16)), value), isRefused);
  assert.throws(() => new PrivateKeys(sha256(utf8("a seed")), namedId<NamespaceId>("other")).unsealEntry(id, value), isRefused);
  assert.throws(() => new PrivateKeys(sha256(utf8("another seed")), namespace).unsealEntry(id, value), isRefused);
});

test("a sealed page, list or content with any bit flipped, or taken for another purpose, is refused", () => {
  const texts = { tree: treePageCodec.encode(page), list: blobListCodec.encode({ packs: page.packs, blobs: page.rows[0]!.blobs }), content: utf8("hello") } as const;
  for (const purpose of ["tree", "list", "content"] as const) {
    const { ref: named, sealed } = keys.sealBlob(purpose, texts[purpose]);
    assert.deepEqual(keys.unsealBlob(purpose, named, sealed), texts[purpose]);
    for (const wrong of flips(sealed)) assert.throws(() => keys.unsealBlob(purpose, named, wrong), isRefused);
    for (const digest of flips(named.digest)) assert.throws(() => keys.unsealBlob(purpose, { ...named, digest }, sealed), isRefused);
    for (const other of (["tree", "list", "content"] as const).filter((each) => each !== purpose)) assert.throws(() => keys.unsealBlob(other, named, sealed), isRefused);
  }
});

test("nothing of a text, a name or a path stands in what is stored, and blobs of equal texts of two persons have nothing in common", async () => {
  await using ada = await person("ada");
  await using bob = await person("bob", ada);
  const canary = "a canary that nobody but its owner may see";
  for (const each of [ada, bob]) await put(each, { [`${canary}.txt`]: canary });
  const stored = [...ada.records.values.values(), ...[...ada.pool.stored.values()].map(({ content }) => content.bytes)];
  assert.ok(stored.length >= 4);
  for (const bytes of stored) assert.equal(Buffer.from(bytes).indexOf("canary"), -1);
  const known = blobIdOf(RAW, sha256(utf8(canary)));
  const ids = [...ada.pool.stored.values()].flatMap(({ content }) => content.blobs.map((blob) => blob.id as string));
  assert.equal(new Set([...ids, known]).size, ids.length + 1);
});

interface Kept {
  readonly host: Person;
  readonly id: EntryId;
  readonly key: string;
}

const tree = { a: noise(2 * MIB, 1), b: noise(MIB, 2), c: "small", d: "tiny" };

async function kept(): Promise<Kept> {
  const host = await person("ada");
  const { entry: made } = await put(host, tree);
  return { host, id: made.id, key: `${host.namespace} ${ENTRY_PREFIX}${made.id}` };
}

/** Whatever is done to it: what is still read is what was put. */
async function assertNothingElse({ host, id: wanted }: Kept): Promise<number> {
  await using fresh = await person("ada", host);
  let refused = 0;
  const view = await fresh.entries.open(wanted);
  for (const [path, content] of Object.entries(tree)) {
    try {
      assert.deepEqual(Buffer.from(await read(view, path)), Buffer.from(content));
    } catch (error) {
      if (!isRefused(error)) throw error;
      refused += 1;
    }
  }
  return refused;
}

test("any two blobs swapped in their packs give no other bytes, and every file whose blob was swapped is refused", async () => {
  const one = await kept();
  const [pack] = [...one.host.pool.stored.keys()];
  const { content } = one.host.pool.stored.get(pack!)!;
  const pristine = content.bytes.slice();
  assert.ok(content.blobs.length >= 6);
  for (const [at, first] of content.blobs.entries()) {
    for (const second of content.blobs.slice(at + 1)) {
      // As a host that could forge the pack's leaves would: the bytes of each under the name of the other, as far as they go.
      const length = Math.min(first.length, second.length);
      content.bytes.set(pristine.subarray(second.offset, second.offset + length), first.offset);
      content.bytes.set(pristine.subarray(first.offset, first.offset + length), second.offset);
      assert.ok((await assertNothingElse(one)) > 0);
      content.bytes.set(pristine);
    }
  }
  assert.equal(await assertNothingElse(one), 0);
  await one.host.entries.stop();
});

test("bits flipped anywhere in the packs are refused or do not matter", async () => {
  const one = await kept();
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.nat({ max: 7 }), async (at, bit) => {
      for (const { content } of one.host.pool.stored.values()) {
        const place = at % content.bytes.length;
        content.bytes[place]! ^= 1 << bit;
        assert.ok((await assertNothingElse(one)) > 0);
        content.bytes[place]! ^= 1 << bit;
      }
    }),
    { numRuns: 20 },
  );
  await one.host.entries.stop();
});

test("an entry's record put under the id of another is refused, and does not hide the others in the list", async () => {
  const one = await kept();
  const { entry: other } = await put(one.host, { x: "x" });
  one.host.records.values.set(`${one.host.namespace} ${ENTRY_PREFIX}${other.id}`, one.host.records.values.get(one.key)!);
  await assert.rejects(one.host.entries.open(other.id), isRefused);
  const rows = await Array.fromAsync(one.host.entries.list());
  assert.deepEqual(new Map(rows.map((row) => [row.id, "fault" in row])), new Map([[one.id, false], [other.id, true]]));
  assert.equal(Object.keys(await treeOf(await one.host.entries.open(one.id))).length, 4);
  await one.host.entries.stop();
});

const wrongTrees: readonly (readonly [string, (text: EntryText, page: TreePage) => EntryText])[] = [
  ["a row is missing", (text, { packs, rows }) => ({ ...text, tree: { kind: "here", value: { packs, rows: rows.slice(1) } } })],
  ["a row is doubled", (text, { packs, rows }) => ({ ...text, tree: { kind: "here", value: { packs, rows: [rows[0]!, ...rows] } } })],
  ["rows are swapped", (text, { packs, rows }) => ({ ...text, tree: { kind: "here", value: { packs, rows: rows.toReversed() } } })],
  ["a file's blob is missing", (text, { packs, rows }) => ({ ...text, tree: { kind: "here", value: { packs, rows: rows.with(0, { ...rows[0]!, blobs: rows[0]!.blobs.slice(1) }) } } })],
  ["a file's blob is doubled", (text, { packs, rows }) => ({ ...text, tree: { kind: "here", value: { packs, rows: rows.with(0, { ...rows[0]!, blobs: [rows[0]!.blobs[0]!, ...rows[0]!.blobs] }) } } })],
  ["a size is another", (text) => ({ ...text, sizeBytes: text.sizeBytes + 1 })],
  ["the number of files is another", (text) => ({ ...text, files: text.files + 1 })],
];

for (const [what, wrong] of wrongTrees) {
  test(`a list in which ${what} contradicts itself, even when its owner's program had sealed it so`, async () => {
    const host = await person("ada");
    const { entry: made } = await put(host, { a: noise(2 * MIB, 1), b: "b", c: "c" });
    const own = new PrivateKeys(sha256(utf8("seed of ada")), host.namespace);
    const key = `${host.namespace} ${ENTRY_PREFIX}${made.id}`;
    const text = own.unsealEntry(made.id, host.records.values.get(key)!);
    assert.ok(text.tree.kind === "here");
    host.records.values.set(key, own.sealEntry(made.id, wrong(text, text.tree.value), new Uint8Array(12)));
    const view = await host.entries.open(made.id);
    await assert.rejects(Array.fromAsync(view.rows()), { code: "DAMAGED_ENTRY" });
    await host.entries.stop();
  });
}
