import { compareBytes, utf8 } from "../codec/index.ts";
import type { Places } from "../pool/index.ts";
import { MAX_CHUNK_BYTES } from "./chunker.ts";
import type { ContentDraft } from "./content-draft.ts";
import { PackTable } from "./content-draft.ts";
import { DriveError } from "./errors.ts";
import type { BlobRef, EntryText, PageRef, Row, TreePage } from "./formats.ts";
import { MAX_ENTRY_BYTES, MAX_PAGES, treePageCodec } from "./formats.ts";

/** A file or folder that has come in; folders have no content. */
export interface RowDraft extends Omit<Row, "blobs" | "lists"> {
  readonly content: ContentDraft | undefined;
}

/** A page ends before this, by an upper bound of its size; one row may be larger by itself. */
const PAGE_BYTES = 192 * 1024;
/** A tree up to this stands in the entry's own record, which is on every host. */
const HERE_BYTES = 8 * 1024;
// Upper bounds of what the parts of a page take in CBOR.
const ROW_BYTES = 96;
const REF_BYTES = 96;

/** What an entry's own record takes beside the list of pages. */
const HEAD_BYTES = 2048;
/** What a page takes in that list beside the path of its first row. */
const PAGE_REF_BYTES = 88;

function growth(path: string, refs: number): number {
  // A pack is counted with each blob: its id takes 34 bytes more.
  return ROW_BYTES + Buffer.byteLength(path) + refs * (REF_BYTES + 34);
}

/**
 * How long the list of a tree's pages becomes, while its rows come in any order. It stands in the entry's own record, which has no room for
 * very many pages or for very long paths.
 */
export class TreeSize {
  #rows = 0;
  #pathBytes = 0;
  #bytes = 0;

  add(path: string, refs: number): void {
    this.#rows += 1;
    this.#pathBytes += Buffer.byteLength(path);
    this.#bytes += growth(path, refs);
  }

  /** Whether its list would not fit, taking each page to end one row early and to begin with a path, both of this tree's mean length. */
  get isTooLarge(): boolean {
    const rows = Math.max(1, this.#rows);
    const pages = Math.ceil(this.#bytes / (PAGE_BYTES - Math.min(this.#bytes / rows, PAGE_BYTES / 2)));
    return pages > MAX_PAGES || HEAD_BYTES + pages * (PAGE_REF_BYTES + this.#pathBytes / rows) > MAX_ENTRY_BYTES;
  }
}

/** The rows in the order of their paths, page by page. All their content has its place. */
export function* pagesOf(drafts: Iterable<RowDraft>, places: Pick<Places, "get">): Generator<TreePage> {
  const sorted = Array.from(drafts, (draft) => ({ draft, key: utf8(draft.path) })).sort((a, b) => compareBytes(a.key, b.key));
  let [table, rows, sizeBytes] = [new PackTable(), [] as Row[], 0];
  for (const { draft } of sorted) {
    const { content, ...facts } = draft;
    const size = growth(facts.path, content?.refs ?? 0);
    if (rows.length > 0 && sizeBytes + size > PAGE_BYTES) {
      yield { packs: table.packs, rows };
      [table, rows, sizeBytes] = [new PackTable(), [], 0];
    }
    rows.push({ ...facts, ...(content?.content(table, places) ?? { blobs: [], lists: [] }) });
    sizeBytes += size;
  }
  if (rows.length > 0) yield { packs: table.packs, rows };
}

/** What an entry says of a tree: the tree itself when it is small, else the pages, which are put as blobs. */
export class TreeWriter {
  readonly #pages: (Omit<PageRef, keyof BlobRef | "pack"> & { readonly ref: BlobRef })[] = [];
  #here: TreePage | undefined;

  /** @param put stores a page's text as a blob */
  async write(drafts: Iterable<RowDraft>, places: Pick<Places, "get">, put: (text: Uint8Array) => Promise<BlobRef>): Promise<void> {
    let only: { readonly page: TreePage; readonly text: Uint8Array } | undefined;
    for (const page of pagesOf(drafts, places)) {
      if (only !== undefined) await this.#put(only.page, only.text, put);
      const text = treePageCodec.encode(page);
      if (text.length > MAX_CHUNK_BYTES) throw new DriveError("TREE_TOO_LARGE", `The file ${JSON.stringify(page.rows[0]!.path)} is in too many pieces to be listed. Split it.`);
      only = { page, text };
    }
    if (only === undefined) this.#here = { packs: [], rows: [] };
    else if (this.#pages.length === 0 && only.text.length <= HERE_BYTES) this.#here = only.page;
    else await this.#put(only.page, only.text, put);
  }

  /** Once all pages have their places. */
  tree(places: Pick<Places, "get">): Pick<EntryText, "packs" | "tree"> {
    if (this.#here !== undefined) return { packs: [], tree: { kind: "here", value: this.#here } };
    const table = new PackTable();
    const value = this.#pages.map(({ ref, first, rows }): PageRef => ({ ...table.place(ref, places), first, rows }));
    return { packs: table.packs, tree: { kind: "pages", value } };
  }

  async #put({ rows }: TreePage, text: Uint8Array, put: (text: Uint8Array) => Promise<BlobRef>): Promise<void> {
    this.#pages.push({ ref: await put(text), first: rows[0]!.path, rows: rows.length });
  }
}
