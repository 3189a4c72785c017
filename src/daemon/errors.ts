import { HoldfastError } from "../platform/index.ts";

export type DaemonErrorCode = "NOT_PRIMED" | "BAD_SETTINGS" | "NO_ACCOUNT_KEY" | "ALL_MIRRORED";

export class DaemonError extends HoldfastError<DaemonErrorCode> {}
