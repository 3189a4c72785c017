import type { PackId } from "../codec/index.ts";
import { compareBytes, hex, utf8 } from "../codec/index.ts";
import { Flights } from "../platform/index.ts";
import type { FetchOptions } from "../pool/index.ts";
import type { ContentReader, HintedRef } from "./content.ts";
import { damaged, hinted } from "./content.ts";
import { DriveError } from "./errors.ts";
import type { EntryText, PageRef, Row, TreePage } from "./formats.ts";
import { kindOf, numberOfKind, treePageCodec } from "./formats.ts";
import type { EntryInfo, EntryView, PrivateFile, RowInfo } from "./port.ts";

/** Pages that are kept decoded: whoever fetches a tree asks for files in the order of their paths. */
const KEPT_PAGES = 4;

/** One entry's tree, read page by page. Each page is checked against what names it, and all together against the entry. */
export class View implements EntryView {
  readonly info: EntryInfo;
  readonly #text: EntryText;
  readonly #content: ContentReader;
  readonly #kept = new Map<number, TreePage>();
  /** A page that several want at once is fetched once, and given up when none of them wants it any more. */
  readonly #flights = new Flights<TreePage>();

  constructor(info: EntryInfo, text: EntryText, content: ContentReader) {
    this.info = info;
    this.#text = text;
    this.#content = content;
  }

  async *rows(signal?: AbortSignal): AsyncGenerator<RowInfo> {
    for await (const { row } of this.#rows(optionsOf(signal))) yield rowInfo(row);
  }

  async file(path: string, signal?: AbortSignal): Promise<PrivateFile | undefined> {
    const found = await this.#find(path, optionsOf(signal));
    if (found === undefined) return undefined;
    const { row, packs } = found;
    const content = this.#content;
    return {
      ...rowInfo(row),
      read: (offset, length, options) => content.read(row, packs, offset, length, options),
      async *blobs(within) {
        for await (const { length, digest } of content.blobs(row, packs, optionsOf(within))) yield { sizeBytes: length, sha256: hex(digest) };
      },
    };
  }

  async *together(paths: readonly string[], options: FetchOptions = {}): AsyncGenerator<Uint8Array> {
    const files: { readonly row: Row; readonly packs: readonly PackId[] }[] = [];
    for (const path of paths) {
      const found = await this.#find(path, options);
      if (found === undefined) throw new DriveError("NO_ENTRY", `There is no file ${JSON.stringify(path)} in it.`);
      files.push(found);
    }
    yield* this.#content.together(files, options);
  }

  async #find(path: string, options: FetchOptions): Promise<{ readonly row: Row; readonly packs: readonly PackId[] } | undefined> {
    const number = this.#pageOf(utf8(path));
    if (number === undefined) return undefined;
    const page = await this.#page(number, options);
    const row = page.rows.find((each) => each.path === path);
    return row === undefined || kindOf(row) !== "file" ? undefined : { row, packs: page.packs };
  }

  /** Every blob that the entry needs. */
  async *needed(signal: AbortSignal): AsyncGenerator<HintedRef> {
    const { tree, packs } = this.#text;
    if (tree.kind === "pages") for (const ref of tree.value) yield hinted(ref, packs);
    for await (const { row, page } of this.#rows({ signal })) yield* this.#content.needed(row, page.packs, { signal });
  }

  async *#rows(options: FetchOptions): AsyncGenerator<{ readonly row: Row; readonly page: TreePage }> {
    const counted = { files: 0, folders: 0, sizeBytes: 0 };
    let before: Uint8Array | undefined;
    for (let number = 0; number < this.#pages; number += 1) {
      const page = await this.#page(number, options);
      for (const row of page.rows) {
        const key = utf8(row.path);
        if (before !== undefined && compareBytes(before, key) >= 0) throw damaged("its paths are not in their order");
        before = key;
        counted[kindOf(row) === "file" ? "files" : "folders"] += 1;
        counted.sizeBytes += row.sizeBytes;
        yield { row, page };
      }
    }
    const { files, folders, sizeBytes } = this.#text;
    if (counted.files !== files || counted.folders !== folders || counted.sizeBytes !== sizeBytes) throw damaged("it has other files than it says");
  }

  get #pages(): number {
    const { tree } = this.#text;
    return tree.kind === "here" ? 1 : tree.value.length;
  }

  /** The page that has the path, if any does. */
  #pageOf(key: Uint8Array): number | undefined {
    const { tree } = this.#text;
    if (tree.kind === "here") return 0;
    const after = tree.value.findIndex(({ first }) => compareBytes(utf8(first), key) > 0);
    if (after === 0) return undefined;
    return (after < 0 ? tree.value.length : after) - 1;
  }

  async #page(number: number, options: FetchOptions): Promise<TreePage> {
    const { tree, packs } = this.#text;
    if (tree.kind === "here") return checkedPage(tree.value);
    const signal = options.signal ?? new AbortController().signal;
    const page = this.#kept.get(number) ?? (await this.#flights.join(String(number), signal, (within) => this.#read(tree.value[number]!, packs, { ...options, signal: within })));
    this.#kept.delete(number);
    this.#kept.set(number, page);
    if (this.#kept.size > KEPT_PAGES) this.#kept.delete(this.#kept.keys().next().value!);
    return page;
  }

  async #read(ref: PageRef, packs: readonly PackId[], options: FetchOptions): Promise<TreePage> {
    const page = treePageCodec.decode(await this.#content.text("tree", hinted(ref, packs), options));
    if (page.rows.length !== ref.rows || page.rows[0]?.path !== ref.first) throw damaged("a page has other files than the entry says");
    return checkedPage(page);
  }
}

function checkedPage(page: TreePage): TreePage {
  for (const row of page.rows) {
    const inBlobs = row.blobs.reduce((sum, { length }) => sum + length, 0);
    const inLists = row.lists.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    if (inBlobs + inLists !== row.sizeBytes) throw damaged("a file's blobs have not the file's size");
    const isFolder = row.kind === numberOfKind("folder");
    if (isFolder && row.sizeBytes > 0) throw damaged("a folder has content");
    const numbers = [...row.blobs, ...row.lists].map(({ pack }) => pack);
    if (numbers.some((pack) => pack >= page.packs.length)) throw damaged("a blob lies in a pack that is not listed");
  }
  return page;
}

function rowInfo(row: Row): RowInfo {
  const kind = kindOf(row);
  const { path, mode, modifiedMs, sizeBytes, digest } = row;
  return { path, kind, mode, modifiedMs, sizeBytes, sha256: kind === "file" ? hex(digest) : undefined };
}

function optionsOf(signal: AbortSignal | undefined): FetchOptions {
  return signal === undefined ? {} : { signal };
}
