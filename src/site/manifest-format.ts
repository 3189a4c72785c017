import type { BlobId, PackId } from "../codec/index.ts";
import { MAX_PATH_BYTES, blobId, codec, id, list, struct, text, uint } from "../codec/index.ts";
import { MAX_BLOB_BYTES, MAX_PACK_BYTES } from "../pool/index.ts";

// A manifest says of every file of a head what it is and where its bytes lie: pages of files in the order of their paths, and an index of
// the pages. Each is a blob of at most 1 MiB. A page stands by itself, with its own tables, so that a page in which nothing changed keeps
// its bytes and need not be sent again. docs/formats/site.md has every byte.

export const MAX_FILES = 200_000;
/** All pages of one manifest together. */
export const MAX_MANIFEST_BYTES = 128 * 1024 * 1024;
const MAX_TYPE_BYTES = 128;
const MAX_TYPES = 4096;
const MAX_PACKS = 32_768;
const MAX_PAGES = 16_384;
const NUMBERS_PER_EXTENT = 3;

/** One file's row in a page. */
export interface FileRow {
  readonly path: string;
  readonly id: BlobId;
  readonly sizeBytes: number;
  /** Which of the page's types. */
  readonly type: number;
  readonly modifiedMs: number;
  /** Where the content lies, in order: for each extent the number of the page's pack, the offset there and the length. */
  readonly extents: readonly number[];
}

export interface ManifestPage {
  readonly packs: readonly PackId[];
  readonly types: readonly string[];
  readonly files: readonly FileRow[];
}

export const pageCodec = codec<ManifestPage>(
  "A page of a site's manifest",
  1,
  MAX_BLOB_BYTES,
  struct({
    packs: list(id<PackId>(), MAX_PACKS),
    types: list(text(MAX_TYPE_BYTES), MAX_TYPES),
    files: list(
      struct({ path: text(MAX_PATH_BYTES), id: blobId, sizeBytes: uint(), type: uint(MAX_TYPES), modifiedMs: uint(), extents: list(uint(), NUMBERS_PER_EXTENT * MAX_PACKS) }),
      MAX_FILES,
    ),
  }),
);

/** Where a page lies. Pack 0 is the one in which this index itself lies, whose id is not known while it is written; n is `packs[n - 1]`. */
export interface PageEntry {
  /** The first path in it. */
  readonly first: string;
  readonly files: number;
  readonly id: BlobId;
  readonly pack: number;
  readonly offset: number;
  readonly length: number;
}

export interface ManifestIndex {
  /** Every pack on which the head relies, its own left out: content, file nodes, directory blocks and pages. */
  readonly packs: readonly PackId[];
  readonly pages: readonly PageEntry[];
}

export const indexCodec = codec<ManifestIndex>(
  "The index of a site's manifest",
  1,
  MAX_BLOB_BYTES,
  struct({
    packs: list(id<PackId>(), MAX_PACKS),
    pages: list(struct({ first: text(MAX_PATH_BYTES), files: uint(MAX_FILES), id: blobId, pack: uint(MAX_PACKS), offset: uint(MAX_PACK_BYTES), length: uint(MAX_BLOB_BYTES) }), MAX_PAGES),
  }),
);
