import { copyOfBytes } from "../codec/index.ts";
import { DEFAULT_SCAN_LIMIT } from "./port.ts";
import type { LogEntry, LogOperation, LogRange } from "./port.ts";

/**
 * Entries in the order of their keys, in memory. Keys stand as text with one letter a byte, because text compares quickly and in the
 * order of the bytes. Most new keys of a log come last, where inserting costs nothing. What is put in stays as it is, so it is copied
 * only for those who read it.
 */
export class SortedEntries {
  readonly #keys: string[] = [];
  readonly #entries = new Map<string, LogEntry>();

  apply(operations: readonly LogOperation[]): void {
    for (const operation of operations) {
      const key = textOf(operation.key);
      if (operation.kind === "put") this.#put(key, operation);
      else this.#delete(key);
    }
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const entry = this.#entries.get(textOf(key));
    return entry === undefined ? undefined : copyOfBytes(entry.value);
  }

  scan(range: LogRange): LogEntry[] {
    const limit = range.limit ?? DEFAULT_SCAN_LIMIT;
    const [from, to] = [this.#placeOf(textOf(range.from)), this.#placeOf(textOf(range.to))];
    const found = range.reverse === true ? this.#keys.slice(Math.max(from, to - limit), Math.max(from, to)).reverse() : this.#keys.slice(from, Math.min(to, from + limit));
    return upTo(range.bytes ?? Infinity, found.map((key) => this.#entries.get(key)!)).map(copyOf);
  }

  copy(): SortedEntries {
    const twin = new SortedEntries();
    for (const key of this.#keys) twin.#keys.push(key);
    for (const [key, entry] of this.#entries) twin.#entries.set(key, entry);
    return twin;
  }

  #put(key: string, entry: LogEntry): void {
    if (!this.#entries.has(key)) this.#keys.splice(this.#placeOf(key), 0, key);
    this.#entries.set(key, entry);
  }

  #delete(key: string): void {
    if (this.#entries.delete(key)) this.#keys.splice(this.#placeOf(key), 1);
  }

  /** Where the key stands, or would. */
  #placeOf(key: string): number {
    const last = this.#keys.at(-1);
    if (last === undefined || last < key) return this.#keys.length;
    let [low, high] = [0, this.#keys.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#keys[middle]! < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The entries up to the one with which they have come to so many bytes. */
function upTo(bytes: number, entries: readonly LogEntry[]): readonly LogEntry[] {
  let left = bytes;
  const last = entries.findIndex(({ key, value }) => (left -= key.length + value.length) <= 0);
  return last < 0 ? entries : entries.slice(0, last + 1);
}

function copyOf(entry: LogEntry): LogEntry {
  return { key: copyOfBytes(entry.key), value: copyOfBytes(entry.value) };
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}
