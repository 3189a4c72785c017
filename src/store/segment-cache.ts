import { mkdir, open, readFile, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { equalBytes, idFromText, utf8 } from "../codec/index.ts";
import type { PackId } from "../codec/index.ts";
import { hasher } from "../crypto/index.ts";
import { Limiter, codeOf, diskError, ensureFolder, space } from "../platform/index.ts";
import type { Env } from "../platform/index.ts";
import { namesIn } from "./files.ts";
import { folders, isShard, shardOf } from "./folders.ts";
import type { SegmentCache } from "./port.ts";
import { defaultFloorBytes } from "./space-budget.ts";

const HASH_BYTES = 32;
const AT_ONCE_MAX = 4;

export interface SegmentCacheOptions {
  /** The data directory. */
  readonly directory: string;
  /** What the cached files may take together. */
  readonly budgetBytes: number;
  /** What of the disk stays free whatever the budget says. Default: 1 % of the disk, and 256 MiB at least. */
  readonly keepFreeBytes?: number;
}

/**
 * Fetched segments as files: the bytes, then SHA-256 over the file's name and them. Nothing is synced: what a power cut tears does not
 * match its hash, is deleted, and fetched again. The least recently used goes first; after a restart, the one written first.
 */
export class FileSegmentCache implements SegmentCache {
  readonly #env: Env;
  readonly #disk: string;
  readonly #directory: string;
  readonly #budgetBytes: number;
  readonly #floorBytes: number;
  /** Sizes by file name, the one that was used last stands last. About 150 bytes of memory for each MiB on the disk. */
  readonly #sizes: Map<string, number>;
  readonly #limiter = new Limiter(AT_ONCE_MAX);
  readonly #writing = new Map<string, Promise<void>>();
  #usedBytes: number;

  private constructor(env: Env, options: SegmentCacheOptions, floorBytes: number, sizes: Map<string, number>) {
    this.#env = env;
    this.#disk = options.directory;
    this.#directory = folders.cache(options.directory);
    this.#budgetBytes = options.budgetBytes;
    this.#floorBytes = floorBytes;
    this.#sizes = sizes;
    this.#usedBytes = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  }

  /** Opens the cache of a data directory, and makes it as small as its budget. @throws PlatformError when the disk refuses */
  static async open(env: Env, options: SegmentCacheOptions): Promise<FileSegmentCache> {
    const directory = folders.cache(options.directory);
    await ensureFolder(directory);
    const floorBytes = options.keepFreeBytes ?? (await defaultFloorBytes(directory));
    try {
      const cache = new FileSegmentCache(env, options, floorBytes, await scan(directory));
      await cache.#evict(cache.#usedBytes - options.budgetBytes);
      return cache;
    } catch (error) {
      throw diskError(error, `Looking through the cache in ${directory}`);
    }
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  async get(pack: PackId, segment: number): Promise<Uint8Array | undefined> {
    const name = nameOf(pack, segment);
    const size = this.#sizes.get(name);
    if (size === undefined) return undefined;
    this.#sizes.delete(name);
    this.#sizes.set(name, size);
    try {
      const bytes = await readChecked(this.#pathOf(name), name);
      if (bytes !== undefined) return bytes;
      this.#env.log.warn("a cached segment is damaged and is deleted", { segment: name });
    } catch (error) {
      this.#env.log.warn("a cached segment cannot be read", { segment: name, error });
      // Without file descriptors nothing can be read, and nothing is wrong with the file.
      if (codeOf(error) === "EMFILE" || codeOf(error) === "ENFILE") return undefined;
    }
    await this.#delete(name);
    return undefined;
  }

  /** A cache that has no room, or whose disk refuses, keeps nothing and says so only in the log. */
  async put(pack: PackId, segment: number, bytes: Uint8Array): Promise<void> {
    const name = nameOf(pack, segment);
    if (this.#sizes.has(name)) return;
    const write = this.#writing.get(name) ?? this.#limiter.run(() => this.#write(name, bytes)).finally(() => this.#writing.delete(name));
    this.#writing.set(name, write);
    await write;
  }

  async clear(): Promise<void> {
    await Promise.all(this.#writing.values());
    await this.#evict(this.#usedBytes);
  }

  async #write(name: string, bytes: Uint8Array): Promise<void> {
    const size = bytes.length + HASH_BYTES;
    const path = this.#pathOf(name);
    let isCounted = false;
    try {
      if (!(await this.#makeRoom(size))) return;
      // Counted before it is written, so that writers side by side do not take the same room twice.
      this.#usedBytes += size;
      isCounted = true;
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await writeParts(path, [bytes, hashOf(name, bytes)]);
      this.#sizes.set(name, size);
    } catch (error) {
      if (isCounted) this.#usedBytes -= size;
      this.#env.log.warn("a fetched segment could not be cached", { segment: name, error });
      await this.#deleteFile(path);
    }
  }

  /** Whether `size` bytes fit in now, after the oldest have gone for them. */
  async #makeRoom(size: number): Promise<boolean> {
    if (size > this.#budgetBytes) return false;
    const { freeBytes } = await space(this.#disk);
    const lacking = this.#floorBytes + size - freeBytes;
    const freed = await this.#evict(Math.max(lacking, this.#usedBytes + size - this.#budgetBytes));
    return freed >= lacking && this.#usedBytes + size <= this.#budgetBytes;
  }

  /** Deletes the least recently used until `bytes` are freed. @returns how many were */
  async #evict(bytes: number): Promise<number> {
    let freed = 0;
    for (const [name, size] of this.#sizes) {
      if (freed >= bytes) break;
      freed += size;
      await this.#delete(name);
    }
    return freed;
  }

  async #delete(name: string): Promise<void> {
    const size = this.#sizes.get(name);
    if (size === undefined) return;
    this.#sizes.delete(name);
    this.#usedBytes -= size;
    await this.#deleteFile(this.#pathOf(name));
  }

  async #deleteFile(path: string): Promise<void> {
    await rm(path, { force: true }).catch((error: unknown) => this.#env.log.warn("a cached segment could not be deleted", { path, error }));
  }

  #pathOf(name: string): string {
    return join(this.#directory, shardOf(name), name);
  }
}

function nameOf(pack: PackId, segment: number): string {
  if (!Number.isSafeInteger(segment) || segment < 0) throw new RangeError(`${segment} is not the number of a segment.`);
  return `${idFromText<PackId>(pack)}.${segment}`;
}

/** The name is part of it, so that a file in the wrong place does not pass for another. */
function hashOf(name: string, bytes: Uint8Array): Uint8Array {
  const hash = hasher();
  hash.update(utf8(name));
  hash.update(bytes);
  return hash.digest();
}

/** Undefined when the file is not what was written. */
async function readChecked(path: string, name: string): Promise<Uint8Array | undefined> {
  const file = await readFile(path);
  const bytes = new Uint8Array(file.buffer, file.byteOffset, Math.max(0, file.length - HASH_BYTES));
  return equalBytes(hashOf(name, bytes), file.subarray(bytes.length)) ? bytes : undefined;
}

async function writeParts(path: string, parts: readonly Uint8Array[]): Promise<void> {
  const file = await open(path, "w", 0o600);
  try {
    for (const part of parts) await file.appendFile(part);
  } finally {
    await file.close();
  }
}

/** What lies in the cache's folder, oldest first. Other files are not looked at. */
async function scan(directory: string): Promise<Map<string, number>> {
  const found: { readonly name: string; readonly size: number; readonly modifiedMs: number }[] = [];
  for (const shard of (await namesIn(directory)).filter(isShard)) {
    for (const name of await namesIn(join(directory, shard))) {
      if (!/^[a-z2-7]{52}\.\d+$/.test(name) || shardOf(name) !== shard) continue;
      const { size, mtimeMs } = await stat(join(directory, shard, name));
      found.push({ name, size, modifiedMs: mtimeMs });
    }
  }
  found.sort((a, b) => a.modifiedMs - b.modifiedMs);
  return new Map(found.map(({ name, size }) => [name, size]));
}
