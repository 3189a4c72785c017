import type { Delegation, Genesis } from "../../cluster/index.ts";
import { delegationCodec, isGenuine } from "../../cluster/index.ts";
import type { NamespaceId, PackId, Shape } from "../../codec/index.ts";
import { CodecError, blobId, bytesOfId, byteString, codec, concatBytes, fixedBytes, idFromBytes, list, mapped, struct, uint, unread, utf8 } from "../../codec/index.ts";
import type { KeyPair } from "../../crypto/index.ts";
import { sha256, sign, verify } from "../../crypto/index.ts";
import { MAX_BLOB_BYTES, MAX_PACK_BLOBS, MAX_PACK_BYTES } from "../port.ts";
import type { Copies, PackedBlob } from "../port.ts";

/** Indexes run from 0 to 63: room for any k + m that Holdfast will use. */
export const MAX_PIECES = 64;
/** Zero copies in a record mean: on every host. */
const ON_ALL = 0;
const MAX_COPIES = 1024;
const MAX_BODY_BYTES = 256 * 1024;
export const MAX_PACK_RECORD_BYTES = MAX_BODY_BYTES + 1024;

/** What never changes about a pack. Its hash is the pack's id. docs/formats/pool.md has every byte. */
export interface PackBody {
  /** Pieces that are enough to rebuild the pack. 1: each piece is the pack as it is, so there is one piece, number 0, on many hosts. */
  readonly k: number;
  /** Pieces beyond k; 0 when k is 1, where `copies` says how many hosts are wanted. */
  readonly m: number;
  /** On how many hosts each piece is wanted. */
  readonly copies: Copies;
  /** Of the content: all blobs. */
  readonly sizeBytes: number;
  /** Of each piece. */
  readonly pieceBytes: number;
  /** Merkle root of each distinct piece: one for k = 1, else k + m. */
  readonly roots: readonly Uint8Array[];
  readonly blobs: readonly PackedBlob[];
  /** Random, so that equal content packed twice makes two packs, and a tombstone on the one says nothing of the other. */
  readonly nonce: Uint8Array;
}

/** The value of `pack/<id>`: the body and the owner's word for it, which stands by itself wherever the record turns up. */
export interface PackRecord {
  readonly body: Uint8Array;
  /** By which the namespace's owner let the signing host speak for them. */
  readonly delegation: Delegation;
  /** By that host, over the namespace and the pack's id. */
  readonly signature: Uint8Array;
}

const copies: Shape<Copies> = mapped(uint(MAX_COPIES), (value) => (value === "all" ? ON_ALL : value), (number) => (number === ON_ALL ? "all" : number));

const outline = {
  k: uint(MAX_PIECES),
  m: uint(MAX_PIECES),
  copies,
  sizeBytes: uint(MAX_PACK_BYTES),
  pieceBytes: uint(MAX_PACK_BYTES),
  roots: list(fixedBytes(32), MAX_PIECES),
};

const bodyCodec = codec<PackBody>(
  "A pack",
  1,
  MAX_BODY_BYTES,
  struct({ ...outline, blobs: list(struct({ id: blobId, offset: uint(MAX_PACK_BYTES), length: uint(MAX_BLOB_BYTES) }), MAX_PACK_BLOBS), nonce: fixedBytes(16) }),
);

/** All but the list of the blobs, which is the larger part by far. */
export type PackOutline = Omit<PackBody, "blobs" | "nonce">;

const outlineCodec = codec("A pack", 1, MAX_BODY_BYTES, struct({ ...outline, blobs: unread, nonce: unread }));

const recordCodec = codec<PackRecord>("A pack record", 1, MAX_PACK_RECORD_BYTES, struct({ body: byteString(MAX_BODY_BYTES), delegation: delegationCodec.shape, signature: fixedBytes(64) }));

/** Says what contradicts itself in a body whose fields are each within their bounds. */
function contradiction(body: PackBody): string | undefined {
  if (body.k < 1) return "no piece is enough to rebuild it";
  if (body.k === 1 && (body.m !== 0 || body.roots.length !== 1 || body.pieceBytes !== body.sizeBytes)) return "plain copies have one root, one size and no parity";
  if (body.k > 1 && (body.roots.length !== body.k + body.m || body.copies !== 1)) return "a coded pack has k + m roots and one copy of each piece";
  let [end, sliceBytes] = [0, 0];
  for (const { offset, length } of body.blobs) {
    if (offset < end || offset + length > body.sizeBytes) return "its blobs overlap or reach beyond it";
    end = offset + length;
    sliceBytes += Math.ceil(length / body.k);
  }
  // Bytes of no blob would lie in no slice.
  const contentBytes = body.blobs.reduce((sum, { length }) => sum + length, 0);
  if (body.k > 1 && (contentBytes !== body.sizeBytes || sliceBytes !== body.pieceBytes)) return "its pieces are not the slices of its blobs";
  return undefined;
}

/** @throws CodecError when the body is malformed or contradicts itself */
export function decodeBody(bytes: Uint8Array): PackBody {
  const body = bodyCodec.decode(bytes);
  const wrong = contradiction(body);
  if (wrong !== undefined) throw new CodecError(`A pack's record contradicts itself: ${wrong}.`);
  return body;
}

/** Of a body that has been checked before. @throws CodecError */
export function decodeOutline(bytes: Uint8Array): PackOutline {
  return outlineCodec.decode(bytes);
}

/** @throws CodecError */
export function encodeBody(body: PackBody): Uint8Array {
  const bytes = bodyCodec.encode(body);
  decodeBody(bytes);
  return bytes;
}

export function packIdOf(body: Uint8Array): PackId {
  return idFromBytes<PackId>(sha256(concatBytes(utf8("holdfast pack"), body)));
}

function signedBytes(namespace: NamespaceId, pack: PackId): Uint8Array {
  return concatBytes(utf8("holdfast pack record"), bytesOfId(namespace), bytesOfId(pack));
}

/** @param delegation from the namespace's owner to the host whose key this is */
export function signPack(namespace: NamespaceId, body: Uint8Array, delegation: Delegation, hostKey: KeyPair): Uint8Array {
  return recordCodec.encode({ body, delegation, signature: sign(hostKey, signedBytes(namespace, packIdOf(body))) });
}

/** @throws CodecError */
export function decodePackRecord(bytes: Uint8Array): PackRecord {
  return recordCodec.decode(bytes);
}

/** Whether the owner of the namespace stands behind the record. */
export function isByOwner(record: PackRecord, namespace: NamespaceId, genesis: Genesis): boolean {
  const { delegation, signature, body } = record;
  if (genesis.owner === null || delegation.account !== genesis.owner || delegation.network !== genesis.network) return false;
  return isGenuine(delegation) && verify(bytesOfId(delegation.host), signedBytes(namespace, packIdOf(body)), signature);
}
