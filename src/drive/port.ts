import type { PackId } from "../codec/index.ts";
import type { FetchOptions, PackUse, Redundancy } from "../pool/index.ts";
import type { RowKind } from "./formats.ts";
import type { EntryId } from "./namespace.ts";

/** A private file or folder, as its owner sees it in a list. */
export interface EntryInfo {
  readonly id: EntryId;
  readonly name: string;
  readonly kind: RowKind;
  readonly files: number;
  readonly folders: number;
  readonly sizeBytes: number;
  readonly createdMs: number;
}

/** An entry that cannot be read, and why. */
export interface EntryFault {
  readonly id: EntryId;
  readonly fault: Error;
}

/** A file or folder inside an entry. */
export interface RowInfo {
  /** Below the entry, "/" between the parts; of an entry that is a file: its name. */
  readonly path: string;
  readonly kind: RowKind;
  /** Permissions of owner, group and others. */
  readonly mode: number;
  readonly modifiedMs: number;
  readonly sizeBytes: number;
  /** SHA-256 of the whole file in hexadecimal; undefined for a folder. */
  readonly sha256: string | undefined;
}

/** What is said of a file or folder that is put. */
export interface RowFacts {
  readonly path: string;
  readonly mode: number;
  readonly modifiedMs: number;
}

export interface UploadOptions {
  readonly name: string;
  readonly kind: RowKind;
  /** Left out: by the number of zones that can take pieces. */
  readonly redundancy?: Redundancy;
  readonly signal?: AbortSignal;
}

export interface UploadResult {
  readonly entry: EntryInfo;
  /** How many hosts, whichever, may vanish without a byte being lost. */
  readonly survives: number;
  /** How it was to be spread. */
  readonly redundancy: Redundancy;
  /** False: some of it is on fewer hosts than it was to be. */
  readonly isSpread: boolean;
  /** False: its record is on fewer hosts than it should be for now. */
  readonly safe: boolean;
}

/** Private content on its way in. Nothing of it is visible before `commit`, and nothing of it after `abort`. */
export interface Upload {
  /** Takes in one file. Calls may run in parallel. @throws DriveError BAD_PATH, DUPLICATE_PATH, TREE_TOO_LARGE, CLOSED */
  add(file: RowFacts, source: AsyncIterable<Uint8Array>): Promise<RowInfo>;
  /** Takes in folders, which may be empty. @throws as `add` does */
  addFolders(folders: readonly RowFacts[]): void;
  commit(): Promise<UploadResult>;
  /** Packs that were sent stay until their owner's scan finds that nothing uses them: another try finds them there. */
  abort(): Promise<void>;
}

/** A file inside an entry, ready to be read. */
export interface PrivateFile extends RowInfo {
  /** Bytes from `offset`; verified and decrypted. */
  read(offset: number, length: number, options?: FetchOptions): AsyncIterable<Uint8Array>;
  /** What the file is made of, in its order: whoever has a part of it can tell how much of that is right. */
  blobs(signal?: AbortSignal): AsyncIterable<BlobInfo>;
}

/** A stretch of a file. */
export interface BlobInfo {
  readonly sizeBytes: number;
  /** In hexadecimal. */
  readonly sha256: string;
}

/** One entry's tree. */
export interface EntryView {
  readonly info: EntryInfo;
  /** In the order of paths, by their UTF-8 bytes. */
  rows(signal?: AbortSignal): AsyncIterable<RowInfo>;
  file(path: string, signal?: AbortSignal): Promise<PrivateFile | undefined>;
  /**
   * Whole files one behind the other, in the order asked for. What lies side by side in a pack is read in one go, which is how small files of one
   * folder lie. @throws DriveError NO_ENTRY when one of the paths is no file's
   */
  together(paths: readonly string[], options?: FetchOptions): AsyncIterable<Uint8Array>;
}

/** What an upgrade would do, or does. */
export interface UpgradePlan {
  /** What is chosen today, by the zones that can take pieces. */
  readonly redundancy: Redundancy;
  /** Packs that survive fewer losses than that. */
  readonly packs: number;
  readonly contentBytes: number;
  /** What the new packs take on all hosts; the old ones are there as well until they are deleted. */
  readonly takenBytes: number;
}

export interface UpgradeStep extends UpgradePlan {
  /** Of the content: stored anew by now. */
  readonly doneBytes: number;
  /** False: some of it is on fewer hosts than it was to be. The rest is made up for, and the old packs stay until then. */
  readonly isSpread: boolean;
}

/** The private content of the person for whom this host acts. All of it throws DriveError NO_ACCOUNT, or DaemonError NO_ACCOUNT_KEY, where the key is not. */
export interface Entries {
  put(options: UploadOptions): Promise<Upload>;
  /** In no particular order. */
  list(): AsyncIterable<EntryInfo | EntryFault>;
  /** @throws DriveError NO_ENTRY; CryptoError TAMPERED */
  open(id: string): Promise<EntryView>;
  /** Forgets the entry. What only it used is reclaimed later, by its owner's scan. @throws DriveError NO_ENTRY */
  remove(id: string): Promise<{ readonly safe: boolean }>;
  /**
   * Which packs are used for what any entry needs now, and by uploads under way on this host. Goes through all that is kept, blob by blob, and
   * throws when a part of it cannot be read: then it cannot be told, and nothing may be deleted.
   */
  usage(signal: AbortSignal): Promise<PackUse>;
  planUpgrade(signal: AbortSignal): Promise<UpgradePlan>;
  /**
   * Stores what survives fewer losses than is chosen today anew. What it has done by the time it is ended stays, and another one goes on with the rest.
   * @throws PoolError NO_SPACE, OVER_QUOTA, UNAVAILABLE
   */
  upgrade(signal: AbortSignal): AsyncIterable<UpgradeStep>;
  /** The packs in which an entry lies, each once. @throws DriveError NO_ENTRY */
  packsOf(id: string, signal: AbortSignal): Promise<ReadonlySet<PackId>>;
}
