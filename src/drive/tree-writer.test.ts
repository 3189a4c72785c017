import assert from "node:assert/strict";
import test from "node:test";
import type { BlobId, PackId } from "../codec/index.ts";
import { RAW, blobIdOf, utf8 } from "../codec/index.ts";
import { sha256 } from "../crypto/index.ts";
import { ContentDraft } from "./content-draft.ts";
import { inChunks, namedId, person } from "./fakes/persons.ts";
import type { BlobRef } from "./formats.ts";
import { MAX_ROWS, numberOfKind, treePageCodec } from "./formats.ts";
import type { RowFacts } from "./port.ts";
import type { RowDraft } from "./tree-writer.ts";
import { TreeSize, pagesOf } from "./tree-writer.ts";

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

/** How many rows with such paths, of one blob each, an entry lists; at most `rowsMax` are tried. */
function listed(pathBytes: number, rowsMax: number): number {
  const size = new TreeSize();
  const path = "p".repeat(pathBytes);
  for (let rows = 1; rows <= rowsMax; rows += 1) {
    size.add(path, 1);
    if (size.isTooLarge) return rows - 1;
  }
  return rowsMax;
}

test("as many files as an entry may have are listed with paths of usual length, and fewer with very long ones", () => {
  assert.equal(listed(450, MAX_ROWS), MAX_ROWS);
  const [long, longest] = [listed(1000, MAX_ROWS), listed(2048, MAX_ROWS)];
  assert.ok(long > 50_000 && long < 100_000 && longest > 15_000 && longest < 25_000, `${long} and ${longest}`);
});

test("a tree whose list would not fit is refused while its rows come, and not when all has been sent", async () => {
  await using host = await person("ada");
  const upload = await host.entries.put({ name: "papers", kind: "folder" });
  const deep = Array.from({ length: 9 }, (_, at) => `${at}`.repeat(225)).join("/");
  const folder = (at: number): RowFacts => ({ path: `${deep}/${at}`, mode: 0o755, modifiedMs: 1 });
  assert.throws(() => upload.addFolders(Array.from({ length: 23_000 }, (_, at) => folder(at))), { code: "TREE_TOO_LARGE", message: /too long/ });
  await assert.rejects(upload.add(folder(40_000), inChunks(utf8("x"))), { code: "TREE_TOO_LARGE" });
  await assert.rejects(upload.commit(), { code: "TREE_TOO_LARGE" });
  assert.deepEqual(host.pool.sizes, []);
});
