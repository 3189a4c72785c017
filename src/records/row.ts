import type { NamespaceId } from "../codec/index.ts";
import { CodecError, codec, concatBytes, equalBytes, fromUtf8, idFromBytes, list, struct, unread, utf8, bytesOfId, compareBytes } from "../codec/index.ts";
import type { Shape } from "../codec/index.ts";
import { sha256 } from "../crypto/index.ts";
import type { StoredRecord, UnsealedRecord } from "./batch.ts";
import { fromSealed, hashOf } from "./batch.ts";
import { MAX_ROW_BYTES, MAX_SIBLINGS } from "./limits.ts";
import type { RecordBody, Sealed } from "./record.ts";
import { recordCodec, sealedShape } from "./record.ts";
import { readU32, u64 } from "./tables.ts";

// A key's row: version, number in this store, tag, then the siblings. Number and tag stand at fixed places, so that comparing with
// another host needs no decoding. Nor does seeing whether all siblings are deletions: the number's highest bit says so.

export const TAG_BYTES = 16;
const VERSION = 1;
const HEAD = 1 + 8 + TAG_BYTES;
const DELETED = 128;

export const siblingsCodec = codec<readonly Sealed[]>("A key's siblings", 1, MAX_ROW_BYTES, list(sealedShape, MAX_SIBLINGS) as Shape<readonly Sealed[]>);

/** What two hosts compare to see whether they hold the same siblings: a hash over the hashes of the records. */
export function tagOf(siblings: readonly StoredRecord[]): Uint8Array {
  return sha256(concatBytes(...siblings.map(hashOf).sort(compareBytes))).slice(0, TAG_BYTES);
}

/**
 * Rows that were taken apart lately and are sound, by their tags: a key that is written is read several times in a moment, by what judges,
 * merges, sends and answers. A row is one of them only if its siblings are the same to the byte, so damage is found as ever.
 */
const remembered = new Map<string, { readonly encoded: Uint8Array; readonly siblings: readonly StoredRecord[] }>();
const REMEMBERED_ROWS = 512;
const REMEMBERED_BYTES_MAX = 4096;

function rememberedSiblings(row: Uint8Array): readonly StoredRecord[] | undefined {
  const known = row.length > REMEMBERED_BYTES_MAX ? undefined : remembered.get(tagText(row));
  return known !== undefined && equalBytes(known.encoded, row.subarray(HEAD)) ? known.siblings : undefined;
}

function rememberRow(row: Uint8Array, siblings: readonly StoredRecord[]): void {
  if (row.length > REMEMBERED_BYTES_MAX) return;
  if (remembered.size >= REMEMBERED_ROWS) remembered.delete(remembered.keys().next().value!);
  remembered.set(tagText(row), { encoded: row.subarray(HEAD), siblings });
}

function tagText(row: Uint8Array): string {
  return Buffer.from(row.buffer, row.byteOffset + HEAD - TAG_BYTES, TAG_BYTES).toString("latin1");
}

export function encodeRow(sequence: number, siblings: readonly StoredRecord[]): Uint8Array {
  const number = u64(sequence);
  if (siblings.every(({ body }) => body.value === null)) number[0]! |= DELETED;
  return concatBytes(Uint8Array.of(VERSION), number, tagOf(siblings), siblingsCodec.encode(siblings.map(({ sealed }) => sealed)));
}

/** The sequence number of a row. @throws CodecError */
export function rowSequence(row: Uint8Array): number {
  if (row[0] !== VERSION || row.length < HEAD) throw new CodecError(`A stored key has format version ${row[0] ?? "none"}; this program knows ${VERSION}.`);
  return (readU32(row, 1) & 0x7fff_ffff) * 2 ** 32 + readU32(row, 5);
}

/** Whether all versions in a row are deletions. */
export function rowIsDeleted(row: Uint8Array): boolean {
  return (row[1]! & DELETED) !== 0;
}

export function rowHasTag(row: Uint8Array, tag: Uint8Array): boolean {
  return row[0] === VERSION && equalBytes(row.subarray(9, HEAD), tag);
}

export function rowTag(row: Uint8Array): Uint8Array {
  return row.slice(9, HEAD);
}

/** The siblings of a row, ascending by dot. They were proven before they were stored. */
export function rowSiblings(row: Uint8Array): readonly StoredRecord[] {
  rowSequence(row);
  return rememberedSiblings(row) ?? siblingsCodec.decode(row.subarray(HEAD)).map(fromSealed);
}

/** The siblings of a row, or undefined when they are not what its tag says. */
export function soundSiblings(stored: Uint8Array): readonly StoredRecord[] | undefined {
  try {
    rowSequence(stored);
    const known = rememberedSiblings(stored);
    if (known !== undefined) return known;
    const siblings = rowSiblings(stored);
    if (!rowHasTag(stored, tagOf(siblings))) return undefined;
    rememberRow(stored, siblings);
    return siblings;
  } catch (error) {
    if (error instanceof CodecError) return undefined;
    throw error;
  }
}

/**
 * A row with the bytes that it should have, or undefined when what is there is not what was stored for the key. Whether the records are
 * genuine was seen before they were stored. A row of which nothing counts any more has no siblings, and stays until it is collected.
 */
export function readRow(namespace: NamespaceId, key: string, stored: Uint8Array): { readonly siblings: readonly StoredRecord[]; readonly encoded: Uint8Array } | undefined {
  try {
    const siblings = rowSiblings(stored);
    const encoded = encodeRow(rowSequence(stored), siblings);
    const isWhole = siblings.every(({ body }) => body.namespace === namespace && body.key === key) && equalBytes(encoded.subarray(9), stored.subarray(9));
    return isWhole ? { siblings, encoded } : undefined;
  } catch (error) {
    if (error instanceof CodecError) return undefined;
    throw error;
  }
}

const bodiesCodec = codec<readonly { readonly leaf: RecordBody }[]>("A key's siblings", 1, MAX_ROW_BYTES, list(struct({ seal: unread, index: unread, path: unread, leaf: recordCodec.within }), MAX_SIBLINGS));

/** The siblings of a row without what proves them, for readers on this host: a third of the work. */
export function rowUnsealed(row: Uint8Array): readonly UnsealedRecord[] {
  rowSequence(row);
  return rememberedSiblings(row) ?? bodiesCodec.decode(row.subarray(HEAD)).map(({ leaf }) => ({ dot: leaf.dot, context: leaf.context, body: leaf }));
}

/** What stands under a number of the sequence index. */
export interface Head {
  readonly namespace: NamespaceId;
  readonly tag: Uint8Array;
  readonly key: string;
}

export function encodeHead({ namespace, tag, key }: Head): Uint8Array {
  return concatBytes(Uint8Array.of(VERSION), bytesOfId(namespace), tag, utf8(key));
}

/** Undefined when it is damaged. */
export function readHead(bytes: Uint8Array): Head | undefined {
  try {
    return decodeHead(bytes);
  } catch (error) {
    if (error instanceof CodecError) return undefined;
    throw error;
  }
}

/** @throws CodecError */
export function decodeHead(bytes: Uint8Array): Head {
  if (bytes[0] !== VERSION) throw new CodecError(`An entry of the sequence index has format version ${bytes[0] ?? "none"}; this program knows ${VERSION}.`);
  const key = 33 + TAG_BYTES;
  return { namespace: idFromBytes<NamespaceId>(bytes.subarray(1, 33)), tag: bytes.slice(33, key), key: fromUtf8(bytes.subarray(key)) };
}
