import { HoldfastError } from "../platform/index.ts";

export type SiteErrorCode =
  | "BAD_NAME"
  | "NAME_TAKEN"
  | "BAD_DOMAIN"
  | "NO_DOMAIN"
  | "TOO_MANY_DOMAINS"
  | "BAD_PATH"
  | "DUPLICATE_PATH"
  | "EMPTY_SITE"
  | "SITE_TOO_LARGE"
  | "NO_SITE"
  | "NOT_OWNER"
  | "NO_ACCOUNT"
  | "NO_HEAD"
  | "CLOSED"
  | "DAMAGED_SITE";

export class SiteError extends HoldfastError<SiteErrorCode> {}
