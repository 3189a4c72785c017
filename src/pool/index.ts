// pool: immutable packs over the hosts' disks. Placing, committing, fetching from the best sources, verifying while streaming, and keeping
// as many pieces as are wanted. In: blobs written together, and how redundantly. Out: the same bytes from enough holders, and what
// survives. A pack's record and the holders' signed claims are records of the namespace that owns the pack.
// record: what the records say. layout: blobs in pieces. write, read: packs. hold: this host's own pieces. repair, audit, upkeep: everybody's.
export { MAX_BLOB_BYTES, MAX_PACK_BLOBS, MAX_PACK_BYTES, SEGMENT_BYTES } from "./port.ts";
export type { Copies, FetchOptions, Holding, PackContent, PackInfo, PackedBlob, Pool, Redundancy, SourceReport, Standing, StoredPack } from "./port.ts";
export { Packer } from "./write/packer.ts";
export type { Extent, Places } from "./write/packer.ts";
export { PoolError } from "./errors.ts";
export type { PoolErrorCode } from "./errors.ts";
export { HostPool, createPool } from "./pool.ts";
export type { PoolUpkeep } from "./upkeep/upkeep.ts";
export type { Census, HostCensus } from "./upkeep/census.ts";
export type { Place, Whereabouts } from "./upkeep/whereabouts.ts";
export { NO_MIRRORS } from "./parts.ts";
export type { PoolParts } from "./parts.ts";
export type { RepairStanding } from "./repair/messages.ts";
export type { Mirrors } from "./upkeep/surplus.ts";
export type { PackUse, UsedPacks } from "./upkeep/sweep.ts";
export { Lasting } from "./upkeep/lasting.ts";
export { piecesOf, privateRedundancy } from "./layout/redundancy.ts";
export { PRIVATE_TYPE, privateGenesis } from "./private-space.ts";
export { ABORTED_PREFIX, PACK_PREFIX, isPoolKey } from "./record/keys.ts";
export { isCondemned } from "./record/fate.ts";
export { isReadable } from "./record/holders.ts";
export { poolRule } from "./record/rule.ts";
