import { CID } from "multiformats/cid";
import { create } from "multiformats/hashes/digest";
import { CodecError } from "./errors.ts";

/** A CIDv1 with SHA-256 in base32, as IPFS writes it. Spec: https://github.com/multiformats/cid */
export type BlobId = string & { readonly __id: "blob" };

/** Multicodec of plain bytes. */
export const RAW = 0x55;
/** Multicodec of the protobuf nodes of UnixFS. */
export const DAG_PB = 0x70;
const SHA2_256 = 0x12;
const BINARY_LENGTH = 36;

/** The id of content whose SHA-256 is `digest`. */
export function blobIdOf(codec: typeof RAW | typeof DAG_PB, digest: Uint8Array): BlobId {
  return CID.createV1(codec, create(SHA2_256, digest)).toString() as BlobId;
}

/** @throws CodecError for anything but a CIDv1 of raw bytes or dag-pb with SHA-256 */
export function blobIdFromBytes(bytes: Uint8Array): BlobId {
  const [version, codec, hash, length] = bytes;
  if (bytes.length !== BINARY_LENGTH || version !== 1 || (codec !== RAW && codec !== DAG_PB) || hash !== SHA2_256 || length !== 32) {
    throw new CodecError("Not a content id that Holdfast knows: CIDv1, raw or dag-pb, SHA-256.");
  }
  return blobIdOf(codec, bytes.subarray(4));
}

/** @throws CodecError when the text is no such id */
export function bytesOfBlobId(id: string): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = CID.parse(id).bytes;
  } catch (error) {
    throw new CodecError(`"${id.slice(0, 80)}" is not a content id.`, { cause: error });
  }
  blobIdFromBytes(bytes);
  return bytes;
}

export function digestOfBlobId(id: BlobId): Uint8Array {
  return bytesOfBlobId(id).subarray(4);
}

export function codecOfBlobId(id: BlobId): number {
  return bytesOfBlobId(id)[1]!;
}
