import type { NamespaceId } from "../codec/index.ts";
import { CodecError } from "../codec/index.ts";
import { TAG_BYTES, rowIsDeleted, rowTag } from "./row.ts";
import type { Rows } from "./rows.ts";
import { ROW_HEAD, endOf, justAfter, namespaceOfSum, readU64, sumKey, sumPrefix, u64 } from "./tables.ts";

// What a host has of a namespace in a group, in 32 bytes: the sum of its rows' tags, how many they are, and how large. It is kept in the
// same commit as the rows, so that two hosts see with one look whether they have the same. A tag is a hash over records that name their
// namespace and key, so a sum of tags says which keys have which versions. Rows that consist of deletions only are left out: one
// host may have collected them while another has not. Whoever writes many records can choose some whose tags add up to what others' do;
// they hide nothing by it but records of their own.

/** What one row adds to its sum. */
export interface Weight {
  readonly tag: Uint8Array;
  readonly bytes: number;
}

/** What became of one row in a commit. */
export interface Weighed {
  readonly namespace: NamespaceId;
  readonly key: string;
  readonly group: number;
  readonly before: Weight | undefined;
  readonly after: Weight | undefined;
  /** Whether versions went that nothing has superseded. */
  readonly hasLost: boolean;
}

const VERSION = 1;
const WORDS = TAG_BYTES / 4;
export const SUM_BYTES = 1 + TAG_BYTES + 8 + 8;

/** @returns undefined for a row that counts in no sum */
export function weightOf(rowKey: Uint8Array, row: Uint8Array): Weight | undefined {
  return rowIsDeleted(row) ? undefined : { tag: rowTag(row), bytes: rowKey.length - ROW_HEAD + row.length };
}

/** A sum over rows in any order: of their tags modulo 2^128, of their number, and of the bytes of their keys and values. */
export class Sum {
  readonly #words = new Uint32Array(WORDS);
  #count = 0;
  #bytes = 0;

  /** @throws CodecError */
  static decode(stored: Uint8Array | undefined): Sum {
    const sum = new Sum();
    if (stored === undefined) return sum;
    if (stored[0] !== VERSION || stored.length !== SUM_BYTES) throw new CodecError(`A stored sum has format version ${stored[0] ?? "none"}; this program knows ${VERSION}.`);
    sum.#add(stored.subarray(1), 1);
    sum.#count = readU64(stored, 1 + TAG_BYTES);
    sum.#bytes = readU64(stored, 1 + TAG_BYTES + 8);
    return sum;
  }

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The sum of the tags, big-endian. */
  get tags(): Uint8Array {
    const bytes = new Uint8Array(TAG_BYTES);
    const view = new DataView(bytes.buffer);
    this.#words.forEach((word, at) => view.setUint32(at * 4, word));
    return bytes;
  }

  add({ tag, bytes }: Weight): void {
    this.#add(tag, 1);
    this.#count += 1;
    this.#bytes += bytes;
  }

  remove({ tag, bytes }: Weight): void {
    this.#add(tag, -1);
    // Only a sum that was not counted from all rows, or damaged, can fall below nothing; it is counted anew one day.
    this.#count = Math.max(0, this.#count - 1);
    this.#bytes = Math.max(0, this.#bytes - bytes);
  }

  /** Adds all rows of another sum. */
  join(other: Sum): void {
    this.#add(other.tags, 1);
    this.#count += other.#count;
    this.#bytes += other.#bytes;
  }

  encode(): Uint8Array {
    const bytes = new Uint8Array(SUM_BYTES);
    bytes[0] = VERSION;
    bytes.set(this.tags, 1);
    bytes.set(u64(this.#count), 1 + TAG_BYTES);
    bytes.set(u64(this.#bytes), 1 + TAG_BYTES + 8);
    return bytes;
  }

  #add(tag: Uint8Array, sign: 1 | -1): void {
    const view = new DataView(tag.buffer, tag.byteOffset);
    let carry = 0;
    for (let at = WORDS - 1; at >= 0; at -= 1) {
      const total = this.#words[at]! + sign * view.getUint32(at * 4) + carry;
      this.#words[at] = total;
      carry = Math.floor(total / 2 ** 32);
    }
  }
}

export interface NamespaceSum {
  readonly namespace: NamespaceId;
  readonly sum: Sum;
}

/** Reads the sums that are kept. */
export class SumTable {
  readonly #rows: Rows;

  constructor(rows: Rows) {
    this.#rows = rows;
  }

  get(group: number, namespace: NamespaceId): Sum {
    return Sum.decode(this.#rows.get(sumKey(group, namespace)));
  }

  /** Namespaces with rows in a group, in the order of their ids, those after one. */
  page(group: number, beyond: NamespaceId | null, limit: number): NamespaceSum[] {
    const prefix = sumPrefix(group);
    const from = beyond === null ? prefix : justAfter(sumKey(group, beyond));
    return this.#rows.scanLog(from, endOf(prefix), limit).map(({ key, value }) => ({ namespace: namespaceOfSum(key), sum: Sum.decode(value) }));
  }
}
