/**
 * The numbers of the profile `unixfs-v1-2025`: whoever builds a tree with them gives it the same id.
 * Spec: IPIP-499, https://specs.ipfs.tech/ipips/ipip-0499/
 */
export interface UnixFsProfile {
  /** Every chunk of a file but the last has this size. */
  readonly chunkBytes: number;
  /** Links of one file node. */
  readonly width: number;
  /** A directory whose block would be larger than this is sharded. */
  readonly shardAboveBytes: number;
}

/** Slots of one shard of a large directory: one byte of the name's hash chooses. */
export const FANOUT = 256;

export const UNIXFS_V1_2025: UnixFsProfile = { chunkBytes: 1024 * 1024, width: 1024, shardAboveBytes: 256 * 1024 };
