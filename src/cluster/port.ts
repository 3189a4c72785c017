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
}

export interface Person {
  readonly account: AccountId;
  readonly name: string;
  readonly isAdministrator: boolean;
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
