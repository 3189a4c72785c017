import type { HostId, NamespaceId, StoreId } from "../codec/index.ts";
import { bytesOfId, concatBytes, fromUtf8, idFromBytes, utf8, zeros } from "../codec/index.ts";
import type { Actor } from "./port.ts";

// How the record log's keys are laid out: a letter for the table, then fixed-width fields, then what has no fixed width.
// Integers are big-endian, so that the log's order is theirs. docs/formats/records.md has the whole table.

const letters = new Map<string, Uint8Array>();

function letter(table: string): Uint8Array {
  const known = letters.get(table) ?? utf8(table);
  letters.set(table, known);
  return known;
}

export function u16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 255);
}

export function u64(value: number): Uint8Array {
  const bytes = zeros(8);
  put32(bytes, 0, Math.floor(value / 2 ** 32));
  put32(bytes, 4, value);
  return bytes;
}

function put32(bytes: Uint8Array, at: number, value: number): void {
  for (let byte = 0; byte < 4; byte += 1) bytes[at + byte] = value >>> (24 - 8 * byte);
}

/** @throws RangeError when they are not there */
export function readU64(bytes: Uint8Array, at: number): number {
  if (at + 8 > bytes.length) throw new RangeError(`There is no number of 8 bytes at ${at} of ${bytes.length} bytes.`);
  return readU32(bytes, at) * 2 ** 32 + readU32(bytes, at + 4);
}

export function readU32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

/** Where the keys with this prefix end: the least key that is greater than all of them. */
export function endOf(prefix: Uint8Array): Uint8Array {
  const end = prefix.slice();
  for (let at = end.length - 1; at >= 0; at -= 1) {
    if (end[at]! < 255) {
      end[at]! += 1;
      return end.subarray(0, at + 1);
    }
  }
  return Uint8Array.of(255, 255, 255, 255);
}

/** The least key that is greater than this one: where whoever has come to it goes on. */
export function justAfter(key: Uint8Array): Uint8Array {
  const next = zeros(key.length + 1);
  next.set(key);
  return next;
}

/** `k`: a key's siblings. */
export function rowKey(namespace: NamespaceId, key: string): Uint8Array {
  return concatBytes(letter("k"), bytesOfId(namespace), utf8(key));
}

export const ROW_HEAD = 33;

/** `q`: which key was changed at a number of this store. */
export function sequenceKey(group: number, sequence: number): Uint8Array {
  return concatBytes(letter("q"), u16(group), u64(sequence));
}

export function sequencePrefix(group: number): Uint8Array {
  return concatBytes(letter("q"), u16(group));
}

export function sequenceOf(key: Uint8Array): number {
  return readU64(key, 3);
}

export function groupOfSequence(key: Uint8Array): number {
  return key[1]! * 256 + key[2]!;
}

/** `c`: this host's dots, per key. */
export function counterKey(namespace: NamespaceId, key: string): Uint8Array {
  return concatBytes(letter("c"), bytesOfId(namespace), utf8(key));
}

/** `b`: the highest batch number seen of an actor. */
export function batchKey(actor: Actor): Uint8Array {
  return concatBytes(letter("b"), bytesOfId(actor.host), u64(actor.incarnation));
}

/** All incarnations of a host in that table. */
export function batchPrefix(host: HostId): Uint8Array {
  return concatBytes(letter("b"), bytesOfId(host));
}

export function incarnationIn(batchKey: Uint8Array): number {
  return readU64(batchKey, 33);
}

/** `n`: geneses. */
export function genesisKey(namespace: NamespaceId): Uint8Array {
  return concatBytes(letter("n"), bytesOfId(namespace));
}

/** `f`: namespaces followed by this host's own choice. */
export function followKey(namespace: NamespaceId): Uint8Array {
  return concatBytes(letter("f"), bytesOfId(namespace));
}

/** `p`: how far another store's numbering of a group has been applied here. */
export function positionKey(store: StoreId, group: number): Uint8Array {
  return concatBytes(letter("p"), bytesOfId(store), u16(group));
}

export function positionPrefix(store: StoreId): Uint8Array {
  return concatBytes(letter("p"), bytesOfId(store));
}

/** The group in the key of a position. */
export function groupIn(positionKey: Uint8Array): number {
  return positionKey[33]! * 256 + positionKey[34]!;
}

/** `o`: own batches that wait for their replicas. */
export function outboxKey(incarnation: number, batch: number): Uint8Array {
  return concatBytes(letter("o"), u64(incarnation), u64(batch));
}

/** `h`: records kept on behalf of replicas out of reach. */
export function hintKey(number: number): Uint8Array {
  return concatBytes(letter("h"), u64(number));
}

export function hintIn(key: Uint8Array): number {
  return readU64(key, 1);
}

/** `r`: groups whose local copy is complete enough to be read. */
export function readyKey(group: number): Uint8Array {
  return concatBytes(letter("r"), u16(group));
}

/** `s`: sums over the rows of a namespace in a group. */
export function sumKey(group: number, namespace: NamespaceId): Uint8Array {
  return concatBytes(letter("s"), u16(group), bytesOfId(namespace));
}

export function sumPrefix(group: number): Uint8Array {
  return concatBytes(letter("s"), u16(group));
}

export function namespaceOfSum(key: Uint8Array): NamespaceId {
  return idFromBytes<NamespaceId>(key.subarray(3, 35));
}

/** `x`: rows and own batches that were found damaged. @param key theirs; the one of a row is longer than any of a batch */
export function quarantineKey(key: Uint8Array): Uint8Array {
  return concatBytes(letter("x"), key.subarray(1));
}

/** `w`: the widest scope in which rows of a group were ever taken here. */
export function widestKey(group: number): Uint8Array {
  return concatBytes(letter("w"), u16(group));
}

/** `m`: single values. */
export function metaKey(name: "actor" | "ahead" | "sequence" | "lives" | "floor" | "judged" | "sums"): Uint8Array {
  return concatBytes(letter("m"), utf8(name));
}

export function table(name: "k" | "q" | "n" | "f" | "o" | "h" | "r" | "w" | "p" | "s" | "x"): { readonly from: Uint8Array; readonly to: Uint8Array } {
  return { from: letter(name), to: endOf(letter(name)) };
}

/** Whether an entry is a row, or one of the index of their changes. */
export function isOfRows(key: Uint8Array): boolean {
  return tableOf(key) === "k" || tableOf(key) === "q";
}

/** The letter of the table to which a key belongs. */
export function tableOf(key: Uint8Array): string {
  return String.fromCharCode(key[0] ?? 0);
}

export function namespaceIn(key: Uint8Array): NamespaceId {
  return idFromBytes<NamespaceId>(key.subarray(1, 33));
}

export function storeIn(key: Uint8Array): StoreId {
  return idFromBytes<StoreId>(key.subarray(1, 33));
}

/** The key of a record in the key of its row. */
export function recordKeyIn(rowKey: Uint8Array): string {
  return fromUtf8(rowKey.subarray(ROW_HEAD));
}
