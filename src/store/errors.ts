import { HoldfastError } from "../platform/index.ts";

export type StoreErrorCode =
  // The record log.
  | "LOG_BROKEN"
  | "LOG_FULL"
  | "LOG_BUSY"
  | "LOG_DAMAGED"
  | "LOG_TOO_NEW"
  | "LOG_CLOSED"
  | "ENTRY_TOO_LARGE"
  // Pieces.
  | "STORE_FULL"
  | "PIECE_MISMATCH"
  | "PIECE_MISSING"
  | "PIECE_DAMAGED"
  | "OUT_OF_RANGE"
  // The data directory.
  | "NOT_PRIMED"
  | "WRONG_STORE"
  | "MARKER_DAMAGED"
  | "DIRECTORY_IN_USE"
  | "LOCK_FAILED"
  | "NOT_EMPTY"
  | "NOT_A_FOLDER"
  | "CAPACITY_TOO_LARGE"
  | "DISK_LIES";

/** What this host's disk would not do. */
export class StoreError extends HoldfastError<StoreErrorCode> {}
