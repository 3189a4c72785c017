import { idFromBytes, blobIdOf, RAW, utf8 } from "../../codec/index.ts";
import type { AccountId, NamespaceId } from "../../codec/index.ts";
import { sha256 } from "../../crypto/index.ts";
import type { FileInfo, HeadInfo, Publication, PublishOptions, PublishResult, SiteFile, SiteInfo, SiteView, Sites } from "../../site/index.ts";
import { HoldfastError } from "../../platform/index.ts";
import { FakeDomains } from "./fake-domains.ts";
import { FakeVisits } from "./fake-visits.ts";

// For tests and benchmarks only: sites in memory, whose files can be slow, huge or broken.

export interface FakeFile {
  readonly sizeBytes: number;
  readonly type: string;
  bytesAt(offset: number, length: number): Uint8Array;
  readonly chunkBytes: number;
  /** What its publisher says that it is. Default: what it is. */
  readonly id?: FileInfo["id"];
  /** Thrown instead of the chunk that begins at this offset or after it. */
  readonly failure?: { readonly at: number; readonly error: Error };
  /** Awaited before each chunk. */
  readonly before?: (signal: AbortSignal | undefined) => Promise<void>;
}

/** One read of a file, as it went. */
export interface ReadLog {
  readonly path: string;
  readonly offset: number;
  readonly length: number;
  given: number;
  isEnded: boolean;
  wasAborted: boolean;
}

const ACCOUNT = idFromBytes<AccountId>(new Uint8Array(32).fill(9));
const MIB = 1024 * 1024;

export function fileOf(content: string | Uint8Array, more: Partial<FakeFile> = {}): FakeFile {
  const bytes = typeof content === "string" ? utf8(content) : content;
  return { sizeBytes: bytes.length, type: "text/html; charset=utf-8", chunkBytes: MIB, bytesAt: (offset, length) => bytes.subarray(offset, offset + length), ...more };
}

/** A file too large for memory: byte n is n modulo 251. */
export function hugeFile(sizeBytes: number, more: Partial<FakeFile> = {}): FakeFile {
  const pattern = Uint8Array.from({ length: MIB + 251 }, (_, at) => at % 251);
  return { sizeBytes, type: "video/mp4", chunkBytes: MIB, bytesAt: (offset, length) => pattern.subarray(offset % 251, (offset % 251) + length), ...more };
}

export class FakeSites implements Sites {
  readonly domains = new FakeDomains();
  readonly visits = new FakeVisits();
  readonly #sites = new Map<string, { info: SiteInfo; files: Map<string, FakeFile> }>();
  readonly reads: ReadLog[] = [];
  opens = 0;
  /** Thrown by `open`. */
  failure: Error | undefined;
  /** Of each site's list of files. */
  weightBytes = 1000;
  /** What `open` gives although there is a newer head. */
  stale: SiteView | undefined;
  /** Of the head before, still to be had. */
  readonly lent = new Map<string, FakeFile>();
  onPublish: (options: PublishOptions) => void = () => {};
  /** By number, those that may be opened by it. */
  readonly versions = new Map<number, SiteView>();
  /** What `block` finds, by id. */
  blocks: ReadonlyMap<string, Uint8Array> = new Map();
  readonly aborted: string[] = [];
  readonly left: string[] = [];
  survives = 2;
  isSafe = true;

  put(name: string, files: Readonly<Record<string, FakeFile | string>>): SiteInfo {
    const contents = new Map(Object.entries(files).map(([path, file]) => [path, typeof file === "string" ? fileOf(file) : file]));
    const sequence = (this.#sites.get(name)?.info.head?.sequence ?? 0) + 1;
    const namespace = idFromBytes<NamespaceId>(sha256(utf8(name)));
    const head: HeadInfo = { sequence, root: blobIdOf(RAW, sha256(utf8(`${name} ${sequence}`))), files: contents.size, sizeBytes: [...contents.values()].reduce((sum, file) => sum + file.sizeBytes, 0), publishedMs: 1_700_000_000_000 };
    const info: SiteInfo = { name, namespace, owner: ACCOUNT, standing: "final", head };
    this.#sites.set(name, { info, files: contents });
    return info;
  }

  claim(name: string): void {
    this.#sites.set(name, { info: { name, namespace: idFromBytes<NamespaceId>(sha256(utf8(name))), owner: ACCOUNT, standing: "provisional", head: undefined }, files: new Map() });
  }

  async publish(name: string, options: PublishOptions): Promise<Publication> {
    if (name === "taken") throw new HoldfastError("NAME_TAKEN", "The name is taken. Choose another.");
    this.onPublish(options);
    const files: Record<string, FakeFile> = {};
    return {
      add: async (path, source) => {
        if (Object.hasOwn(files, path)) throw new HoldfastError("DUPLICATE_PATH", `${path} was added already.`);
        const chunks: Uint8Array[] = [];
        for await (const chunk of source) {
          options.signal?.throwIfAborted();
          chunks.push(chunk);
        }
        const file = fileOf(Buffer.concat(chunks));
        files[path] = file;
        return infoOf(path, file);
      },
      keep: async (path, id) => {
        const file = this.#sites.get(name)?.files.get(path);
        if (file === undefined || infoOf(path, file).id !== id) return undefined;
        files[path] = file;
        return infoOf(path, file);
      },
      commit: async (): Promise<PublishResult> => {
        if (Object.keys(files).length === 0) throw new HoldfastError("EMPTY_SITE", "Nothing was added.");
        const site = this.put(name, files);
        return { site, head: site.head!, survives: this.survives, safe: this.isSafe };
      },
      abort: async () => {
        this.aborted.push(name);
      },
      leave: async () => {
        this.left.push(name);
      },
    };
  }

  async unpublish(name: string): Promise<void> {
    if (!this.#sites.delete(name)) throw new HoldfastError("NO_SITE", `There is no site "${name}".`);
  }

  async rollback(name: string, sequence: number): Promise<PublishResult> {
    const site = this.find(name);
    if (site?.head === undefined || sequence > site.head.sequence) throw new HoldfastError("NO_HEAD", `The site "${name}" has no state ${sequence}.`);
    return { site, head: site.head, survives: this.survives, safe: this.isSafe };
  }

  list(): readonly SiteInfo[] {
    return [...this.#sites.values()].map((site) => site.info);
  }

  find(name: string): SiteInfo | undefined {
    return this.#sites.get(name)?.info;
  }

  history(name: string): readonly HeadInfo[] {
    const head = this.find(name)?.head;
    return head === undefined ? [] : [head];
  }

  numbered(_name: string, sequence: number): HeadInfo | undefined {
    return this.versions.get(sequence)?.head;
  }

  async open(name: string, _signal?: AbortSignal, sequence?: number): Promise<SiteView> {
    this.opens += 1;
    if (sequence !== undefined) {
      const version = this.versions.get(sequence);
      if (version === undefined) throw new HoldfastError("NO_HEAD", `"${name}" has no publication number ${sequence}.`);
      return version;
    }
    if (this.failure !== undefined) throw this.failure;
    if (this.stale !== undefined) return this.stale;
    const { info, files } = this.#sites.get(name)!;
    return {
      site: info,
      head: info.head!,
      weightBytes: this.weightBytes,
      file: (path) => (files.has(path) ? this.#file(path, files.get(path)!) : this.lent.has(path) ? { ...this.#file(path, this.lent.get(path)!), isLent: true } : undefined),
      hasFolder: (path) => folderOf(files, path) !== undefined,
      folder: async (path) => folderOf(files, path),
      files: () => [...files].map(([path, file]) => infoOf(path, file)),
    };
  }

  async block(id: string): Promise<Uint8Array | undefined> {
    return this.blocks.get(id);
  }

  #file(path: string, file: FakeFile): SiteFile {
    return { ...infoOf(path, file), modifiedMs: 1_700_000_000_000, read: (offset, length, signal) => this.#read(path, file, offset, length, signal), readHere: (length, signal) => this.#read(path, file, 0, length, signal) };
  }

  async *#read(path: string, file: FakeFile, offset: number, length: number, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
    const log: ReadLog = { path, offset, length, given: 0, isEnded: false, wasAborted: false };
    this.reads.push(log);
    signal?.addEventListener("abort", () => (log.wasAborted = !log.isEnded));
    try {
      for (let at = offset; at < offset + length; at += file.chunkBytes) {
        await file.before?.(signal);
        signal?.throwIfAborted();
        if (file.failure !== undefined && at >= file.failure.at) throw file.failure.error;
        const chunk = file.bytesAt(at, Math.min(file.chunkBytes, offset + length - at));
        log.given += chunk.length;
        yield chunk;
      }
    } finally {
      log.isEnded = true;
    }
  }
}

/** Ids of files, which are slow to make for fifty thousand of them. */
const idOf = new WeakMap<FakeFile, FileInfo["id"]>();

function infoOf(path: string, file: FakeFile): FileInfo {
  const id = file.id ?? idOf.get(file) ?? blobIdOf(RAW, sha256(Buffer.concat([utf8(`${file.sizeBytes} `), file.bytesAt(0, Math.min(file.sizeBytes, 4096))])));
  idOf.set(file, id);
  return { path, id, sizeBytes: file.sizeBytes, type: file.type };
}

function folderOf(files: ReadonlyMap<string, FakeFile>, path: string): Awaited<ReturnType<SiteView["folder"]>> {
  const prefix = path === "" ? "" : `${path}/`;
  const entries = new Map<string, { name: string; sizeBytes: number; isFolder: boolean }>();
  for (const [each, file] of files) {
    if (!each.startsWith(prefix)) continue;
    const [name, ...below] = each.slice(prefix.length).split("/");
    const isFolder = below.length > 0;
    entries.set(name!, { name: isFolder ? `${name}/` : name!, sizeBytes: file.sizeBytes, isFolder });
  }
  return entries.size === 0 && path !== "" ? undefined : [...entries.values()];
}
