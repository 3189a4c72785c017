import { crc32 } from "node:zlib";

// SQLite guards its write-ahead log with checksums, but not the pages of its database. So each value carries a CRC-32 of its key and
// itself: a flipped bit, or a page that belongs elsewhere, is found when the entry is read.

/** What a value is longer by on the disk. */
export const CHECKSUM_BYTES = 4;

/** The CRC-32 of a key and its value. */
export function checksumOf(key: Uint8Array, value: Uint8Array): number {
  return crc32(value, crc32(key));
}

/** The value without its checksum; undefined when it does not belong to the key. */
export function openValue(key: Uint8Array, stored: Uint8Array): Uint8Array | undefined {
  const length = stored.length - CHECKSUM_BYTES;
  if (length < 0) return undefined;
  const value = stored.subarray(0, length);
  const found = new DataView(stored.buffer, stored.byteOffset + length, CHECKSUM_BYTES).getUint32(0);
  return found === checksumOf(key, value) ? value : undefined;
}
