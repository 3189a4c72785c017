import type { BlobId, HostId, NamespaceId, PackId } from "../codec/index.ts";

/** A pack has at most 16 MiB and 4,096 blobs. */
export const MAX_PACK_BYTES = 16 * 1024 * 1024;
export const MAX_PACK_BLOBS = 4096;
/** 1 MiB. */
export const MAX_BLOB_BYTES = 1024 * 1024;
/** 1 MiB: what is fetched from a source at once and kept in the cache. */
export const SEGMENT_BYTES = 1024 * 1024;

/** On how many hosts a public pack lies: a number, or all of them. */
export type Copies = number | "all";

/**
 * How a pack is spread. Copies: each host has the whole of it. A code: k + m hosts have a piece each, of which any k give the whole, and no
 * host has a whole blob. A code with k = 1 is a number of copies.
 */
export type Redundancy = { readonly kind: "copies"; readonly copies: Copies } | { readonly kind: "code"; readonly k: number; readonly m: number };

export interface PackedBlob {
  readonly id: BlobId;
  readonly offset: number;
  readonly length: number;
}

/** What is to be written: the blobs one after another. */
export interface PackContent {
  readonly bytes: Uint8Array;
  readonly blobs: readonly PackedBlob[];
  /** Called when the pack is stored and nobody looks at the bytes any more. Not called where they may still be on their way to a host that failed. */
  readonly release?: () => void;
}

export interface StoredPack {
  readonly pack: PackId;
  readonly sizeBytes: number;
  /** The hosts that hold a piece, each by its own signed word. */
  readonly holders: readonly HostId[];
  /** Pieces that were wanted, each on a host of its own; `holders` may be fewer. For all hosts: as many as there are now. */
  readonly wanted: number;
  /** False: fewer durable copies of the pack's record than hosts may be lost. They will be more; the pieces themselves are on the disks. */
  readonly safe: boolean;
}

/** A piece and a host that holds it by its own signed word. */
export interface Holding {
  readonly host: HostId;
  readonly index: number;
}

/** A pack's whereabouts as the records say. */
export interface PackInfo {
  readonly pack: PackId;
  readonly sizeBytes: number;
  readonly redundancy: Redundancy;
  readonly blobs: readonly PackedBlob[];
  /** Which piece is where, as far as it counts: on active members that are not suspect. Copies all have the index 0. */
  readonly pieces: readonly Holding[];
  /** The hosts among them, each once. */
  readonly holders: readonly HostId[];
  /** Pieces that other hosts may have without having signed for them, as far as this host has noticed. */
  readonly maybe: readonly Holding[];
}

/** How the packs of a namespace stand, taken together. */
export interface Standing {
  readonly packs: number;
  /** The active members that hold a piece of any of them, by their signed word. */
  readonly holders: ReadonlySet<HostId>;
  /** Hosts, whichever, that may vanish before one of them is lost, those left out that are condemned. Below 0: of one of them too few pieces are in sight. */
  readonly survives: number;
  /** The same of the hosts that are here, those that are away counted as away. Below 0: something cannot be read before they are back. */
  readonly survivesNow: number;
}

/** A range of a piece that was read, and from where. */
export interface SourceReport {
  /** This host itself for what came from its disk or its cache. */
  readonly host: HostId;
  readonly index: number;
  readonly bytes: number;
  /** From the question until the last byte was proven. */
  readonly elapsedMs: number;
  readonly via: "disk" | "cache" | "network";
}

export interface FetchOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told of every range as it comes; not of what another reader had fetched at the same time. */
  readonly onSource?: ((report: SourceReport) => void) | undefined;
  /** True: only what copies on this host's disk and its cache have is given, and no other host is asked. Default: false. */
  readonly isHere?: boolean;
  /** False for what goes to a disk as a whole: read once, it need not be in the cache too. Default: true. */
  readonly isKept?: boolean;
}

/** Immutable content over the hosts' disks. Packs belong to a namespace, which says who may write and delete them. */
export interface Pool {
  /**
   * Places the pack: reserve, send in parallel, commit. A holder that fails is replaced. Fewer pieces than wanted are a success that says so.
   * @throws PoolError NO_SPACE when too few hosts take it: none for copies, fewer than k + 1 for a code
   */
  store(namespace: NamespaceId, content: PackContent, redundancy: Redundancy, signal?: AbortSignal): Promise<StoredPack>;
  /** Deletes packs by their owner's tombstones; holders then remove their pieces. */
  remove(namespace: NamespaceId, packs: readonly PackId[]): Promise<void>;
  info(namespace: NamespaceId, pack: PackId): PackInfo | undefined;
  packs(namespace: NamespaceId): Iterable<PackInfo>;
  /** Goes through all packs of the namespace, of which a site with a long history has thousands, without a PackInfo for each. */
  standing(namespace: NamespaceId): Standing;
  /**
   * A range of a pack in chunks of at most 1 MiB, from this host's disk, its cache, or the best source; all verified.
   * @throws PoolError UNAVAILABLE naming the hosts that would have it
   */
  read(namespace: NamespaceId, pack: PackId, offset: number, length: number, options?: FetchOptions): AsyncIterable<Uint8Array>;
  /** How many hosts, whichever, may vanish before one of the packs is lost: the least over them, by confirmed pieces. */
  survives(namespace: NamespaceId, packs: Iterable<PackId>): number;
  /** How many zones have hosts that can take pieces: active, not draining, not suspect. Reachable or not. */
  zones(): number;
}
