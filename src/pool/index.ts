// pool: immutable packs over the hosts' disks. Placing, committing, fetching from the best source, verifying while streaming, and keeping
// as many copies as are wanted. In: blobs written together, and how many copies are wanted. Out: the same bytes from any holder, and
// what survives. A pack's record and the holders' signed claims are records of the namespace that owns the pack.
export { MAX_BLOB_BYTES, MAX_PACK_BLOBS, MAX_PACK_BYTES, SEGMENT_BYTES } from "./port.ts";
export type { Copies, FetchOptions, PackContent, PackInfo, PackedBlob, Pool, Standing, StoredPack } from "./port.ts";
export { Packer } from "./packer.ts";
export type { Extent, Places } from "./packer.ts";
export { PoolError } from "./errors.ts";
export type { PoolErrorCode } from "./errors.ts";
export { HostPool, createPool } from "./pool.ts";
export type { PoolParts } from "./parts.ts";
export { poolRule } from "./rule.ts";
