// pool: immutable packs over the hosts' disks. Placing, committing, fetching from the best source, verifying while streaming.
// In: blobs written together, and how many copies are wanted. Out: the same bytes from any holder, and what survives.
export { MAX_BLOB_BYTES, MAX_PACK_BLOBS, MAX_PACK_BYTES, SEGMENT_BYTES } from "./port.ts";
export type { Copies, FetchOptions, PackContent, PackInfo, PackedBlob, Pool, StoredPack } from "./port.ts";
