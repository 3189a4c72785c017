// codec: bytes with one form. Deterministic CBOR behind shapes that check every bound, the ids that name things,
// content ids (CIDs), and paths inside trees of files. In: values or untrusted bytes. Out: bytes, or values of exactly the promised shape.
export { CodecError } from "./errors.ts";
export type { CodecErrorCode } from "./errors.ts";
export { blobId, boolean, byteString, choice, codec, fixedBytes, id, list, mapped, nullable, optional, struct, text, uint, unread } from "./shape.ts";
export type { Codec, Shape, ValueOf } from "./shape.ts";
export { bytesOfId, idFromBytes, idFromText, shortId } from "./ids.ts";
export type { AccountId, HostId, InviteId, NamespaceId, NetworkId, PackId, StoreId } from "./ids.ts";
export { DAG_PB, RAW, blobIdFromBytes, blobIdOf, bytesOfBlobId, codecOfBlobId } from "./blob-id.ts";
export type { BlobId } from "./blob-id.ts";
export { MAX_PATH_BYTES, MAX_PATH_PARTS, PathSet, pathFault } from "./paths.ts";
export type { PathRefusal } from "./paths.ts";
export { base32, compareBytes, concatBytes, copyOfBytes, equalBytes, fromBase32, fromHex, fromUtf8, hex, utf8, zeros } from "./bytes.ts";
