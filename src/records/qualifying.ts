import { EVERYWHERE } from "../cluster/index.ts";
import type { HostId, StoreId } from "../codec/index.ts";
import type { LogOperation } from "../store/index.ts";
import type { ScopeMark } from "./holdings.ts";
import { covers, markOf } from "./holdings.ts";
import { ALL_GROUPS } from "./limits.ts";
import type { ClusterView } from "./port.ts";
import type { Replica } from "./replica.ts";
import type { Visits } from "./visits.ts";

// When a host may call its copy of a group complete: when it has caught up, since it keeps what it keeps now, with a majority of the hosts
// that were ready for that before it. An acknowledged write is on w of them at least, or waits in an outbox until all have it. Where nobody
// is known to be ready, it takes all in reach, who must be more than half of the members, and all whom the layout wants there, who need not be
// in reach together (visits.ts): one of these may have become ready unheard, and have the only copy of a write whose other one was on a host
// that was removed. After a start the same is asked of a copy that was complete before: its disk may have been restored from a backup, and whoever it had acknowledged a
// record to counts on it.

export interface QualifyingParts {
  readonly replica: Replica;
  readonly cluster: ClusterView;
  /** In which scope a group was last brought to its end with a peer that is there now, and with which of its stores. */
  readonly caughtUp: (peer: HostId, group: number) => { readonly store: StoreId | undefined; readonly mark: ScopeMark } | undefined;
  readonly visits: Visits;
  readonly nowMs: number;
  readonly epochOf: (group: number) => number;
  /** Whether anything of a group may belong here at all. */
  readonly wants: (group: number) => boolean;
}

/**
 * Whether more than half of the members are here, this host included. A host that does not find itself among them has not read the roster
 * yet: two of them that meet, each with a new disk, would be a majority of nobody.
 */
export function isMajorityOnline(cluster: Pick<ClusterView, "self" | "online" | "members">): boolean {
  const members = cluster.members();
  return members.includes(cluster.self) && (cluster.online().length + 1) * 2 > members.length;
}

/** Marks the groups that have become complete, and vouches for those that were and have caught up since the start. */
export function qualify({ replica, cluster, caughtUp, visits, nowMs, epochOf, wants }: QualifyingParts): LogOperation[] {
  const { holdings, readiness, floor } = replica;
  // What it finds that was deleted, or superseded, is yet to be dropped; and then what that had superseded is yet to be fetched.
  if (floor.state.isNewcomer) return [];
  const online = cluster.online();
  const isMajority = online.length > 0 && isMajorityOnline(cluster);
  const hasAllOf = (peer: HostId, group: number, wanted: ScopeMark): boolean => {
    const reached = caughtUp(peer, group);
    return reached !== undefined && covers(reached.mark, wanted);
  };
  const isOfOneStore = (peer: HostId, group: number): boolean => caughtUp(peer, group)?.store === readiness.storeOf(peer);
  const everywhere = markOf(holdings.scope(EVERYWHERE));
  const isQualifiedFor = (group: number, wanted: ScopeMark, replicas: number): boolean => {
    const former = readiness.others(group, replicas);
    if (former.length > 0) visits.found(group, replicas);
    if (former.length > 0) return former.filter((peer) => isOfOneStore(peer, group) && hasAllOf(peer, group, wanted)).length * 2 > former.length;
    // There is nobody else to learn from.
    if (readiness.covers(group, wanted)) return true;
    const hadAllOf = visits.missed(group, replicas, nowMs, epochOf);
    // Who is ready is said in the group on all hosts, so that comes first.
    const isAsked = (peer: HostId): boolean => peer === cluster.self || online.includes(peer) || (hadAllOf(peer, group, wanted) && hadAllOf(peer, EVERYWHERE, everywhere));
    if (group !== EVERYWHERE && !cluster.replicas(group, replicas).every(isAsked)) return false;
    return isMajority && online.every((peer) => hasAllOf(peer, group, wanted) && hasAllOf(peer, EVERYWHERE, everywhere));
  };
  const asked = new Map<number, readonly number[]>();
  const isQualified = (group: number, wanted: ScopeMark): boolean => replicasIn(replica, group, asked).every((replicas) => isQualifiedFor(group, wanted, replicas));
  return ALL_GROUPS.flatMap((group) => {
    const wanted = markOf(holdings.scope(group));
    const isComplete = readiness.covers(group, wanted);
    const isNeeded = wants(group) && !(isComplete && readiness.isVouched(group));
    if (isNeeded && !isQualified(group, wanted)) return [];
    visits.settled(group);
    if (!isNeeded) return [];
    readiness.vouch(group);
    return isComplete ? [] : [readiness.mark(group, wanted)];
  });
}

/**
 * How many replicas the namespaces have that this host keeps of a group: for each number, others are ready. One that is not known yet may have as
 * few as would bring it here; who is ready for such is asked too, where there is anybody.
 * @param known by rank, what was found for groups in which nothing is followed
 */
function replicasIn({ holdings, geneses, readiness }: Replica, group: number, known: Map<number, readonly number[]>): readonly number[] {
  const { rank, followed } = holdings.scope(group);
  const asked = (followed.length === 0 ? known.get(rank) : undefined) ?? distinct([...geneses].filter(([namespace, { replicas }]) => replicas > rank || followed.includes(namespace)).map(([, { replicas }]) => replicas));
  if (followed.length === 0) known.set(rank, asked);
  return asked.length === 0 || readiness.others(group, rank + 1).length > 0 ? distinct([...asked, rank + 1]) : asked;
}

function distinct(numbers: readonly number[]): readonly number[] {
  return [...new Set(numbers)];
}
