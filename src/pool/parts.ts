import type { Delegation, Presence, Roster } from "../cluster/index.ts";
import type { HostId } from "../codec/index.ts";
import type { KeyPair } from "../crypto/index.ts";
import type { Transport } from "../net/index.ts";
import type { Records } from "../records/index.ts";
import type { PieceStore, SegmentCache } from "../store/index.ts";

/** The part of the replicated store that the pool uses. */
export type PoolRecords = Pick<Records, "create" | "genesis" | "namespaces" | "write" | "local" | "deleted" | "localScan" | "onApplied">;
/** The part of the transport that the pool uses. */
export type PoolTransport = Pick<Transport, "handle" | "handleBulk" | "request" | "openBulk" | "connected" | "onPeer">;

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
}

/** What a host is called, for messages. */
export function nameOf(roster: Roster, host: HostId): string {
  return roster.members.get(host)?.name ?? `host ${host.slice(0, 8)}`;
}
