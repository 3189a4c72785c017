import assert from "node:assert/strict";
import test from "node:test";
import type { BlobId, PackId } from "../codec/index.ts";
import { RAW, blobIdOf } from "../codec/index.ts";
import { sha256 } from "../crypto/index.ts";
import { ContentDraft } from "./content-draft.ts";
import { namedId } from "./fakes/persons.ts";
import type { BlobRef } from "./formats.ts";
import { numberOfKind, treePageCodec } from "./formats.ts";
import type { RowDraft } from "./tree-writer.ts";
import { pagesOf } from "./tree-writer.ts";

test("a tree is cut into pages of bounded size in the order of its paths, and each blob's place is looked up once", () => {
  const digest = sha256(new Uint8Array(0));
  const draft = (at: number): RowDraft => {
    const content = new ContentDraft();
    for (let blob = 0; blob < at % 16; blob += 1) content.add({ digest, id: blobIdOf(RAW, sha256(Uint8Array.of(at, at >> 8, blob))), length: 1 } satisfies BlobRef);
    content.close();
    return { path: `file ${String(1_000 - at).padStart(4, "0")}`, kind: numberOfKind("file"), mode: 0o644, modifiedMs: 0, sizeBytes: at % 16, digest, content };
  };
  const drafts = Array.from({ length: 1_000 }, (_, at) => draft(at));
  let lookUps = 0;
  const places = {
    get: (id: BlobId) => {
      lookUps += 1;
      return { pack: namedId<PackId>(id), offset: 0, length: 1 };
    },
  };
  const pages = [...pagesOf(drafts, places)];
  const sizes = pages.map((page) => treePageCodec.encode(page).length);
  assert.ok(pages.length > 1 && Math.max(...sizes) <= 192 * 1024, `${sizes.join(", ")} bytes`);
  assert.deepEqual(pages.flatMap(({ rows }) => rows.map(({ path }) => path)), drafts.map(({ path }) => path).reverse());
  assert.equal(lookUps, pages.reduce((sum, { rows }) => sum + rows.reduce((blobs, row) => blobs + row.blobs.length, 0), 0));
});
