import { base32, fromBase32 } from "./bytes.ts";
import { CodecError } from "./errors.ts";

/**
 * A CIDv1 with SHA-256 in base32, as IPFS writes it: "b", then version, codec, hash function, length and digest. Its one form lets us do
 * without the reference library, which takes ten times as long; the tests compare with it. Spec: https://github.com/multiformats/cid
 */
export type BlobId = string & { readonly __id: "blob" };

/** Multicodec of plain bytes. */
export const RAW = 0x55;
/** Multicodec of the protobuf nodes of UnixFS. */
export const DAG_PB = 0x70;
const SHA2_256 = 0x12;
const DIGEST_LENGTH = 32;
export const BLOB_ID_BYTES = 36;
/** Multibase prefix of lower-case base32 without padding. */
const BASE32 = "b";
const TEXT_LENGTH = 59;

/** The id of content whose SHA-256 is `digest`. */
export function blobIdOf(codec: typeof RAW | typeof DAG_PB, digest: Uint8Array): BlobId {
  if (digest.length !== DIGEST_LENGTH) throw new CodecError(`A SHA-256 has ${DIGEST_LENGTH} bytes, not ${digest.length}.`);
  const bytes = new Uint8Array(BLOB_ID_BYTES);
  bytes.set([1, codec, SHA2_256, DIGEST_LENGTH]);
  bytes.set(digest, BLOB_ID_BYTES - DIGEST_LENGTH);
  return textOf(bytes);
}

function textOf(bytes: Uint8Array): BlobId {
  return `${BASE32}${base32(bytes)}` as BlobId;
}

function isKnown(bytes: Uint8Array): boolean {
  const [version, codec, hash, length] = bytes;
  return bytes.length === BLOB_ID_BYTES && version === 1 && (codec === RAW || codec === DAG_PB) && hash === SHA2_256 && length === DIGEST_LENGTH;
}

/** @throws CodecError for anything but a CIDv1 of raw bytes or dag-pb with SHA-256 */
export function blobIdFromBytes(bytes: Uint8Array): BlobId {
  if (!isKnown(bytes)) throw new CodecError("Not a content id that Holdfast knows: CIDv1, raw or dag-pb, SHA-256.");
  return textOf(bytes);
}

/** @throws CodecError when the text is no such id, or one in another base than lower-case base32: content has one name only */
export function bytesOfBlobId(id: string): Uint8Array {
  if (id.length !== TEXT_LENGTH || !id.startsWith(BASE32)) throw notAnId(id);
  const bytes = fromBase32(id.slice(BASE32.length));
  if (!isKnown(bytes)) throw notAnId(id);
  return bytes;
}

function notAnId(id: string): CodecError {
  return new CodecError(`"${id.slice(0, 80)}" is not a content id that Holdfast knows: CIDv1, raw or dag-pb, SHA-256, in base32.`);
}

export function codecOfBlobId(id: BlobId): number {
  return bytesOfBlobId(id)[1]!;
}
