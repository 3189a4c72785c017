// store: one host's disk. The durable record log (SQLite), pieces as files, the cache of fetched segments, the marker that says whose
// disk it is, and the lock that keeps a second daemon out. In: bytes under keys. Out: the same bytes, or an error; never others.
export { LEAF_BYTES } from "./port.ts";
export type { HeldPiece, LogEntry, LogOperation, LogRange, PieceStore, ProvenLeaves, RecordLog, Reservation, SegmentCache } from "./port.ts";
export { DamagedEntry, StoreError } from "./errors.ts";
export type { StoreErrorCode } from "./errors.ts";
export { SqliteLog } from "./sqlite-log.ts";
export type { SqliteLogOptions } from "./sqlite-log.ts";
export { ownEntry } from "./own-entry.ts";
export { inspectLog } from "./sqlite-log-reader.ts";
export { MemoryLog } from "./memory-log.ts";
export { MemoryDisk } from "./memory-disk.ts";
export type { DiskImage } from "./memory-disk.ts";
export { FilePieceStore } from "./piece-store.ts";
export type { PieceStoreOptions } from "./piece-store.ts";
export { FileSegmentCache } from "./segment-cache.ts";
export type { SegmentCacheOptions } from "./segment-cache.ts";
export { MARKER_NAME, checkMarker, readMarker, writeMarker } from "./marker.ts";
export type { ExpectedMarker, Marker } from "./marker.ts";
export { lockDirectory } from "./lock.ts";
export { checkCapacity, checkPlace, prepareDataDirectory } from "./prime.ts";
export type { PrepareOptions } from "./prime.ts";
export { verifyFsync } from "./verify-fsync.ts";
