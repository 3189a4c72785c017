import type { Audit, Delegation, Presence, Roster } from "../cluster/index.ts";
import type { HostId } from "../codec/index.ts";
import type { KeyPair } from "../crypto/index.ts";
import type { Transport } from "../net/index.ts";
import type { Records } from "../records/index.ts";
import type { PieceStore, RecordLog, SegmentCache } from "../store/index.ts";
import type { Mirrors } from "./upkeep/surplus.ts";

/** The part of the replicated store that the pool uses. */
export type PoolRecords = Pick<Records, "create" | "genesis" | "namespaces" | "write" | "local" | "deleted" | "localScan" | "onApplied" | "read">;
/** The part of the transport that the pool uses. */
export type PoolTransport = Pick<Transport, "handle" | "handleBulk" | "request" | "openBulk" | "connected" | "onPeer">;

/** Who plans repair, and when. */
export interface RepairView {
  /** The host that coordinates the network, as far as this one knows. */
  readonly coordinator: () => HostId | undefined;
  /** How long a host must have been away for what one more loss would destroy to be repaired without it. */
  readonly repairAfterMs: () => number;
  /** Whether this host has missed another one for so long. */
  readonly isAwayFor: (host: HostId, ms: number) => boolean;
  /** What this host moves for repair at most. */
  readonly bytesPerSecond?: number;
}

/** What is found out about whether hosts hold what they claim. */
export interface AuditView {
  /** This host's own word about another one. */
  readonly told: (host: HostId) => Audit | undefined;
  /** Says so to all. */
  readonly tell: (key: string, audit: Audit) => Promise<unknown>;
  /** Between two audits of the same host. */
  readonly everyMs?: number;
}

export interface ScrubView {
  /** In which all of this host's pieces are read again. */
  readonly periodMs?: number;
}

/** What the pool stands on. The daemon hands it in. */
export interface PoolParts {
  readonly self: HostId;
  /** Signs this host's claims, and packs in the name of whoever delegated to it. */
  readonly hostKey: KeyPair;
  readonly store: PieceStore;
  readonly cache: SegmentCache;
  readonly transport: PoolTransport;
  readonly records: PoolRecords;
  readonly roster: () => Roster;
  readonly presence: (host: HostId) => Presence;
  /** What a host's last heartbeat said of its free space, if one has come. */
  readonly freeBytes: (host: HostId) => number | undefined;
  /** How many bytes audits have proven that a host holds; undefined where nobody has audited it. Left out: audits play no part. */
  readonly provenBytes?: (host: HostId) => number | undefined;
  /** By which a person let this host sign for them; undefined on a host that nobody uses. */
  readonly delegation: () => Delegation | undefined;
  readonly repair: RepairView;
  readonly audit: AuditView;
  readonly scrub: ScrubView;
  /** What this host remembers over a restart and tells nobody. */
  readonly notes: Pick<RecordLog, "get" | "commit">;
  /** How long unused content stays, as the network has chosen. */
  readonly condemnedForMs: () => number;
  /** What this host keeps by its own choice. */
  readonly mirrors: Mirrors;
}

/** A host that keeps nothing by its own choice. */
export const NO_MIRRORS: Mirrors = { isMirrored: () => false, releasing: () => [], released: async () => {} };

/** What a host is called, for messages. */
export function nameOf(roster: Roster, host: HostId): string {
  return roster.members.get(host)?.name ?? `host ${host.slice(0, 8)}`;
}
