// What the record log and its writer, a thread of its own, say to each other.
import type { PackedCommits } from "./commit-batch.ts";
import type { LogFault } from "./log-fault.ts";

/** "HFLG": says in the file's header what kind of database this is. */
export const APPLICATION_ID = 0x48464c47;
/** Raised when the tables or the form of values change. */
export const LOG_FORMAT = 1;

export interface WriterData {
  readonly path: string;
  /** Kept by a database that is new; an old one has its own. */
  readonly newStoreId: Uint8Array;
  readonly maxPages: number | undefined;
}

export type ToWriter = { readonly kind: "commits"; readonly packed: PackedCommits } | { readonly kind: "close" };

export type FromWriter =
  | { readonly kind: "open"; readonly storeId: Uint8Array }
  | { readonly kind: "foreign"; readonly applicationId: number; readonly format: number }
  | { readonly kind: "failed"; readonly fault: LogFault }
  /** The next `commits` commits in the order of their calls are on the disk, but for those in `faults`, counted from 0. */
  | { readonly kind: "done"; readonly commits: number; readonly faults: readonly (readonly [number, LogFault])[] }
  /** No commit will succeed any more. */
  | { readonly kind: "broken"; readonly fault: LogFault };
