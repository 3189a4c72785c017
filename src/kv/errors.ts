import { HoldfastError } from "../platform/index.ts";

export type KvErrorCode =
  /** No name that a namespace can have. */
  | "BAD_NAME"
  /** No such key, or it is deleted. */
  | "NO_KEY"
  /** The key has several values, of which a plain write would throw some away unseen. */
  | "CONFLICT"
  /** The name stands for a namespace already, or keys have been written under it. */
  | "NAMESPACE_IN_USE"
  /** The host acts for nobody, and this needs a person. */
  | "NO_ACCOUNT";

export class KvError extends HoldfastError<KvErrorCode> {}
