import { HoldfastError } from "../platform/index.ts";

export type DaemonErrorCode =
  | "NOT_PRIMED"
  | "ALREADY_PRIMED"
  | "BAD_SETTINGS"
  | "NO_ACCOUNT_KEY"
  | "NO_CAPACITY"
  | "NO_ANSWER"
  | "NOT_RUNNING"
  | "STILL_RUNNING";

export class DaemonError extends HoldfastError<DaemonErrorCode> {}
