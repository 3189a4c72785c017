import type { BlobId, PackId } from "../codec/index.ts";
import { MAX_PATH_BYTES, blobId, byteString, choice, codec, fixedBytes, id, list, struct, text, uint } from "../codec/index.ts";
import { NONCE_BYTES, TAG_BYTES } from "../crypto/index.ts";
import { MAX_CHUNK_BYTES } from "./chunker.ts";

// How private content is listed. An entry's record is sealed and names the pages of its tree, each of them a sealed blob with rows of files
// and folders; a row names the blobs of its file, or, for a large one, lists of blobs. Each of these knows the hash of what it names, so
// that nothing below a sealed entry can be left out, doubled, swapped or cut. docs/formats/drive.md has every byte.

/** Files and folders of one entry. */
export const MAX_ROWS = 200_000;
/** Blobs that a row itself names; a file of more has lists. */
export const MAX_BLOBS_IN_ROW = 16;
export const MAX_BLOBS_IN_LIST = 4096;
const MAX_LISTS = 4096;
export const MAX_PAGES = 4096;
const MAX_NAME_BYTES = 255;
/** Above the most that a record's value may have, less what the record itself needs. */
export const MAX_ENTRY_BYTES = 480 * 1024;
const SHA256_BYTES = 32;
/** Permissions of owner, group and others. */
export const MODE_BITS = 0o777;

/** A blob as its owner knows it. */
export interface BlobRef {
  /** SHA-256 of the text. */
  readonly digest: Uint8Array;
  /** Of the sealed bytes. */
  readonly id: BlobId;
  /** Of the text, in bytes. */
  readonly length: number;
}

/** A blob, and where it lay when this was written: the number of a pack in the table beside it. It may have been packed anew since. */
export interface PlacedRef extends BlobRef {
  readonly pack: number;
}

const refFields = { digest: fixedBytes(SHA256_BYTES), id: blobId, length: uint(MAX_CHUNK_BYTES), pack: uint(MAX_BLOBS_IN_LIST * MAX_LISTS) };
const placedRef = struct(refFields);
const packs = list(id<PackId>(), MAX_ROWS);

/** A run of a large file's blobs, listed elsewhere. */
export interface ListRef extends PlacedRef {
  readonly blobs: number;
  /** Of the file, in all these blobs. */
  readonly sizeBytes: number;
}

export type RowKind = "file" | "folder";
const KINDS: readonly RowKind[] = ["file", "folder"];

export interface Row {
  readonly path: string;
  /** Which of KINDS. */
  readonly kind: number;
  readonly mode: number;
  readonly modifiedMs: number;
  readonly sizeBytes: number;
  /** SHA-256 of the whole file; of nothing for a folder. */
  readonly digest: Uint8Array;
  /** All blobs in order, unless there are lists. */
  readonly blobs: readonly PlacedRef[];
  readonly lists: readonly ListRef[];
}

export function kindOf({ kind }: Pick<Row, "kind">): RowKind {
  return KINDS[kind]!;
}

export function numberOfKind(kind: RowKind): number {
  return KINDS.indexOf(kind);
}

export interface TreePage {
  readonly packs: readonly PackId[];
  /** Ascending by the UTF-8 bytes of their paths, each path once. */
  readonly rows: readonly Row[];
}

const treePage = struct({
  packs,
  rows: list(
    struct({
      path: text(MAX_PATH_BYTES),
      kind: uint(KINDS.length - 1),
      mode: uint(MODE_BITS),
      modifiedMs: uint(),
      sizeBytes: uint(),
      digest: fixedBytes(SHA256_BYTES),
      blobs: list(placedRef, MAX_BLOBS_IN_ROW),
      lists: list(struct({ ...refFields, blobs: uint(MAX_BLOBS_IN_LIST), sizeBytes: uint() }), MAX_LISTS),
    }),
    MAX_ROWS,
  ),
});

export const treePageCodec = codec<TreePage>("A page of a private tree", 1, MAX_CHUNK_BYTES, treePage);

export interface BlobList {
  readonly packs: readonly PackId[];
  readonly blobs: readonly PlacedRef[];
}

export const blobListCodec = codec<BlobList>("A list of a private file's blobs", 1, MAX_CHUNK_BYTES, struct({ packs, blobs: list(placedRef, MAX_BLOBS_IN_LIST) }));

export interface PageRef extends PlacedRef {
  /** The first path in it. */
  readonly first: string;
  readonly rows: number;
}

/** What an entry says once it is unsealed. */
export interface EntryText {
  readonly name: string;
  /** Which of KINDS: a file, which is then its only row, or a folder, whose content the rows are. */
  readonly kind: number;
  readonly files: number;
  readonly folders: number;
  readonly sizeBytes: number;
  readonly createdMs: number;
  readonly packs: readonly PackId[];
  /** A small tree stands in the entry itself. */
  readonly tree: { readonly kind: "here"; readonly value: TreePage } | { readonly kind: "pages"; readonly value: readonly PageRef[] };
}

export const entryTextCodec = codec<EntryText>(
  "A private entry",
  1,
  MAX_ENTRY_BYTES,
  struct({
    name: text(MAX_NAME_BYTES),
    kind: uint(KINDS.length - 1),
    files: uint(MAX_ROWS),
    folders: uint(MAX_ROWS),
    sizeBytes: uint(),
    createdMs: uint(),
    packs,
    tree: choice({ here: treePage, pages: list(struct({ ...refFields, first: text(MAX_PATH_BYTES), rows: uint(MAX_ROWS) }), MAX_PAGES) }),
  }),
);

/** The value of `entry/<id>`, which anybody may see. */
export interface SealedEntry {
  readonly nonce: Uint8Array;
  readonly sealed: Uint8Array;
}

export const sealedEntryCodec = codec<SealedEntry>("A sealed entry", 1, MAX_ENTRY_BYTES + 64, struct({ nonce: fixedBytes(NONCE_BYTES), sealed: byteString(MAX_ENTRY_BYTES + TAG_BYTES, TAG_BYTES) }));
