import type { PackId, StoreId } from "../codec/index.ts";

export type LogOperation =
  | { readonly kind: "put"; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly kind: "delete"; readonly key: Uint8Array };

export interface LogEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

export const DEFAULT_SCAN_LIMIT = 1000;

export interface LogRange {
  /** Inclusive. */
  readonly from: Uint8Array;
  /** Exclusive. */
  readonly to: Uint8Array;
  /** Entries at most. Default: DEFAULT_SCAN_LIMIT. */
  readonly limit?: number;
  /**
   * The entry with which keys and values have come to so many bytes is the last one, or an earlier one: with this, only an empty page ends the range.
   * Default: no bound.
   */
  readonly bytes?: number;
  readonly reverse?: boolean;
}

/**
 * The durable record log: ordered keys, atomic commits. One of the two ports behind which the simulator stands.
 * Reads are synchronous and see what has been committed, and nothing else.
 */
export interface RecordLog {
  /** Made with the log; a copy restored from elsewhere keeps it, so records guards against that itself. */
  readonly storeId: StoreId;
  /**
   * Writes all operations or none; resolves once they are on the disk. Commits take effect in the order of the calls.
   * A commit that fails with LOG_FULL or LOG_BUSY was not done, and those called after it are done nevertheless.
   * @throws StoreError LOG_BROKEN when a sync failed: from then on every commit fails until the process restarts, and whether this
   *   one was done shows only then; LOG_FULL; LOG_BUSY; ENTRY_TOO_LARGE (keys to 4 KiB, values to 16 MiB); LOG_CLOSED; LOG_DAMAGED
   */
  commit(operations: readonly LogOperation[]): Promise<void>;
  /** @throws DamagedEntry (LOG_DAMAGED) when what lies there is not what was written; StoreError LOG_DAMAGED when the disk cannot be read */
  get(key: Uint8Array): Uint8Array | undefined;
  /**
   * Entries in the order of their keys' unsigned bytes.
   * @param damaged is told the keys of entries that are not what was written. They are left out and do not count for limit and bytes, so without a
   *   bound in bytes a page that is not full ends the range. Without it the scan throws at the first.
   * @throws DamagedEntry, StoreError LOG_DAMAGED when the disk cannot be read
   */
  scan(range: LogRange, damaged?: (key: Uint8Array) => void): LogEntry[];
  close(): Promise<void>;
}

/** 64 KiB: the unit of a piece's Merkle tree. */
export const LEAF_BYTES = 65_536;

export interface HeldPiece {
  readonly pack: PackId;
  readonly index: number;
  readonly sizeBytes: number;
  /** Merkle root over the piece's leaves. */
  readonly root: Uint8Array;
}

export interface Reservation {
  /** Gives the space back when nothing was put under it. Idempotent. */
  release(): void;
}

/** Leaves of a piece with the hashes that prove them against its root. */
export interface ProvenLeaves {
  readonly firstLeaf: number;
  readonly bytes: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/** One host's pieces, as files. A piece appears whole or not at all, and its pack's signed record lies in the same file. */
export interface PieceStore {
  readonly capacityBytes: number;
  readonly usedBytes: number;
  /** Offers more or less from now on. Less than is used takes nothing new and deletes nothing. */
  resize(capacityBytes: number): void;
  /** What may still be taken: capacity less use and reservations, and never the disk's last free space. */
  availableBytes(): Promise<number>;
  /** @throws StoreError STORE_FULL when `sizeBytes` cannot be promised; it says how much is left */
  reserve(sizeBytes: number): Promise<Reservation>;
  /**
   * Writes a piece: temporary file, fdatasync, rename, fsync of the folder. Consumes the reservation.
   * A piece that is already there is left as it is, and its source is not touched.
   * @param packRecord the pack's signed record, kept beside the bytes
   * @throws StoreError PIECE_MISMATCH when the bytes have not the expected size or root, STORE_FULL when the record needs more space
   *   than is left; PlatformError DISK_FULL; the signal's reason. Nothing is kept then.
   */
  put(piece: HeldPiece, packRecord: Uint8Array, source: AsyncIterable<Uint8Array>, reservation: Reservation, signal?: AbortSignal): Promise<void>;
  /** A piece that is here whole, as far as is known. */
  held(pack: PackId, index: number): HeldPiece | undefined;
  /** A piece that is not held because it was found damaged. What is right of it can be read until a put has brought it back. */
  remains(pack: PackId, index: number): HeldPiece | undefined;
  /** All of which something remains. */
  listRemains(): HeldPiece[];
  /** All pieces that are held, in pages: those after `after`, in a fixed order. */
  list(after: { readonly pack: PackId; readonly index: number } | undefined, limit: number): HeldPiece[];
  /** The signed pack record kept beside the piece. @throws StoreError PIECE_MISSING */
  packRecord(pack: PackId, index: number): Promise<Uint8Array>;
  /**
   * Bytes of a piece, each leaf checked against the root before it is handed out.
   * @throws StoreError PIECE_MISSING, PIECE_DAMAGED when not all of the range is right; the piece is not held from then on; OUT_OF_RANGE
   */
  read(pack: PackId, index: number, offset: number, length: number): Promise<Uint8Array>;
  /** Leaves with their proof, for another host, checked like `read`. */
  readProven(pack: PackId, index: number, firstLeaf: number, leafCount: number): Promise<ProvenLeaves>;
  /** With what remains of it. Succeeds when nothing is there. */
  remove(pack: PackId, index: number): Promise<void>;
  /** Deletes what remains of a damaged piece, and nothing of one that is here whole. */
  removeRemains(pack: PackId, index: number): Promise<void>;
}

/** What was fetched from other hosts and may be thrown away: verified when put, checked again when taken. */
export interface SegmentCache {
  readonly usedBytes: number;
  /** `segment` numbers the pack's MiBs. Undefined when absent or damaged. */
  get(pack: PackId, segment: number): Promise<Uint8Array | undefined>;
  put(pack: PackId, segment: number, bytes: Uint8Array): Promise<void>;
  clear(): Promise<void>;
}

