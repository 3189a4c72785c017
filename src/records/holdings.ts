import type { Genesis } from "../cluster/index.ts";
import { EVERYWHERE, groupsOf } from "../cluster/index.ts";
import type { HostId, NamespaceId } from "../codec/index.ts";
import { concatBytes, bytesOfId } from "../codec/index.ts";
import { sha256 } from "../crypto/index.ts";
import type { ClusterView } from "./port.ts";
import { GROUPS } from "./limits.ts";
import type { Readiness } from "./readiness.ts";

/** A genesis asks for at most this many replicas, so whoever stands later in a preference list is a replica of nothing. */
export const RANK_MAX = 64;
/** Hosts so far up a shard's list ask their peers for its changes, whether or not they know of a namespace that wants them. */
export const CUSTOMARY_REPLICAS = 8;

/**
 * What a host keeps of a group: all namespaces that ask for more replicas than its rank in the shard's preference list, and those that
 * it follows. Said so, the scope means the same on the host that asks and on the one that answers, whatever namespaces each knows.
 */
export interface Scope {
  /** From 0; RANK_MAX for hosts that are not on the list. */
  readonly rank: number;
  readonly followed: readonly NamespaceId[];
}

/** What is kept of a scope beside a position: the position holds for the same scope, and for every smaller one. */
export interface ScopeMark {
  readonly rank: number;
  readonly followed: Uint8Array;
}

const NONE = new Uint8Array(0);

export function markOf({ rank, followed }: Scope): ScopeMark {
  return { rank, followed: followed.length === 0 ? NONE : sha256(concatBytes(...followed.map(bytesOfId))) };
}

export function covers(mark: ScopeMark, wanted: ScopeMark): boolean {
  return mark.rank <= wanted.rank && (wanted.followed.length === 0 || Buffer.compare(mark.followed, wanted.followed) === 0);
}

export function isInScope(scope: Scope, namespace: NamespaceId, genesis: Genesis, group: number): boolean {
  return group === EVERYWHERE || genesis.replicas > scope.rank || scope.followed.includes(namespace);
}

/** Where a namespace's records in a group go. */
interface Recipients {
  readonly list: readonly HostId[];
  readonly version: number;
  readonly hosts: readonly HostId[];
}

/** Which records belong where, by the layout, by who is ready, and by this host's own choice. */
export class Holdings {
  readonly #cluster: ClusterView;
  readonly #readiness: Readiness;
  readonly #followed = new Set<NamespaceId>();
  readonly #followedIn = new Map<number, readonly NamespaceId[]>();
  #followedVersion = 0;
  #marks: { readonly name: string; readonly layout: string; readonly marks: ReadonlyMap<number, ScopeMark> } | undefined;
  readonly #recipients = new Map<number, Recipients>();
  /** This host's place in each list, as long as the list is the same. */
  readonly #ranks = new Map<number, { readonly list: readonly HostId[]; readonly rank: number }>();

  constructor(cluster: ClusterView, readiness: Readiness) {
    this.#cluster = cluster;
    this.#readiness = readiness;
  }

  get self(): HostId {
    return this.#cluster.self;
  }

  /** Where the layout wants copies of a namespace's records in a group, this host perhaps among them. */
  targets(group: number, genesis: Genesis): readonly HostId[] {
    return this.#cluster.replicas(group, genesis.replicas);
  }

  /** The other hosts that writes go to: the targets, and those who were targets and are read until the new ones are ready. */
  recipients(group: number, genesis: Genesis): readonly HostId[] {
    if (group === EVERYWHERE) return this.targets(group, genesis).filter((host) => host !== this.self);
    const { replicas } = genesis;
    const list = this.#cluster.preferenceList(group);
    const { version } = this.#readiness;
    const name = group * (RANK_MAX + 1) + replicas;
    const known = this.#recipients.get(name);
    if (known !== undefined && known.list === list && known.version === version) return known.hosts;
    const hosts = list.filter((host, at) => host !== this.self && (at < replicas || this.#readiness.hasPublished(host, group, replicas)));
    this.#recipients.set(name, { list, version, hosts });
    return hosts;
  }

  /** Whether records of the namespace in the group are kept here. */
  holds(namespace: NamespaceId, genesis: Genesis, group: number): boolean {
    return group === EVERYWHERE || this.#followed.has(namespace) || genesis.replicas > this.#rank(group);
  }

  /** Whether the layout wants the namespace's records in the group here. What is kept beyond that may go at any time. */
  isTarget(genesis: Genesis, group: number): boolean {
    return group === EVERYWHERE || genesis.replicas > this.wantedRank(group);
  }

  /** Whether this host's own copy of the namespace in the group may be read. */
  isReady(namespace: NamespaceId, genesis: Genesis, group: number): boolean {
    const mark = this.#readiness.own(group);
    if (mark === undefined || !this.#readiness.isVouched(group)) return false;
    if (group === EVERYWHERE || genesis.replicas > mark.rank) return true;
    return this.#followed.has(namespace) && covers({ ...mark, rank: 0 }, markOf(this.scope(group)));
  }

  follow(namespace: NamespaceId, genesis: Genesis): void {
    this.#followed.add(namespace);
    this.#followedVersion += 1;
    for (const group of groupsOf(namespace, genesis)) {
      this.#followedIn.set(group, [...new Set([...(this.#followedIn.get(group) ?? []), namespace])].sort());
    }
  }

  unfollow(namespace: NamespaceId): void {
    this.#followed.delete(namespace);
    this.#followedVersion += 1;
    for (const [group, namespaces] of this.#followedIn) this.#followedIn.set(group, namespaces.filter((each) => each !== namespace));
  }

  isFollowed(namespace: NamespaceId): boolean {
    return this.#followed.has(namespace);
  }

  /** Groups in which something is followed, whether or not the layout keeps it here too. */
  followedGroups(): number[] {
    return [...this.#followedIn].filter(([group, namespaces]) => group !== EVERYWHERE && namespaces.length > 0).map(([group]) => group).sort((a, b) => a - b);
  }

  get followedCount(): number {
    return this.#followed.size;
  }

  /** What this host keeps of a group: what the layout wants here, and what it is ready for until others are. */
  scope(group: number): Scope {
    if (group === EVERYWHERE) return { rank: 0, followed: [] };
    return { rank: this.#rank(group), followed: this.#followedIn.get(group) ?? [] };
  }

  /** The marks of all scopes: the same map as long as all are the same. */
  marks(): ReadonlyMap<number, ScopeMark> {
    const { layout } = this.#cluster;
    const name = `${this.#followedVersion} ${this.#readiness.ownVersion} ${this.#cluster.members().length}`;
    if (this.#marks?.name === name && this.#marks.layout === layout) return this.#marks.marks;
    const marks = new Map(Array.from({ length: GROUPS }, (_, group) => [group, markOf(this.scope(group))]));
    this.#marks = { name, layout, marks };
    return marks;
  }

  /** Whether anything of the group may belong here. */
  wants(group: number, scope: Scope, replicasMax: number): boolean {
    return group === EVERYWHERE || scope.followed.length > 0 || scope.rank < Math.max(CUSTOMARY_REPLICAS, replicasMax);
  }

  /** By the layout alone; RANK_MAX for a host that is not on the list. */
  wantedRank(group: number): number {
    const list = this.#cluster.preferenceList(group);
    const known = this.#ranks.get(group);
    if (known?.list === list) return known.rank;
    const place = list.indexOf(this.self);
    const rank = place < 0 ? RANK_MAX : Math.min(place, RANK_MAX);
    this.#ranks.set(group, { list, rank });
    return rank;
  }

  #rank(group: number): number {
    return Math.min(this.wantedRank(group), this.#readiness.own(group)?.rank ?? RANK_MAX);
  }
}
