import { EVERYWHERE } from "../cluster/index.ts";
import type { HostId } from "../codec/index.ts";
import type { Transport } from "../net/index.ts";
import type { Committed } from "./turn.ts";
import { TELL_NEWS } from "./messages.ts";
import type { Replica } from "./replica.ts";

// Nobody pushes records to followers; they ask what is new now and then. So that a feed on a follower is as quick as one on a replica, a host
// that the layout keeps records on, or that wrote them, tells its followers right after the commit in which groups there is something new,
// and they ask it at once. It is told and forgotten: what is not heard is found at the next asking. A follower is told again when it has
// answered, so a slow one is told seldom, of everything since; one that fails is left alone until it asks by itself.

const TOLD_TIMEOUT_MS = 10_000;

interface Follower {
  readonly groups: ReadonlySet<number>;
  /** Groups in which something has happened that it was not told of. */
  readonly due: Set<number>;
}

export class News {
  readonly #replica: Replica;
  readonly #transport: Transport;
  readonly #followers = new Map<HostId, Follower>();
  /** Who has been told and has not answered. */
  readonly #telling = new Set<HostId>();

  constructor(replica: Replica, transport: Transport) {
    this.#replica = replica;
    this.#transport = transport;
  }

  /** A host has said in which groups it follows something. */
  heard(peer: HostId, groups: readonly number[]): void {
    if (groups.length === 0) this.#followers.delete(peer);
    else this.#followers.set(peer, { groups: new Set(groups), due: this.#followers.get(peer)?.due ?? new Set() });
  }

  left(peer: HostId): void {
    this.#followers.delete(peer);
  }

  committed({ changed, deliveries }: Committed): void {
    if (this.#followers.size === 0) return;
    const groups = new Set(deliveries.flatMap(({ items }) => items.filter(({ isApplied }) => isApplied).map(({ group }) => group)));
    // Other followers' copies are not told of by this one: who the layout keeps them on tells all.
    for (const { namespace, group } of changed) {
      const genesis = this.#replica.geneses.get(namespace);
      if (group !== EVERYWHERE && genesis !== undefined && genesis.replicas > this.#replica.holdings.wantedRank(group)) groups.add(group);
    }
    for (const [peer, follower] of this.#followers) {
      for (const group of groups) if (follower.groups.has(group)) follower.due.add(group);
      if (follower.due.size > 0 && !this.#telling.has(peer)) void this.#tell(peer);
    }
  }

  async #tell(peer: HostId): Promise<void> {
    this.#telling.add(peer);
    try {
      for (let due = this.#take(peer); due.length > 0; due = this.#take(peer)) {
        await this.#transport.request(peer, TELL_NEWS.kind, TELL_NEWS.question.encode({ groups: due }), { timeoutMs: TOLD_TIMEOUT_MS });
      }
    } catch {
      this.#followers.delete(peer);
    } finally {
      this.#telling.delete(peer);
    }
  }

  #take(peer: HostId): number[] {
    const due = this.#followers.get(peer)?.due;
    const groups = [...(due ?? [])].sort((a, b) => a - b);
    due?.clear();
    return groups;
  }
}
