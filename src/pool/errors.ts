import { HoldfastError } from "../platform/index.ts";

export type PoolErrorCode =
  | "NO_SPACE"
  | "UNAVAILABLE"
  | "UNKNOWN_PACK"
  | "UNKNOWN_NAMESPACE"
  | "BAD_RANGE"
  | "BAD_PACK"
  | "NOT_OWNER"
  | "OVER_QUOTA"
  | "HOST_FULL"
  | "HOST_BUSY"
  | "REFUSED"
  | "NOT_HELD"
  | "BAD_ANSWER"
  | "SILENT";

export class PoolError extends HoldfastError<PoolErrorCode> {}
