/** A file's content in memory. */
export interface Cached {
  readonly bytes: Buffer;
  /**
   * Of a tiny file, the same bytes as a string of as many Latin-1 letters: node:http then sends head and body by one plain write, which is
   * a quarter faster than gathering two buffers. From about 8 KiB on, copying the letters costs more than that.
   */
  readonly letters: string | undefined;
}

interface Entry extends Cached {
  /** Taken since the hand last came by. */
  used: boolean;
}

const TINY_BYTES = 4 * 1024;
/** Files up to this size are kept at the first reading. */
export const SMALL_BYTES = 256 * 1024;
/** A larger file is kept from its second reading on, when it takes at most this part of the budget. */
const LARGEST_PART = 8;
/** Larger files that are being read whole for keeping, at most, as a part of the budget; beyond it they are streamed. */
const LOADING_PART = 2;
/** How many larger files are remembered as read once. */
const SEEN_MAX = 512;
/** What an entry costs beyond its bytes: its key, the map's slot, two objects. */
const ENTRY_BYTES = 400;

/**
 * Whole files by content id, within a budget. Content under an id never changes, so nothing is ever stale. Evicts by second chance
 * (the "clock" approximation of least recently used), so that a hit moves nothing.
 */
export class MemoryCache {
  readonly #budgetBytes: number;
  readonly #entries = new Map<string, Entry>();
  readonly #loading = new Map<string, Promise<Cached>>();
  readonly #seen = new Set<string>();
  #usedBytes = 0;
  #loadingBytes = 0;

  constructor(budgetBytes: number) {
    this.#budgetBytes = budgetBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  get(id: string): Cached | undefined {
    const entry = this.#entries.get(id);
    if (entry === undefined) return undefined;
    entry.used = true;
    return entry;
  }

  /** Whether a file that is not cached should be taken in whole, rather than streamed. Remembers that it was asked for. */
  wants(id: string, sizeBytes: number): boolean {
    if (sizeBytes <= SMALL_BYTES || this.#loading.has(id)) return true;
    if (sizeBytes > this.#budgetBytes / LARGEST_PART) return false;
    if (this.#seen.has(id)) return this.#loadingBytes + sizeBytes <= this.#budgetBytes / LOADING_PART;
    if (this.#seen.size >= SEEN_MAX) this.#seen.clear();
    this.#seen.add(id);
    return false;
  }

  /** The bytes that `load` brings, kept from now on; several who ask at once share one load. */
  async take(id: string, sizeBytes: number, load: () => Promise<Buffer>): Promise<Cached> {
    const cached = this.get(id) ?? this.#loading.get(id);
    if (cached !== undefined) return cached;
    const loading = load().then((bytes) => this.#put(id, bytes));
    this.#loading.set(id, loading);
    this.#loadingBytes += sizeBytes;
    try {
      return await loading;
    } finally {
      this.#loading.delete(id);
      this.#loadingBytes -= sizeBytes;
    }
  }

  #put(id: string, bytes: Buffer): Cached {
    const letters = bytes.length <= TINY_BYTES ? bytes.toString("latin1") : undefined;
    const entry: Entry = { bytes, letters, used: false };
    const cost = costOf(entry);
    if (cost > this.#budgetBytes) return entry;
    while (this.#usedBytes + cost > this.#budgetBytes) this.#evictOne();
    this.#entries.set(id, entry);
    this.#usedBytes += cost;
    return entry;
  }

  /** Entries are passed in the order of their coming; one that was used meanwhile goes to the end once more. */
  #evictOne(): void {
    for (const [id, entry] of this.#entries) {
      this.#entries.delete(id);
      if (!entry.used) {
        this.#usedBytes -= costOf(entry);
        return;
      }
      entry.used = false;
      this.#entries.set(id, entry);
    }
  }
}

function costOf(entry: Entry): number {
  return entry.bytes.length + (entry.letters?.length ?? 0) + ENTRY_BYTES;
}
