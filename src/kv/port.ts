import type { NamespaceId } from "../codec/index.ts";
import type { Amounts, Change, KeyState, KvRules, ReadOptions, ScanOptions, ScanPage } from "../records/index.ts";

/** With what a namespace is created; left out: as one has it that nobody created. */
export interface KvSettings {
  readonly writers?: KvRules["writers"];
  readonly shards?: number;
  /** 0: on all hosts. */
  readonly replicas?: number;
  readonly limits?: Partial<Amounts>;
}

export interface KvInfo {
  readonly name: string;
  readonly namespace: NamespaceId;
  readonly writers: KvRules["writers"];
  readonly shards: number;
  readonly replicas: number;
  readonly limits: Amounts;
  /** The name stands for it. False: it began before a host had heard that the name stands for another; it is still there by its id. */
  readonly isCurrent: boolean;
  /** This host keeps a copy by its own choice, whether or not the layout has it keep one. */
  readonly isFollowed: boolean;
}

/**
 * What a write supersedes. "plain": the one value that this host, or the nearest replica, shows; of several none is thrown away unseen, nor one
 * that comes from elsewhere at the same moment: it stays beside the write.
 * "resolve": all that the replicas in reach show. "blind": nothing. Or what a reader was handed with what it read of this key.
 */
export type KvWrite = "plain" | "resolve" | "blind" | { readonly context: string };

/** A key as its readers get it. */
export interface KvState extends Omit<KeyState, "context"> {
  /** To hand back when writing this key, so that these values are superseded. */
  readonly context: string;
}

export interface KvPage extends Omit<ScanPage, "entries"> {
  readonly entries: readonly KvState[];
}

export interface KvChange extends Omit<Change, "state"> {
  readonly state: KvState;
}

export interface KvWritten {
  /** Shown to another host, it answers with this write or what superseded it. */
  readonly token: string;
  readonly copies: number;
  readonly safe: boolean;
}

/** A namespace is named by its name, or by its id. Every call: @throws KvError BAD_NAME; RecordsError */
export interface Kv {
  /** Those that this host has heard of. */
  list(): readonly KvInfo[];
  /** @throws KvError NAMESPACE_IN_USE, NO_ACCOUNT */
  create(name: string, settings: KvSettings): Promise<{ readonly info: KvInfo; readonly safe: boolean }>;
  /** Null deletes. @throws KvError CONFLICT; RecordsError BAD_RECORD for a context that is none, or of another key */
  write(name: string, key: string, value: Uint8Array | null, how: KvWrite): Promise<KvWritten>;
  /** @throws KvError NO_KEY */
  read(name: string, key: string, options: ReadOptions): Promise<KvState>;
  scan(name: string, options: ScanOptions): Promise<KvPage>;
  /** Live until the signal. @throws RecordsError NOT_HELD on a host that keeps no copy, BAD_POSITION */
  changes(name: string, position: string | undefined, signal: AbortSignal): Promise<AsyncIterable<KvChange>>;
  /** Keeps a copy on this host from now on. */
  follow(name: string): Promise<void>;
  unfollow(name: string): Promise<void>;
}
