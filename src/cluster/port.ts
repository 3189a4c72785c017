import type { AccountId, HostId, InviteId, NetworkId } from "../codec/index.ts";

/** Connected now; not connected; or declared gone by the network. */
export type Presence = "online" | "away" | "gone";

export interface Member {
  readonly host: HostId;
  /** The person who runs it. */
  readonly account: AccountId;
  readonly name: string;
  /** Hosts of one zone fail together. */
  readonly zone: string;
  readonly capacityBytes: number;
  /** Multiaddrs without the peer id, newest first. */
  readonly addresses: readonly string[];
  readonly version: string;
  readonly joinedMs: number;
  /** By which invite it came; null for the founder's first host. */
  readonly invite: InviteId | null;
  /** How often it has come back after it was declared gone. */
  readonly returns: number;
  /** Declared gone by the voters, and not returned: nothing is assigned to it. */
  readonly isGone: boolean;
  /** It is being emptied: it takes nothing new, and what it holds is made anew elsewhere while it still serves it. */
  readonly isDraining: boolean;
  /** Two auditors of different zones say that it does not hold what it claims: it takes nothing new, and what it claims counts for nothing. */
  readonly isSuspect: boolean;
  /** How much of what it claims audits have proven; undefined while none has said. */
  readonly provenBytes: number | undefined;
}

/** Who coordinates, and in which numbered term. */
export interface Coordination {
  readonly host: HostId;
  readonly term: number;
}

/** What administrators have chosen for the whole network. */
export interface NetworkSettings {
  /** How long a host must have been away to be declared gone. */
  readonly goneAfterMs: number;
  /** How long deletions are remembered at least. Whoever is away longer comes back as a newcomer. */
  readonly horizonMs: number;
  /** How long a host must have been away for what one more loss would destroy to be repaired without it. */
  readonly repairAfterMs: number;
  /** How long a pack stays after nothing was found to use it. */
  readonly condemnedForMs: number;
}

/** Who set a quota: an administrator for the person, the invite by which they came, or nobody: then it is as much as everybody's. */
export type QuotaSource = "administrator" | "invite" | "share";

export interface Person {
  readonly account: AccountId;
  readonly name: string;
  readonly isAdministrator: boolean;
  /** What all pieces of their packs together may take of the hosts' disks. */
  readonly quotaBytes: number;
  readonly quotaFrom: QuotaSource;
}

/** Who takes part, as the network's namespace says. A value: it is replaced as a whole when something changes. */
export interface Roster {
  readonly network: NetworkId;
  readonly networkName: string;
  readonly founder: AccountId;
  readonly maxHosts: number;
  /** Admitted and not removed. */
  readonly members: ReadonlyMap<HostId, Member>;
  readonly people: ReadonlyMap<AccountId, Person>;
  readonly voters: readonly HostId[];
}
