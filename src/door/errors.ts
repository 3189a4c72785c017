import { HoldfastError } from "../platform/index.ts";
import type { ErrorBody } from "./rows.ts";

export type DoorErrorCode =
  | "PORT_TAKEN"
  | "CANNOT_LISTEN"
  | "BAD_PATH"
  | "BAD_REQUEST"
  | "NO_ROUTE"
  | "WRONG_METHOD"
  | "WRONG_HOST"
  | "WRONG_ORIGIN"
  | "WRONG_TOKEN"
  | "BODY_TOO_LARGE"
  | "LENGTH_REQUIRED"
  | "CHANGED"
  | "INCOMPLETE"
  | "NO_PUBLICATION"
  | "PUBLICATION_BUSY"
  | "TOO_MANY_PUBLICATIONS"
  | "NO_UPLOAD"
  | "UPLOAD_BUSY"
  | "TOO_MANY_UPLOADS"
  | "NO_SITE"
  | "NO_FILE"
  | "CLIENT_GONE"
  | "INTERNAL";

export class DoorError extends HoldfastError<DoorErrorCode> {}

export const UNFORESEEN = "Something failed on this host that nobody foresaw; its log says more.";

/** What a client hears of an error: of our own all, of others only that there was one, for their words may hold anything. */
export function toldOf(error: unknown): ErrorBody {
  return error instanceof HoldfastError ? { code: error.code, message: error.message } : { code: "INTERNAL", message: UNFORESEEN };
}
