import { HoldfastError } from "../platform/index.ts";

export type DriveErrorCode = "BAD_PATH" | "BAD_NAME" | "DUPLICATE_PATH" | "TREE_TOO_LARGE" | "NO_ENTRY" | "NO_FILE" | "NO_ACCOUNT" | "DAMAGED_ENTRY" | "UNAVAILABLE" | "CLOSED";

export class DriveError extends HoldfastError<DriveErrorCode> {}
