import { hex, idFromBytes } from "../codec/index.ts";
import type { StoreId } from "../codec/index.ts";
import type { Random } from "../platform/index.ts";
import { DEFAULT_SCAN_LIMIT } from "./port.ts";
import type { LogEntry, LogOperation, LogRange } from "./port.ts";
import { SortedEntries } from "./sorted-entries.ts";

/** What a disk holds at one moment, for a backup that is restored later. */
export interface DiskImage {
  readonly storeId: StoreId;
  readonly entries: SortedEntries;
}

/**
 * The disk under a MemoryLog. It outlives the log, as a disk outlives a process, and does what disks do: forget what was not synced,
 * keep a part of it, fail a sync, be full, slow or replaced. What is written but not synced is a list of whole commits.
 */
export class MemoryDisk {
  /** How long a sync takes. 0: until the next turn of the promises. */
  syncMs = 0;
  /** While true, commits fail with LOG_FULL. */
  isFull = false;
  readonly #random: Random;
  #storeId: StoreId;
  #synced = new SortedEntries();
  /** Keys of entries whose bytes have changed by themselves. */
  readonly #damaged = new Set<string>();
  #unsynced: (readonly LogOperation[])[] = [];
  #failNext = false;
  #life = 0;

  constructor(random: Random) {
    this.#random = random;
    this.#storeId = this.#newStoreId();
  }

  get storeId(): StoreId {
    return this.#storeId;
  }

  /** Counts the crashes. A log that was opened in an earlier life is dead. */
  get life(): number {
    return this.#life;
  }

  /** Commits that were written, and neither acknowledged nor lost so far. */
  get unsyncedCommits(): number {
    return this.#unsynced.length;
  }

  /** The next sync fails: its commits are in doubt until the next crash, and the log is broken until it is opened anew. */
  failNextSync(): void {
    this.#failNext = true;
  }

  /**
   * Ends the process that has the log open. Of the commits that were not synced the first `keptCommits` are on the disk nevertheless:
   * none after a power cut, all (Infinity) after kill -9, anything between for a disk that was interrupted.
   */
  crash(keptCommits = 0): void {
    for (const operations of this.#unsynced.slice(0, keptCommits)) this.#apply(operations);
    this.#unsynced = [];
    this.#failNext = false;
    this.#life += 1;
  }

  /** A crash and an empty disk in place of this one. */
  wipe(): void {
    this.crash();
    this.#synced = new SortedEntries();
    this.#damaged.clear();
    this.#storeId = this.#newStoreId();
  }

  /** What lies under the key is not what was written any more, until it is written anew or deleted. */
  damage(key: Uint8Array): void {
    if (this.#synced.get(key) !== undefined) this.#damaged.add(hex(key));
  }

  isDamaged(key: Uint8Array): boolean {
    return this.#damaged.size > 0 && this.#damaged.has(hex(key));
  }

  /** A backup: what is synced now, and the store's id. */
  image(): DiskImage {
    return { storeId: this.#storeId, entries: this.#synced.copy() };
  }

  /** A crash, and an old backup in place of what was there. */
  restore(image: DiskImage): void {
    this.crash();
    this.#storeId = image.storeId;
    this.#synced = image.entries.copy();
    this.#damaged.clear();
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#synced.get(key);
  }

  /** Without the entries that are damaged; they do not count for the limit. */
  scan(range: LogRange, damaged: (key: Uint8Array) => void): LogEntry[] {
    if (this.#damaged.size === 0) return this.#synced.scan(range);
    const { limit = DEFAULT_SCAN_LIMIT, bytes = Infinity, ...whole } = range;
    const sound: LogEntry[] = [];
    let left = bytes;
    for (const entry of this.#synced.scan({ ...whole, limit: limit + this.#damaged.size })) {
      if (sound.length === limit || left <= 0) break;
      if (this.isDamaged(entry.key)) damaged(entry.key);
      else {
        sound.push(entry);
        left -= entry.key.length + entry.value.length;
      }
    }
    return sound;
  }

  write(operations: readonly LogOperation[]): void {
    this.#unsynced.push(operations);
  }

  /** Makes the first `commits` of those that are written durable. False: the sync failed. */
  sync(commits: number): boolean {
    if (this.#failNext) {
      this.#failNext = false;
      return false;
    }
    for (const operations of this.#unsynced.splice(0, commits)) this.#apply(operations);
    return true;
  }

  #apply(operations: readonly LogOperation[]): void {
    this.#synced.apply(operations);
    for (const { key } of this.#damaged.size === 0 ? [] : operations) this.#damaged.delete(hex(key));
  }

  #newStoreId(): StoreId {
    return idFromBytes<StoreId>(this.#random.bytes(32));
  }
}
