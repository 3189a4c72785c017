import { HoldfastError } from "../platform/index.ts";

export type RecordsErrorCode =
  /** The rules of the namespace do not allow the write. */
  | "REFUSED"
  /** A key, value, context or batch beyond its bound. */
  | "TOO_LARGE"
  /** Nobody in reach knows the namespace's genesis. */
  | "UNKNOWN_NAMESPACE"
  /** Writing in a person's name without their delegation to this host. */
  | "NOT_DELEGATED"
  /** This host keeps no copy of the namespace, and nobody in reach does. */
  | "NOT_HELD"
  /** Too many own writes wait for their replicas. */
  | "OUTBOX_FULL"
  /** The disk refused a write that other hosts may have by now. */
  | "UNSURE"
  /** A feed's position that is none. */
  | "BAD_POSITION"
  /** A token of a write that is none. */
  | "BAD_TOKEN"
  /** Nobody in reach has the write yet that the reader knows of. */
  | "NOT_YET"
  /** A batch whose signature, Merkle path or delegation does not hold, or that is of another network. */
  | "BAD_SEAL"
  /** A record that contradicts itself, such as one whose context holds its own dot. */
  | "BAD_RECORD"
  /** A peer that has had this host do enough for it for now. */
  | "BUSY"
  /** The asked host was away for longer than deletions are remembered, and has not caught up again. */
  | "BELOW_FLOOR"
  /** The store is being closed. */
  | "CLOSED";

export class RecordsError extends HoldfastError<RecordsErrorCode> {}
