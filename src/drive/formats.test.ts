import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import type { NamespaceId, PackId } from "../codec/index.ts";
import { CodecError, hex, idFromBytes, utf8 } from "../codec/index.ts";
import { sha256 } from "../crypto/index.ts";
import type { BlobList, EntryText, TreePage } from "./formats.ts";
import { blobListCodec, entryTextCodec, treePageCodec } from "./formats.ts";
import { PrivateKeys } from "./keys.ts";
import { isEntryId, newEntryId } from "./namespace.ts";

const FIXTURES = join(import.meta.dirname, "../../test/fixtures/drive");

const namespace = idFromBytes<NamespaceId>(new Uint8Array(32).fill(1));
const keys = new PrivateKeys(new Uint8Array(32).fill(2), namespace);
const pack = idFromBytes<PackId>(new Uint8Array(32).fill(3));
const id = newEntryId(new Uint8Array(16).fill(4));
const { ref } = keys.sealBlob("content", utf8("hello"));
const placed = { digest: ref.digest, id: ref.id, length: ref.length, pack: 0 };

const page: TreePage = {
  packs: [pack],
  rows: [
    { path: "a.txt", kind: 0, mode: 0o644, modifiedMs: 1_700_000_000_000, sizeBytes: 5, digest: sha256(utf8("hello")), blobs: [placed], lists: [] },
    { path: "grüße", kind: 1, mode: 0o755, modifiedMs: 0, sizeBytes: 0, digest: new Uint8Array(32), blobs: [], lists: [] },
    { path: "large", kind: 0, mode: 0o600, modifiedMs: 7, sizeBytes: 10, digest: sha256(utf8("hellohello")), blobs: [], lists: [{ ...placed, blobs: 2, sizeBytes: 10 }] },
  ],
};
const list: BlobList = { packs: [pack], blobs: [placed, placed] };
const small: EntryText = { name: "papers", kind: 1, files: 2, folders: 1, sizeBytes: 15, createdMs: 1_800_000_000_000, packs: [], tree: { kind: "here", value: page } };
const large: EntryText = { ...small, packs: [pack], tree: { kind: "pages", value: [{ ...placed, first: "a.txt", rows: 3 }] } };

const specimens: Readonly<Record<string, Uint8Array>> = {
  page: treePageCodec.encode(page),
  list: blobListCodec.encode(list),
  entry: entryTextCodec.encode(large),
  "sealed-entry": keys.sealEntry(id, small, new Uint8Array(12).fill(5)),
  "sealed-blob": keys.sealBlob("content", utf8("hello")).sealed,
  gear: keys.gear.subarray(0, 32),
};

test("private content has the bytes that it had when the format was fixed", () => {
  for (const [name, bytes] of Object.entries(specimens)) {
    const file = join(FIXTURES, `${name}.v1.hex`);
    if (process.env["HOLDFAST_WRITE_FIXTURES"] !== undefined) writeFileSync(file, `${hex(bytes)}\n`);
    assert.equal(hex(bytes), readFileSync(file, "utf8").trim(), name);
  }
});

test("what was written comes back from its bytes", () => {
  assert.deepEqual(treePageCodec.decode(specimens["page"]!), page);
  assert.deepEqual(blobListCodec.decode(specimens["list"]!), list);
  assert.deepEqual(entryTextCodec.decode(specimens["entry"]!), large);
  assert.deepEqual(keys.unsealEntry(id, specimens["sealed-entry"]!), small);
});

test("pages, lists and entries that are cut or prolonged are refused", () => {
  for (const [name, codec] of [["page", treePageCodec], ["list", blobListCodec], ["entry", entryTextCodec]] as const) {
    const bytes = specimens[name]!;
    for (let length = 0; length < bytes.length; length += 1) assert.throws(() => codec.decode(bytes.subarray(0, length)), CodecError);
    assert.throws(() => codec.decode(Uint8Array.of(...bytes, 0)), CodecError);
  }
});

test("only the one form of an entry's id is one", () => {
  assert.ok(isEntryId(id) && id.length === 26);
  for (const wrong of ["", id.slice(1), `${id}a`, id.toUpperCase(), `${id.slice(0, -1)}7`, "no id at all"]) assert.ok(!isEntryId(wrong), wrong);
});
