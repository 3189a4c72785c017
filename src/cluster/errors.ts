import { HoldfastError } from "../platform/index.ts";

export type ClusterErrorCode =
  | "BAD_INVITE"
  | "INVITE_EXPIRED"
  | "INVITE_USED"
  | "INVITE_UNKNOWN"
  | "INVITER_REMOVED"
  | "APPLICATION_REFUSED"
  | "APPLICATION_EXPIRED"
  | "NO_APPLICATION"
  | "WRONG_DIGITS"
  | "OTHER_NETWORK"
  | "NETWORK_FULL"
  | "HOST_NAME_TAKEN"
  | "BAD_HOST_NAME"
  | "NOT_ADMINISTRATOR"
  | "NOT_APPROVED"
  | "NOT_GONE"
  | "LAST_VOTER"
  | "VOTERS_CHANGED"
  | "NOT_DRAINED"
  | "NO_SUCH_HOST"
  | "NO_SUCH_PERSON"
  | "OWN_DELEGATION"
  | "NO_ACCOUNT";

export class ClusterError extends HoldfastError<ClusterErrorCode> {}
