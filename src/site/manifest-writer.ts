import type { BlobId, PackId } from "../codec/index.ts";
import { RAW, blobIdOf, compareBytes, utf8 } from "../codec/index.ts";
import { sha256 } from "../crypto/index.ts";
import type { Extent, Places } from "../pool/index.ts";
import { MAX_BLOB_BYTES } from "../pool/index.ts";
import { SiteError } from "./errors.ts";
import type { FileRow, PageEntry } from "./manifest-format.ts";
import { indexCodec, pageCodec } from "./manifest-format.ts";

/** A file as the manifest lists it. */
export interface ListedFile {
  readonly path: string;
  readonly id: BlobId;
  readonly sizeBytes: number;
  readonly type: string;
  readonly modifiedMs: number;
  readonly extents: readonly Extent[];
}

export interface WrittenPage {
  readonly first: string;
  readonly files: number;
  readonly bytes: Uint8Array;
}

/** Between these sizes a page ends where a path's hash says so: then a file more or less changes the pages around it and no other. */
const MIN_PAGE_BYTES = 16 * 1024;
const MAX_PAGE_BYTES = 512 * 1024;
/** One path in so many ends a page. */
const ONE_IN = 256;
// Upper bounds of what the parts of a page take in CBOR.
const ROW_BYTES = 80;
const NUMBER_BYTES = 5;
const PACK_BYTES = 34;

/** Adjacent extents of one pack become one. */
export function joined(extents: Iterable<Extent>): Extent[] {
  const result: Extent[] = [];
  for (const extent of extents) {
    const last = result.at(-1);
    if (last !== undefined && last.pack === extent.pack && last.offset + last.length === extent.offset) result[result.length - 1] = { ...last, length: last.length + extent.length };
    else result.push(extent);
  }
  return result;
}

/**
 * The pages of a manifest. The same files give the same pages.
 * @throws SiteError SITE_TOO_LARGE for a file in more pieces than a page can list
 */
export function* writePages(files: Iterable<ListedFile>): Generator<WrittenPage> {
  const sortable = [...files].map((file) => ({ file, key: utf8(file.path) }));
  sortable.sort((a, b) => compareBytes(a.key, b.key));
  let page = new PageDraft();
  for (const { file, key } of sortable) {
    if (page.sizeBytes > 0 && page.sizeBytes + page.growth(file) > MAX_PAGE_BYTES) {
      yield page.finish();
      page = new PageDraft();
    }
    page.add(file);
    if (page.sizeBytes < MIN_PAGE_BYTES || sha256(key)[0]! % ONE_IN !== 0) continue;
    yield page.finish();
    page = new PageDraft();
  }
  if (page.sizeBytes > 0) yield page.finish();
}

/** A page being filled: the rows, and the tables they refer to. */
class PageDraft {
  readonly #packs = new Map<PackId, number>();
  readonly #types = new Map<string, number>();
  readonly #files: FileRow[] = [];
  /** Never less than the page will have. */
  sizeBytes = 0;

  growth(file: ListedFile): number {
    const newPacks = new Set(file.extents.map(({ pack }) => pack).filter((pack) => !this.#packs.has(pack))).size;
    return ROW_BYTES + Buffer.byteLength(file.path) + file.type.length + newPacks * PACK_BYTES + file.extents.length * 3 * NUMBER_BYTES;
  }

  add(file: ListedFile): void {
    this.sizeBytes += this.growth(file);
    const { path, id, sizeBytes, modifiedMs } = file;
    const extents = file.extents.flatMap(({ pack, offset, length }) => [numberOf(this.#packs, pack), offset, length]);
    this.#files.push({ path, id, sizeBytes, type: numberOf(this.#types, file.type), modifiedMs, extents });
  }

  finish(): WrittenPage {
    const first = this.#files[0]!.path;
    const bytes = pageCodec.encode({ packs: [...this.#packs.keys()], types: [...this.#types.keys()], files: this.#files });
    if (bytes.length > MAX_BLOB_BYTES) throw new SiteError("SITE_TOO_LARGE", `The file ${JSON.stringify(first)} is in too many pieces to be listed. Split it into smaller files.`);
    return { first, files: this.#files.length, bytes };
  }
}

function numberOf<T>(table: Map<T, number>, item: T): number {
  const known = table.get(item);
  if (known !== undefined) return known;
  table.set(item, table.size);
  return table.size - 1;
}

/**
 * The index of the pages.
 * @param packs those on which the head relies, except the one in which the index will lie
 * @param here where blobs lie in that one
 * @throws SiteError SITE_TOO_LARGE
 */
export function indexOf(packs: readonly PackId[], pages: readonly (WrittenPage & { readonly id: BlobId })[], here: ReadonlyMap<BlobId, number>, places: Places): { readonly id: BlobId; readonly bytes: Uint8Array } {
  const numbers = new Map(packs.map((pack, at) => [pack, at + 1]));
  const entries = pages.map(({ first, files, id, bytes }): PageEntry => {
    const place = places.get(id);
    const [pack, offset] = place === undefined ? [0, here.get(id)!] : [numbers.get(place.pack)!, place.offset];
    return { first, files, id, pack, offset, length: bytes.length };
  });
  const bytes = indexCodec.encode({ packs, pages: entries });
  if (bytes.length > MAX_BLOB_BYTES) throw new SiteError("SITE_TOO_LARGE", "The site lies in more packs than one list can name, some 400 GiB. Publish a part of it under another name.");
  return { id: blobIdOf(RAW, sha256(bytes)), bytes };
}
