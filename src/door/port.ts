import type { AccountId, HostId, NamespaceId } from "../codec/index.ts";
import type { WorkerStatus } from "../platform/index.ts";
import type { Entries } from "../drive/index.ts";
import type { Kv } from "../kv/index.ts";
import type { Pool } from "../pool/index.ts";
import type { Sites } from "../site/index.ts";
import type { Acknowledged, CreatedInvite, HostRow, InviteGrants, InviteRow, Layout, NetworkSettings, PeerAddresses, SettingChanges, Status } from "./rows.ts";
import type { PartingRow, PoolRow, WhereRow } from "./pool-rows.ts";
import type { ApplicantRow } from "./applicant-rows.ts";
import type { CapacityRow, MirrorsRow, PersonRow } from "./upkeep-rows.ts";

/** A number for /metrics, read at each scrape. Names begin with "holdfast_" and end with the unit. */
export interface Gauge {
  readonly name: string;
  readonly help: string;
  readonly value: number;
  /** The same told apart by a code, where there is anything to tell apart. */
  readonly byCode?: ReadonlyMap<string, number>;
}

/** What people do about hosts and their space. */
export interface Upkeep {
  /** Empties a host, or lets it be filled again. @throws ClusterError NO_SUCH_HOST; RecordsError REFUSED for those who are neither its person nor administrators */
  drain(host: HostId, isDraining: boolean): Promise<Acknowledged>;
  /** How much of its disk this host offers from now on. @throws StoreError CAPACITY_TOO_LARGE */
  resize(capacityBytes: number): Promise<CapacityRow>;
  /** What the network would lose with a host. @throws ClusterError NO_SUCH_HOST */
  parting(host: HostId): Promise<PartingRow>;
  /**
   * Ends this host's part in the network.
   * @param isNow whatever lies only here is given up. @throws ClusterError NOT_DRAINED, LAST_VOTER, VOTERS_CHANGED, NO_ACCOUNT
   */
  leave(isNow: boolean): Promise<Acknowledged>;
  pool(): Promise<PoolRow>;
  /** @param id a pack's, an entry's, or a site's name. @throws PoolError UNKNOWN_PACK; DriveError NO_ENTRY */
  where(id: string): Promise<WhereRow>;
  mirrored(): MirrorsRow;
  /** @param name null: all sites, also those to come. @throws SiteError NO_SITE; DaemonError ALL_MIRRORED */
  mirror(name: string | null, isMirrored: boolean): Promise<MirrorsRow>;
  people(): Promise<readonly PersonRow[]>;
  /** @param quotaBytes null: what the person's invites grant. @throws ClusterError NO_SUCH_PERSON; RecordsError REFUSED */
  setQuota(account: AccountId, quotaBytes: number | null): Promise<Acknowledged>;
}

/** Machines of the local network on which a host is being set up, and which ask to be let in. */
export interface Applicants {
  /** Those that wait for an answer, the longest waiting first. */
  list(): readonly ApplicantRow[];
  /** Goes to one that is not found by itself, so that it shows this host. @throws NetError BAD_ADDRESS, UNREACHABLE; ClusterError NO_ACCOUNT */
  visit(address: string): Promise<void>;
  /**
   * Sends it the code of an invite.
   * @param digits as its screen shows them
   * @throws ClusterError WRONG_DIGITS, NO_APPLICATION, NO_ACCOUNT, NETWORK_FULL
   */
  admit(id: HostId, digits: string): Promise<ApplicantRow>;
  /** @throws ClusterError NO_APPLICATION */
  refuse(id: HostId): ApplicantRow;
}

/** Where each site is found on the local network: a port of its own, which stays its own for ever, for what a browser keeps belongs to it. */
export interface SitePorts {
  of(site: NamespaceId): number | undefined;
  /** All that were ever given away. */
  all(): ReadonlySet<number>;
  /** Resolves when it is on the disk. */
  keep(site: NamespaceId, port: number): Promise<void>;
}

/** All that the doors ask of the running host. The daemon provides it. */
export interface Node {
  /** This host, as people know it. Does not change while it runs. */
  readonly self: { readonly id: HostId; readonly name: string };
  readonly version: string;
  readonly sites: Sites;
  readonly kv: Kv;
  /** What this host's person keeps for themselves. */
  readonly entries: Entries;
  /** Tells who holds a site and what it survives. */
  readonly pool: Pick<Pool, "standing">;
  /** Where a phone on the local network finds the site; undefined where sites are not shown there. */
  lanAddress(site: NamespaceId): string | undefined;
  readonly upkeep: Upkeep;
  readonly applicants: Applicants;
  /** Goes through the records of all packs, unless that was done a moment ago. */
  status(): Promise<Status>;
  /** Who schedules repair; null when there is nobody. */
  coordinator(): Status["coordinator"];
  /** All members, this host first. */
  hosts(): readonly HostRow[];
  /** Who holds which shard, and who should. */
  layout(): Promise<Layout>;
  workers(): readonly WorkerStatus[];
  /** Beyond members, peers and sites, which the door counts itself: records, pieces, memory. */
  gauges(): readonly Gauge[];
  createInvite(grants: InviteGrants): Promise<CreatedInvite>;
  invites(): readonly InviteRow[];
  /** @param isLost it never comes back: it is given up as a voter, majority or not. @throws ClusterError NO_SUCH_HOST, LAST_VOTER, VOTERS_CHANGED; RecordsError REFUSED */
  removeHost(host: HostId, isLost: boolean): Promise<Acknowledged>;
  settings(): NetworkSettings;
  /** @throws RecordsError REFUSED for those who are no administrators */
  changeSettings(changes: SettingChanges): Promise<Acknowledged>;
  /** Takes back the word of this host's person that `host` may act for them. @throws ClusterError NO_SUCH_HOST, OWN_DELEGATION, NO_ACCOUNT */
  revokeHost(host: HostId): Promise<Acknowledged>;
  /** Where the hosts of the network are, as far as this one knows. */
  addresses(): readonly PeerAddresses[];
  /** Takes in where hosts may be reached; those that are no members are left out. */
  learnAddresses(peers: readonly PeerAddresses[]): Promise<void>;
}
