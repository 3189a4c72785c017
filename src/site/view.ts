import type { NamespaceId } from "../codec/index.ts";
import { MAX_PATH_BYTES } from "../codec/index.ts";
import type { Env } from "../platform/index.ts";
import { Breathing } from "../platform/index.ts";
import type { FetchOptions, Pool } from "../pool/index.ts";
import type { Manifest } from "./manifest.ts";
import type { ListedFile } from "./manifest-writer.ts";
import type { FileInfo, HeadInfo, SiteFile, SiteInfo, SiteView } from "./port.ts";

/** The tree that a head replaced, as soon as it has been read, and whether it did so only a moment ago. */
export interface Lending {
  readonly manifest: Manifest | undefined;
  readonly isRecent: () => boolean;
}

/** What a view is made of. */
export interface ViewParts {
  readonly env: Env;
  readonly pool: Pool;
  readonly site: SiteInfo;
  readonly head: HeadInfo;
  readonly manifest: Manifest;
  readonly before: Lending | undefined;
}

/** One head's tree. Whatever is taken from it is of that head, also when a newer one has come meanwhile. */
export class View implements SiteView {
  readonly site: SiteInfo;
  readonly head: HeadInfo;
  readonly #env: Env;
  readonly #pool: Pool;
  readonly #manifest: Manifest;
  #before: ViewParts["before"];

  constructor({ env, pool, site, head, manifest, before }: ViewParts) {
    this.site = site;
    this.head = head;
    this.#env = env;
    this.#pool = pool;
    this.#manifest = manifest;
    this.#before = before;
  }

  get weightBytes(): number {
    return this.#manifest.weightBytes + (this.#before?.manifest?.weightBytes ?? 0);
  }

  /**
   * A path that is not in this head but was in the one before is found there for ten minutes: a page that a browser has just loaded then
   * still finds its parts. An accented path is found in whichever form its letters were composed when it was published.
   */
  file(path: string): SiteFile | undefined {
    const listed = inAnyForm(path, (form) => this.#manifest.file(form));
    if (listed !== undefined) return this.#readable(listed);
    // A view may be kept for long; the old tree need not be kept with it.
    if (this.#before?.isRecent() === false) this.#before = undefined;
    const lent = inAnyForm(path, (form) => this.#before?.manifest?.file(form));
    return lent && { ...this.#readable(lent), isLent: true };
  }

  hasFolder(path: string): boolean {
    return this.#formOf(path) !== undefined;
  }

  async folder(path: string): Promise<Awaited<ReturnType<SiteView["folder"]>>> {
    const form = this.#formOf(path);
    return form === undefined ? undefined : this.#manifest.folder(form, new Breathing(this.#env));
  }

  #formOf(folder: string): string | undefined {
    return inAnyForm(folder, (form) => (this.#manifest.hasFolder(form) ? form : undefined));
  }

  *files(): Generator<FileInfo> {
    for (const listed of this.#manifest.all()) yield infoOf(listed);
  }

  #readable(listed: ListedFile): SiteFile {
    return { ...infoOf(listed), modifiedMs: listed.modifiedMs, read: (offset, length, signal) => readFile(this.#pool, this.site.namespace, listed, offset, length, { signal }), readHere: (length, signal) => readFile(this.#pool, this.site.namespace, listed, 0, length, { signal, isHere: true }) };
  }
}

function infoOf({ path, id, sizeBytes, type }: ListedFile): FileInfo {
  return { path, id, sizeBytes, type };
}

/** Decomposed, a path of the greatest length has one and a half letters for each of its bytes at most. */
const LETTERS_MAX = 2 * MAX_PATH_BYTES;
const ASCII = /^\p{ASCII}*$/u;
/** No writing has more marks on one letter than 30 (UAX #15, 13); putting n of them in order takes n² steps. */
const TOO_MANY_MARKS = /\p{M}{31}/u;

/** Anybody may ask for any path: what no file can have is not looked for, and what has one form is looked for once. */
function inAnyForm<T>(path: string, find: (form: string) => T | undefined): T | undefined {
  if (path.length > LETTERS_MAX) return undefined;
  const found = find(path);
  if (found !== undefined || ASCII.test(path) || TOO_MANY_MARKS.test(path)) return found;
  return find(path.normalize("NFC")) ?? find(path.normalize("NFD"));
}

/** The bytes of a file from `offset`, extent by extent; fewer than `length` only at its end. */
async function* readFile(pool: Pool, namespace: NamespaceId, file: ListedFile, offset: number, length: number, options: FetchOptions): AsyncGenerator<Uint8Array> {
  const end = Math.min(file.sizeBytes, offset + length);
  let start = 0;
  for (const extent of file.extents) {
    const from = Math.max(offset, start);
    const to = Math.min(end, start + extent.length);
    if (from < to) yield* pool.read(namespace, extent.pack, extent.offset + from - start, to - from, options);
    start += extent.length;
    if (start >= end) return;
  }
}
