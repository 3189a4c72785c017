import type { Codec, NamespaceId, PackId } from "../codec/index.ts";
import { CodecError, DAG_PB, RAW, blobIdOf, codecOfBlobId, compareBytes, concatBytes, pathFault, utf8 } from "../codec/index.ts";
import { sha256 } from "../crypto/index.ts";
import type { Breathing } from "../platform/index.ts";
import { Limiter } from "../platform/index.ts";
import type { Extent, Pool } from "../pool/index.ts";
import { SiteError } from "./errors.ts";
import type { BlobPlace, Head } from "./head.ts";
import type { ManifestIndex, ManifestPage } from "./manifest-format.ts";
import { MAX_FILES, MAX_MANIFEST_BYTES, indexCodec, pageCodec } from "./manifest-format.ts";
import type { ListedFile } from "./manifest-writer.ts";

const PAGES_AT_ONCE = 8;
/** What a decoded page takes in memory, for a byte of it on the wire: measured for paths of 40 letters. */
const MEMORY_PER_BYTE = 6;

/** A name in a folder. */
export interface Listed {
  /** With a "/" behind when it is a folder. */
  readonly name: string;
  /** Of a folder: all files below. */
  readonly sizeBytes: number;
  readonly isFolder: boolean;
}

interface Sum extends Listed {
  sizeBytes: number;
}

interface Page {
  readonly first: Uint8Array;
  readonly files: number;
  bytes: Uint8Array | undefined;
  rows: ReadonlyMap<string, ListedFile> | undefined;
}

/** All files of one head. Its pages are held as bytes and read when a path in them is asked for. */
export class Manifest {
  /** Every pack on which the head relies. */
  readonly packs: readonly PackId[];
  readonly files: number;
  /** What it takes in memory once all of it has been read. */
  readonly weightBytes: number;
  readonly #pages: readonly Page[];
  /** The folder that was listed last. */
  #listed: { readonly path: string; readonly names: Promise<readonly Listed[]> } | undefined;

  constructor(packs: readonly PackId[], pages: readonly { readonly first: string; readonly files: number; readonly bytes: Uint8Array }[]) {
    this.packs = packs;
    this.files = pages.reduce((sum, page) => sum + page.files, 0);
    this.weightBytes = pages.reduce((sum, page) => sum + page.bytes.length * MEMORY_PER_BYTE, packs.length * 100);
    this.#pages = pages.map(({ first, files, bytes }) => ({ first: utf8(first), files, bytes, rows: undefined }));
  }

  /** @throws SiteError DAMAGED_SITE when the page in question is not what a page may be */
  file(path: string): ListedFile | undefined {
    const page = this.#pageOf(utf8(path));
    return page && rowsOf(page).get(path);
  }

  /** @throws SiteError DAMAGED_SITE when it lists another number of files than its head says */
  check(head: Pick<Head, "files">): this {
    if (head.files !== this.files) throw damaged(`it lists ${this.files} files, where ${head.files} were announced`);
    return this;
  }

  *all(): Generator<ListedFile> {
    for (const page of this.#pages) yield* rowsOf(page).values();
  }

  /** "" is the root, which is always there. */
  hasFolder(path: string): boolean {
    if (path === "") return true;
    const prefix = prefixOf(path);
    for (const page of this.#pagesWith(prefix)) for (const each of rowsOf(page).keys()) if (each.startsWith(prefix)) return true;
    return false;
  }

  /**
   * What lies in a folder, by name. The files below stand beside each other: only they are looked at, and no list of all folders is kept, of
   * which two hundred thousand files can have tens of millions. Those take seconds to read, so others have their turn between two pages.
   */
  folder(path: string, breathing: Breathing): Promise<readonly Listed[]> {
    if (this.#listed?.path !== path) this.#listed = { path, names: this.#list(prefixOf(path), breathing) };
    return this.#listed.names;
  }

  async #list(prefix: string, breathing: Breathing): Promise<readonly Listed[]> {
    const names = new Map<string, Sum>();
    for (const page of this.#pagesWith(prefix)) {
      for (const file of rowsOf(page).values()) if (file.path.startsWith(prefix)) addName(names, file, prefix.length);
      await breathing.breathe();
    }
    return [...names.values()];
  }

  /** Those that may list files whose paths begin so. */
  *#pagesWith(prefix: string): Generator<Page> {
    const key = utf8(prefix);
    for (let at = Math.max(0, this.#pagesUpTo(key) - 1); at < this.#pages.length; at += 1) {
      const page = this.#pages[at]!;
      if (compareBytes(page.first.subarray(0, key.length), key) > 0) return;
      yield page;
    }
  }

  /** The last page that begins at or before the path. */
  #pageOf(key: Uint8Array): Page | undefined {
    return this.#pages[this.#pagesUpTo(key) - 1];
  }

  /** How many pages begin at or before the path. */
  #pagesUpTo(key: Uint8Array): number {
    let [low, high] = [0, this.#pages.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareBytes(this.#pages[middle]!.first, key) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Reads a manifest out of its packs: the index, then the pages, several at once. @throws SiteError DAMAGED_SITE, and what the pool throws */
export async function loadManifest(pool: Pool, namespace: NamespaceId, place: BlobPlace, signal?: AbortSignal): Promise<Manifest> {
  const index = decoded(indexCodec, await readBlob(pool, namespace, place, signal));
  checkIndex(index);
  const limiter = new Limiter(PAGES_AT_ONCE);
  const pages = index.pages.map((entry) =>
    limiter.run(async () => {
      const pack = entry.pack === 0 ? place.pack : index.packs[entry.pack - 1]!;
      return { first: entry.first, files: entry.files, bytes: await readBlob(pool, namespace, { ...entry, pack }, signal) };
    }, signal),
  );
  return new Manifest([...index.packs, place.pack], await Promise.all(pages));
}

function checkIndex({ packs, pages }: ManifestIndex): void {
  const total = pages.reduce((sum, page) => ({ files: sum.files + page.files, bytes: sum.bytes + page.length }), { files: 0, bytes: 0 });
  if (total.files > MAX_FILES || total.bytes > MAX_MANIFEST_BYTES) throw damaged("it lists more than a manifest may");
  if (pages.some((page) => page.pack > packs.length)) throw damaged("it names a pack that it does not list");
  if (pages.some((page, at) => at > 0 && compareBytes(utf8(pages[at - 1]!.first), utf8(page.first)) >= 0)) throw damaged("its pages are out of order");
}

async function readBlob(pool: Pool, namespace: NamespaceId, place: BlobPlace, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of pool.read(namespace, place.pack, place.offset, place.length, signal === undefined ? {} : { signal })) parts.push(part);
  const bytes = concatBytes(...parts);
  if (blobIdOf(codecOfBlobId(place.id) === RAW ? RAW : DAG_PB, sha256(bytes)) !== place.id) throw damaged("a part of it lies elsewhere than it says");
  return bytes;
}

/** The page's files by path. Decoded once; then its bytes are let go. */
function rowsOf(page: Page): ReadonlyMap<string, ListedFile> {
  if (page.rows !== undefined) return page.rows;
  const rows = new Map<string, ListedFile>();
  const { packs, types, files } = decoded(pageCodec, page.bytes!);
  let before: Uint8Array | undefined;
  for (const row of files) {
    const key = utf8(row.path);
    if (before !== undefined && compareBytes(before, key) >= 0) throw damaged("its files are out of order");
    rows.set(row.path, listed(row, packs, types));
    before = key;
  }
  if (rows.size !== page.files) throw damaged("a page lists other files than the index says");
  page.rows = rows;
  page.bytes = undefined;
  return rows;
}

function listed(row: ManifestPage["files"][number], packs: readonly PackId[], types: readonly string[]): ListedFile {
  // A path becomes part of addresses and of file names on somebody's disk, so the publisher's word for it is not enough.
  const fault = pathFault(row.path);
  if (fault !== undefined) throw damaged(`a path ${fault}`);
  const type = types[row.type];
  if (type === undefined) throw damaged("a file has a type that is not listed");
  const extents: Extent[] = [];
  for (let at = 0; at < row.extents.length; at += 3) {
    const [pack, offset, length] = [packs[row.extents[at]!], row.extents[at + 1], row.extents[at + 2]];
    if (pack === undefined || offset === undefined || length === undefined) throw damaged("a file's place is not listed");
    extents.push({ pack, offset, length });
  }
  if (extents.reduce((sum, { length }) => sum + length, 0) !== row.sizeBytes) throw damaged("a file's parts do not make up its size");
  const { path, id, sizeBytes, modifiedMs } = row;
  return { path, id, sizeBytes, type, modifiedMs, extents };
}

function prefixOf(folder: string): string {
  return folder === "" ? "" : `${folder}/`;
}

/** Adds a file to the names right below a folder. @param from where they begin in the paths of its files */
function addName(names: Map<string, Sum>, { path, sizeBytes }: ListedFile, from: number): void {
  const slash = path.indexOf("/", from);
  const name = slash < 0 ? path.slice(from) : path.slice(from, slash + 1);
  const entry = names.get(name);
  if (entry === undefined) names.set(name, { name, sizeBytes, isFolder: slash >= 0 });
  else entry.sizeBytes += sizeBytes;
}

function decoded<T>(codec: Codec<T>, bytes: Uint8Array): T {
  try {
    return codec.decode(bytes);
  } catch (error) {
    if (error instanceof CodecError) throw damaged(error.message, error);
    throw error;
  }
}

function damaged(why: string, cause?: Error): SiteError {
  return new SiteError("DAMAGED_SITE", `The site's list of files cannot be used: ${why}. Ask its owner to publish it again.`, { cause });
}
