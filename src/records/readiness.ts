import { EVERYWHERE } from "../cluster/index.ts";
import type { HostId, NamespaceId, StoreId } from "../codec/index.ts";
import { byteString, codec, equalBytes, struct, uint } from "../codec/index.ts";
import type { LogOperation } from "../store/index.ts";
import type { UnsealedRecord } from "./batch.ts";
import type { ScopeMark } from "./holdings.ts";
import { RANK_MAX, covers } from "./holdings.ts";
import { GROUPS } from "./limits.ts";
import type { Ready } from "./marks.ts";
import { NOT_READY, READY_PREFIX, readyCodec, readyKeyOf } from "./marks.ts";
import type { ClusterView } from "./port.ts";
import type { Rows } from "./rows.ts";
import { readyKey, widestKey } from "./tables.ts";

export const markCodec = codec<ScopeMark>("A mark of readiness", 1, 64, struct({ rank: uint(RANK_MAX), followed: byteString(32) }));

/** Before there was anything to catch up with, a copy is complete. */
const COMPLETE: ScopeMark = { rank: 0, followed: new Uint8Array(0) };

interface ReadinessParts {
  readonly cluster: ClusterView;
  /** Nobody was there when this host came. Default: yes. */
  readonly isFounder?: boolean;
}

/**
 * Whose copies are complete enough to be read: this host's own, as its disk says, and those of others, as they have published. A copy
 * becomes complete by catching up; it stays so while its host is away, like every copy that others wait with their writes for.
 */
export class Readiness {
  readonly #cluster: ClusterView;
  readonly #network: NamespaceId;
  readonly #isFounder: boolean;
  readonly #own = new Map<number, ScopeMark>();
  /** What was said of groups before marks that are not on the disk yet. */
  readonly #unmarked = new Map<number, ScopeMark | undefined>();
  /** Groups that have caught up since the start: until then the disk may be an old one, whatever it says of itself. */
  readonly #vouched = new Set<number>();
  /** Per group the least rank of which rows may be here, complete or not. */
  readonly #widest = new Map<number, number>();
  readonly #published = new Map<HostId, Ready>();
  /** Who has shown since the start that this store was set back. Each may do so once: what happened before the start is seen at the first meeting. */
  readonly #witnesses = new Set<HostId>();
  #version = 0;
  #ownVersion = 0;

  constructor({ cluster, isFounder = true }: ReadinessParts, network: NamespaceId, rows: Rows) {
    this.#cluster = cluster;
    this.#network = network;
    this.#isFounder = isFounder;
    for (const { key, value } of rows.all("r")) this.#own.set(key[1]! * 256 + key[2]!, markCodec.decode(value));
    for (const { key, value } of rows.all("w")) this.#widest.set(key[1]! * 256 + key[2]!, value[0]!);
    let after: string | undefined;
    do {
      const page = rows.page(network, { prefix: READY_PREFIX, ...(after === undefined ? {} : { after }) }, 1000);
      for (const { key, siblings } of page.keys) this.#hear(key, siblings);
      after = page.next;
    } while (after !== undefined);
  }

  /** Counts the changes of what others have published. */
  get version(): number {
    return this.#version;
  }

  /** Counts the changes of what this host's own copies are complete for. */
  get ownVersion(): number {
    return this.#ownVersion;
  }

  /** In which scope the own copy of a group is complete; undefined for none. */
  own(group: number): ScopeMark | undefined {
    return this.#isAlone() ? COMPLETE : this.#own.get(group);
  }

  /** Whether the own copy may be read in the scope in which it is complete. */
  isVouched(group: number): boolean {
    return this.#isAlone() || this.#vouched.has(group);
  }

  /** The own copy has caught up since the start. */
  vouch(group: number): void {
    this.#vouched.add(group);
  }

  /** Whether the own copy of the group is complete for a scope. */
  covers(group: number, wanted: ScopeMark): boolean {
    const mark = this.own(group);
    return mark !== undefined && covers(mark, wanted);
  }

  /** Whether another host has said that its copy is complete for namespaces with so many replicas. */
  hasPublished(host: HostId, group: number, replicas: number): boolean {
    const rank = this.#published.get(host)?.ranks[group] ?? NOT_READY;
    return group === EVERYWHERE ? rank !== NOT_READY : rank < replicas;
  }

  /** The store of which a host has published. */
  storeOf(host: HostId): StoreId | undefined {
    return this.#published.get(host)?.store;
  }

  /** Whether a host has published of this store. */
  isPublished(store: StoreId): boolean {
    return [...this.#published.values()].some((ready) => ready.store === store);
  }

  /** The other active hosts that have said to be complete for namespaces with so many replicas. */
  others(group: number, replicas: number): readonly HostId[] {
    const active = group === EVERYWHERE ? this.#cluster.replicas(group, 0) : this.#cluster.preferenceList(group);
    return active.filter((host) => host !== this.#cluster.self && this.hasPublished(host, group, replicas));
  }

  /** All active hosts whose copies of the group are complete for namespaces with so many replicas, this one by its own word. */
  ready(group: number, replicas: number): readonly HostId[] {
    const isSelfReady = (this.own(group)?.rank ?? RANK_MAX) < replicas;
    return [...(isSelfReady ? [this.#cluster.self] : []), ...this.others(group, replicas)];
  }

  /** What this host has to publish now; undefined when it has. */
  unpublished(store: StoreId): Ready | undefined {
    const ranks = Uint8Array.from({ length: GROUPS }, (_, group) => this.#own.get(group)?.rank ?? NOT_READY);
    const known = this.#published.get(this.#cluster.self);
    if (known !== undefined && known.store === store && equalBytes(known.ranks, ranks)) return undefined;
    return known === undefined && ranks.every((rank) => rank === NOT_READY) ? undefined : { store, ranks };
  }

  /** Records of the network's namespace were applied. */
  applied(keys: Iterable<string>, rows: Rows): void {
    for (const key of keys) if (key.startsWith(READY_PREFIX)) this.#hear(key, rows.unsealed(this.#network, key));
  }

  /** What a host that is a network by itself knows to be complete when others join it. */
  alone(): LogOperation[] {
    if (!this.#isAlone()) return [];
    for (let group = 0; group < GROUPS; group += 1) this.#vouched.add(group);
    if (this.#own.size === GROUPS) return [];
    return Array.from({ length: GROUPS }, (_, group) => this.mark(group, COMPLETE));
  }

  /** To be called in the turn whose commit takes it along. */
  mark(group: number, mark: ScopeMark): LogOperation {
    if (!this.#unmarked.has(group)) this.#unmarked.set(group, this.#own.get(group));
    this.#own.set(group, mark);
    this.#ownVersion += 1;
    return { kind: "put", key: readyKey(group), value: markCodec.encode(mark) };
  }

  /** What was marked goes with a commit that was made. */
  marked(): void {
    this.#unmarked.clear();
  }

  /** The commit was not made: copies are complete for what the disk says of them, and no more. */
  unmark(): void {
    if (this.#unmarked.size > 0) this.#ownVersion += 1;
    for (const [group, former] of this.#unmarked) {
      if (former === undefined) this.#own.delete(group);
      else this.#own.set(group, former);
    }
    this.#unmarked.clear();
  }

  /** What is followed in the group has changed; what the layout keeps here is as complete as before. */
  unfollowed(group: number): LogOperation[] {
    const mark = this.#own.get(group);
    if (mark === undefined) return [];
    return mark.rank === RANK_MAX ? [this.#forget(group)] : [this.mark(group, { rank: mark.rank, followed: new Uint8Array(0) })];
  }

  /** The store lacks what it once had: it was restored from a backup. It is complete for nothing until it has caught up again. */
  withdraw(): LogOperation[] {
    this.#vouched.clear();
    return [...this.#own.keys()].map((group) => this.#forget(group));
  }

  /** Something of the group was lost here. @returns nothing: the mark is deleted with the commit that moves it aside */
  distrust(group: number): void {
    this.#own.delete(group);
    this.#unmarked.delete(group);
    this.#ownVersion += 1;
  }

  /** A peer holds a place in this store's numbering that this store never gave. @returns whether that is to be acted upon */
  isWitness(peer: HostId): boolean {
    const isNew = !this.#witnesses.has(peer);
    this.#witnesses.add(peer);
    return isNew;
  }

  /** The least rank of which something of a group is here or is promised to be. */
  keptRank(group: number): number {
    return Math.min(this.own(group)?.rank ?? RANK_MAX, this.#widest.get(group) ?? RANK_MAX);
  }

  /** Rows of a group are about to be committed in a scope of this rank. */
  widen(group: number, rank: number): LogOperation[] {
    return rank < (this.#widest.get(group) ?? RANK_MAX) ? [{ kind: "put", key: widestKey(group), value: Uint8Array.of(rank) }] : [];
  }

  /** Rows of a group were committed in a scope of this rank. */
  widened(group: number, rank: number): void {
    this.#widest.set(group, rank);
  }

  /** No rows of a group are left that belong to a lesser rank. */
  narrowed(group: number, rank: number): LogOperation[] {
    this.#widest.set(group, rank);
    return [{ kind: "put", key: widestKey(group), value: Uint8Array.of(rank) }];
  }

  /** The copy is complete for no more than what the layout wants here. */
  withdrawTo(group: number, wanted: number): LogOperation[] {
    const mark = this.#own.get(group);
    return mark === undefined || mark.rank >= wanted ? [] : [this.mark(group, { ...mark, rank: wanted })];
  }

  #forget(group: number): LogOperation {
    this.#own.delete(group);
    this.#unmarked.delete(group);
    this.#ownVersion += 1;
    return { kind: "delete", key: readyKey(group) };
  }

  /** Where a host has said several things at once, it is ready only for what all of them say. */
  #hear(key: string, siblings: readonly UnsealedRecord[]): void {
    const said = siblings.flatMap(({ body }) => (body.value === null ? [] : [readyCodec.decode(body.value)]));
    const host = key.slice(READY_PREFIX.length) as HostId;
    const [first, ...more] = said;
    this.#version += 1;
    if (first === undefined || key !== readyKeyOf(host)) return void this.#published.delete(host);
    const isOneStore = more.every(({ store }) => store === first.store);
    const ranks = more.length === 0 ? first.ranks : first.ranks.map((rank, group) => (isOneStore ? Math.max(rank, ...more.map((each) => each.ranks[group]!)) : NOT_READY));
    this.#published.set(host, { store: first.store, ranks });
  }

  /** Whoever came to others and knows nobody is not alone before it has the whole roster: it may have been killed when it had read its own entry of it. */
  #isAlone(): boolean {
    const members = this.#cluster.members();
    return members.length === 1 && members[0] === this.#cluster.self && (this.#isFounder || this.#own.has(EVERYWHERE));
  }
}
