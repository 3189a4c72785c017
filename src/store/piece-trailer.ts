import { bytesOfId, concatBytes, equalBytes, idFromBytes, utf8 } from "../codec/index.ts";
import type { PackId } from "../codec/index.ts";
import { merkleRoot, sha256 } from "../crypto/index.ts";
import { readAt } from "./files.ts";
import type { ReadFile } from "./files.ts";
import { LEAF_BYTES } from "./port.ts";
import type { HeldPiece } from "./port.ts";

// A piece's file, format 1. Integers are big-endian. One file, so that one fsync and one rename store a piece, its record and its proof:
//
//   content         `content length` bytes
//   leaf hashes     32 bytes for each 64 KiB of content, the last may be shorter (crypto's leafHash)
//   pack record     `record length` bytes
//   root            32 bytes, the Merkle root over the leaf hashes
//   pack            32 bytes
//   index           u32
//   record length   u32
//   content length  u64
//   checksum        32 bytes, SHA-256 over all from the leaf hashes up to here
//   format          u32
//   magic           "HFPIECE\n"

export const HASH_BYTES = 32;
const FORMAT = 1;
const MAGIC = utf8("HFPIECE\n");
const FIELD_BYTES = 32 + 32 + 4 + 4 + 8;
const FOOT_BYTES = FIELD_BYTES + 32 + 4 + MAGIC.length;

/** A file on this disk is not what was written. Its message says in what way. */
export class Damage extends Error {}

/** What stands behind a piece's content. */
export interface Trailer {
  readonly piece: HeldPiece;
  readonly leaves: readonly Uint8Array[];
  readonly packRecord: Uint8Array;
}

export function leafCountOf(sizeBytes: number): number {
  return Math.ceil(sizeBytes / LEAF_BYTES);
}

/** What a piece takes on the disk, trailer included. */
export function fileBytesOf(sizeBytes: number, recordBytes: number): number {
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0) throw new RangeError(`${sizeBytes} is not the size of a piece.`);
  return sizeBytes + HASH_BYTES * leafCountOf(sizeBytes) + recordBytes + FOOT_BYTES;
}

export function encodeTrailer({ piece, leaves, packRecord }: Trailer): Uint8Array {
  const numbers = new DataView(new ArrayBuffer(16));
  numbers.setUint32(0, piece.index);
  numbers.setUint32(4, packRecord.length);
  numbers.setBigUint64(8, BigInt(piece.sizeBytes));
  const body = concatBytes(...leaves, packRecord, piece.root, bytesOfId(piece.pack), new Uint8Array(numbers.buffer));
  const format = new DataView(new ArrayBuffer(4));
  format.setUint32(0, FORMAT);
  return concatBytes(body, sha256(body), new Uint8Array(format.buffer), MAGIC);
}

/**
 * Reads and checks the trailer of a piece's file: nothing in it is used before its checksum has been.
 * @throws Damage, and whatever the operating system throws
 */
export async function readTrailer(file: ReadFile): Promise<Trailer> {
  const fileBytes = (await file.stat()).size;
  const foot = await readAt(file, Math.max(0, fileBytes - FOOT_BYTES), FOOT_BYTES);
  const { contentBytes, recordBytes } = readLengths(foot);
  if (fileBytesOf(contentBytes, recordBytes) !== fileBytes) throw new Damage("its length is not the one that it says");
  const trailer = await readAt(file, contentBytes, fileBytes - contentBytes);
  const body = trailer.subarray(0, trailer.length - FOOT_BYTES + FIELD_BYTES);
  if (!equalBytes(sha256(body), foot.subarray(FIELD_BYTES, FIELD_BYTES + 32))) throw new Damage("its trailer does not match its checksum");
  return parse(body, contentBytes, recordBytes);
}

function readLengths(foot: Uint8Array): { readonly contentBytes: number; readonly recordBytes: number } {
  if (foot.length < FOOT_BYTES || !equalBytes(foot.subarray(-MAGIC.length), MAGIC)) throw new Damage("it does not end as a piece does");
  const view = new DataView(foot.buffer, foot.byteOffset, foot.byteLength);
  const format = view.getUint32(FIELD_BYTES + 32);
  if (format !== FORMAT) throw new Damage(`its format is ${format}, and this program knows ${FORMAT}`);
  const contentBytes = Number(view.getBigUint64(72));
  if (!Number.isSafeInteger(contentBytes)) throw new Damage("its length is impossible");
  return { recordBytes: view.getUint32(68), contentBytes };
}

function parse(body: Uint8Array, sizeBytes: number, recordBytes: number): Trailer {
  const leaves = Array.from({ length: leafCountOf(sizeBytes) }, (_, at) => body.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES));
  const recordAt = leaves.length * HASH_BYTES;
  const fields = body.subarray(recordAt + recordBytes);
  const root = fields.subarray(0, 32);
  if (!equalBytes(root, merkleRoot(leaves))) throw new Damage("its leaf hashes do not lead to its root");
  const index = new DataView(fields.buffer, fields.byteOffset).getUint32(64);
  return { piece: { pack: idFromBytes<PackId>(fields.subarray(32, 64)), index, sizeBytes, root }, leaves, packRecord: body.subarray(recordAt, recordAt + recordBytes) };
}
