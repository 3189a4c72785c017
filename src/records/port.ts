import type { Exclusion, Genesis, JudgedRecord, LastHonoured, Verdict } from "../cluster/index.ts";
import type { AccountId, HostId, NamespaceId } from "../codec/index.ts";

/** A host in one life of its store. After any loss or restore of local state the incarnation is a new one. */
export interface Actor {
  readonly host: HostId;
  readonly incarnation: number;
}

/** Names one version of one key, once and for all. Counters are numbered per actor and key from 1. */
export interface Dot {
  readonly actor: Actor;
  readonly counter: number;
}

/** An exact set of dots of one key: per actor all counters up to `upTo`, and `extra` single ones, ascending. */
export interface ContextEntry {
  readonly actor: Actor;
  readonly upTo: number;
  readonly extra: readonly number[];
}
export type Context = readonly ContextEntry[];

export const EMPTY_CONTEXT: Context = [];

/** One of the versions of a key that none supersedes. */
export interface Sibling {
  readonly dot: Dot;
  /** Null is a tombstone. */
  readonly value: Uint8Array | null;
  readonly author: AccountId | null;
  /** The writer's wall clock; decoration. */
  readonly wallMs: number;
}

/** What a reader gets: every sibling, and the context to hand back when writing so that they are superseded. */
export interface KeyState {
  readonly key: string;
  /** In an order that is the same on all hosts; deletions are left out. */
  readonly siblings: readonly Sibling[];
  readonly context: Context;
  /** No host with a complete copy has answered: there may be more. */
  readonly isPartial?: boolean;
  /** Of a fresh read: so many hosts with a complete copy have answered, this one among them. Who is connected and says nothing does not count. */
  readonly answered?: number;
  /** Of a fresh read: whether somebody shows a deletion that no later write has superseded, values beside it or not. */
  readonly isDeleted?: boolean;
}

export interface Write {
  readonly namespace: NamespaceId;
  readonly key: string;
  /** Null deletes. */
  readonly value: Uint8Array | null;
  /**
   * What the writer had read of this key: that is superseded, and nothing else. EMPTY_CONTEXT: a blind put.
   * Left out: whatever this host has when the write's turn comes, also what came from elsewhere since its caller looked. Only for keys of which
   * nobody would miss that: those that one host alone writes, and those whose value is a decision that replaces any other. Where this host's copy
   * is not complete, the hosts that are ready are asked first, for half a second at most; when none answers, the write stands beside what they have.
   */
  readonly context?: Context;
  /** With a context: also supersedes what this host itself has written meanwhile. Of two writes at once on a host that keeps the key the second replaces the first. */
  readonly supersedesOwn?: boolean;
}

export interface WriteOptions {
  /** In whose name. "account": the person who delegated to this host. Default: "account". */
  readonly as?: "account" | "host";
  /** Durable copies that the write should have before it is called safe, where more than usual are worth waiting for; at most as many as hosts should keep it. */
  readonly copies?: number;
  readonly signal?: AbortSignal;
}

export interface WriteResult {
  readonly dots: readonly Dot[];
  /** Durable copies at the moment of the answer, this host's own included: the least over the batch's records. */
  readonly copies: number;
  /**
   * False: fewer durable copies than min(w or the `copies` asked for, hosts that should keep it and this one), because too few could be reached; the doors answer 202.
   * A network of one host is safe by itself; of two, with one away, not.
   */
  readonly safe: boolean;
}

/** One write, as whoever knows of it can name it on any host. */
export interface Written {
  readonly namespace: NamespaceId;
  readonly key: string;
  readonly dot: Dot;
}

export interface ReadOptions {
  /** Merges what all replicas in reach have, instead of taking the nearest one's word, and says how many have answered. */
  readonly fresh?: boolean;
  /**
   * Writes that the answer must have taken in, or what superseded them; those of other keys do not matter. Good as long as deletions are
   * kept: of a key whose deletion was collected since, nobody can say that it was ever there.
   */
  readonly seen?: readonly Written[];
  /** Of a key that is deleted or was never written: its state, without siblings, rather than undefined. Its context supersedes the deletions. */
  readonly deleted?: boolean;
  readonly signal?: AbortSignal;
}

export interface ScanOptions {
  readonly prefix?: string;
  readonly after?: string;
  readonly limit?: number;
  /** As for `read`, of the keys in the page's range. */
  readonly seen?: readonly Written[];
  readonly signal?: AbortSignal;
}

export interface Change {
  readonly state: KeyState;
  /** Opaque; hand it to `changes` on any host to go on from here. */
  readonly position: string;
}

export interface ScanPage {
  readonly entries: readonly KeyState[];
  /** Hand back as `after` for the next page; undefined at the end. */
  readonly next: string | undefined;
  /** Of a part of the keys no host with a complete copy has answered: there may be more. */
  readonly isPartial?: boolean;
}

/** Where copies are and where they should be, as far as this host knows. */
export interface LayoutStanding {
  /** So many hosts should keep each shard. */
  readonly replicas: number;
  readonly shards: readonly { readonly shard: number; readonly targets: readonly HostId[]; readonly ready: readonly HostId[] }[];
  /** Of what belongs on all hosts. */
  readonly everywhere: { readonly targets: readonly HostId[]; readonly ready: readonly HostId[] };
}

/** How much a host has of a group, deletions left out. */
export interface GroupStock {
  readonly group: number;
  readonly records: number;
  /** Of keys and values with what proves them. */
  readonly bytes: number;
}

/** What the record store asks of the cluster. */
export interface ClusterView {
  readonly self: HostId;
  /** Admitted and not removed, this host included, whether reachable or not. */
  members(): readonly HostId[];
  /** Connected now, without this host. */
  online(): readonly HostId[];
  /** The first R active hosts for the shard, best first; for EVERYWHERE all active ones. */
  replicas(shard: number, count: number): readonly HostId[];
  /** All active hosts for the shard, best first. */
  preferenceList(shard: number): readonly HostId[];
  /** The members that are not gone. */
  active(): readonly HostId[];
  /** Equal where all preference lists are. */
  readonly layout: string;
  readonly settings: { readonly horizonMs: number };
  isCoordinator(): boolean;
  /** What counts no more of what hosts have signed. The same list as long as nothing has changed. */
  exclusions(): readonly Exclusion[];
  /** Whether a record may be stored, by the rules of its namespace's type. */
  judge(record: JudgedRecord, genesis: Genesis): Verdict;
}

/** The replicated store as the rooms above use it. */
export interface Records {
  /** Makes the namespace known on this host. Idempotent. Others learn of it with its first records. */
  create(genesis: Genesis): Promise<NamespaceId>;
  genesis(namespace: NamespaceId): Genesis | undefined;
  /** The namespaces that this host knows, in no particular order. */
  namespaces(): readonly NamespaceId[];
  /**
   * Commits all writes as one batch: into the outbox first, then to all replicas at once.
   * The signal ends the waiting for copies, not the write.
   * @throws RecordsError REFUSED (the rules), TOO_LARGE, UNKNOWN_NAMESPACE, NOT_DELEGATED, OUTBOX_FULL, BAD_RECORD (a malformed context), CLOSED
   */
  write(writes: readonly Write[], options?: WriteOptions): Promise<WriteResult>;
  /** This host's own copy and outbox; undefined when the key was never written or is deleted, unless `deleted` asks as for `read`. */
  local(namespace: NamespaceId, key: string, options?: Pick<ReadOptions, "deleted">): KeyState | undefined;
  /**
   * Whether this host's records show a deletion of the key that no later write has superseded, values beside it or not. False for a key
   * that was never heard of: absence is not deletion, and only deletion lets content go.
   */
  deleted(namespace: NamespaceId, key: string): boolean;
  /**
   * The highest batch of each incarnation of a host that this store, or any host in reach, has seen: what a removal goes on honouring. Who
   * takes more than five seconds to answer is not waited for.
   */
  honouredOf(host: HostId): Promise<readonly LastHonoured[]>;
  /** Like `local`, in the order of keys (UTF-8), deleted ones left out. Default limit: 1,000. */
  localScan(namespace: NamespaceId, options: { readonly prefix?: string; readonly after?: string; readonly limit?: number }): ScanPage;
  /**
   * The local copy where it is complete, else that of the nearest host that is ready; `fresh` merges all in reach. Where none that is ready
   * answers, what others have, perhaps without any sibling, and it says so.
   * @throws RecordsError UNKNOWN_NAMESPACE, NOT_HELD when nobody in reach has a copy, or NOT_YET when nobody in reach has a write that was
   *   asked for within two seconds
   */
  read(namespace: NamespaceId, key: string, options?: ReadOptions): Promise<KeyState | undefined>;
  /**
   * A page of keys in their order (UTF-8). A key that is there throughout appears in exactly one of the pages, whatever is written meanwhile;
   * one that comes or goes meanwhile may or may not. @throws RecordsError as `read` does
   */
  scan(namespace: NamespaceId, options: ScanOptions): Promise<ScanPage>;
  /** Keeps a full copy from now on, by this host's own choice. Resolves when that is durable; the copy comes by catching up. */
  follow(namespace: NamespaceId): Promise<void>;
  unfollow(namespace: NamespaceId): Promise<void>;
  /**
   * Changes of one namespace from a position, or from the beginning; live until the signal. Repeats are possible, omissions are not.
   * A key whose versions are all deletions comes with no siblings.
   * @param genesis the namespace's, when it may be that nobody has written in it yet: watching it does not begin it
   * @throws RecordsError NOT_HELD on a host that keeps no copy, BAD_POSITION
   */
  changes(namespace: NamespaceId, position: string | undefined, signal: AbortSignal, genesis?: Genesis): AsyncIterable<Change>;
  /** Called after records of the namespace were applied here, with their keys. For derived views. */
  onApplied(listener: (namespace: NamespaceId, keys: readonly string[]) => void): () => void;
}
