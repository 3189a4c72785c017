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

/** One entry of the record log is not what was written; the others can be read. A new value under its key, or its deletion, ends that. */
export class DamagedEntry extends StoreError {
  readonly key: Uint8Array;

  constructor(log: string, key: Uint8Array) {
    super("LOG_DAMAGED", `An entry of the record log ${log} is damaged: it does not match its checksum. Check the disk of this host; what can be had from other hosts comes back from them.`);
    this.key = key;
  }
}
