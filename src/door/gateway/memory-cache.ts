interface Entry {
  readonly bytes: Buffer;
  /** Taken since the hand last came by. */
  used: boolean;
}

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
  readonly #loading = new Map<string, Promise<Buffer>>();
  readonly #seen = new Set<string>();
  #usedBytes = 0;
  #loadingBytes = 0;

  constructor(budgetBytes: number) {
    this.#budgetBytes = budgetBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  get(id: string): Buffer | undefined {
    const entry = this.#entries.get(id);
    if (entry === undefined) return undefined;
    entry.used = true;
    return entry.bytes;
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
  async take(id: string, sizeBytes: number, load: () => Promise<Buffer>): Promise<Buffer> {
    const cached = this.get(id) ?? this.#loading.get(id);
    if (cached !== undefined) return cached;
    const loading = load();
    this.#loading.set(id, loading);
    this.#loadingBytes += sizeBytes;
    try {
      const bytes = await loading;
      this.#put(id, bytes);
      return bytes;
    } finally {
      this.#loading.delete(id);
      this.#loadingBytes -= sizeBytes;
    }
  }

  #put(id: string, bytes: Buffer): void {
    const cost = bytes.length + ENTRY_BYTES;
    if (cost > this.#budgetBytes) return;
    while (this.#usedBytes + cost > this.#budgetBytes) this.#evictOne();
    this.#entries.set(id, { bytes, used: false });
    this.#usedBytes += cost;
  }

  /** Entries are passed in the order of their coming; one that was used meanwhile goes to the end once more. */
  #evictOne(): void {
    for (const [id, entry] of this.#entries) {
      this.#entries.delete(id);
      if (!entry.used) {
        this.#usedBytes -= entry.bytes.length + ENTRY_BYTES;
        return;
      }
      entry.used = false;
      this.#entries.set(id, entry);
    }
  }
}
