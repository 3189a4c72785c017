import { EVERYWHERE } from "../cluster/index.ts";
import type { HostId } from "../codec/index.ts";
import type { ScopeMark } from "./holdings.ts";
import { covers } from "./holdings.ts";
import type { Completed } from "./pull.ts";

/** A group was brought to its end with a peer. */
interface Visit {
  readonly sinceMs: number;
  readonly completed: Completed;
}

/**
 * With whom this host has caught up of which groups, also when it has left since. Where no copy is known to be complete, whoever the layout wants to have one
 * must have been asked; but they need not be there together, as machines that are on at different hours never are. What counts is what
 * was asked since no complete copy was known: before, whoever had one may have written to one of them and nobody else.
 */
export class Visits {
  readonly #visits = new Map<HostId, Map<number, Visit>>();
  /** Since when no complete copy is known: by group, and by number of replicas. */
  readonly #orphaned = new Map<number, Map<number, number>>();

  /** All has been fetched that a peer had of these groups when it was asked. */
  note(peer: HostId, complete: ReadonlyMap<number, Completed>, sinceMs: number): void {
    if (this.#orphaned.size === 0) return;
    const known = this.#visits.get(peer) ?? new Map<number, Visit>();
    this.#visits.set(peer, known);
    for (const group of [EVERYWHERE, ...this.#orphaned.keys()]) {
      const completed = complete.get(group);
      if (completed !== undefined) known.set(group, { sinceMs, completed });
    }
  }

  /** This host's copy of the group is complete, or it needs none. */
  settled(group: number): void {
    this.#orphaned.delete(group);
    if (this.#orphaned.size === 0) this.#visits.clear();
  }

  /** A complete copy of the group is known. */
  found(group: number, replicas: number): void {
    const orphaned = this.#orphaned.get(group);
    orphaned?.delete(replicas);
    if (orphaned?.size === 0) this.settled(group);
  }

  /**
   * No complete copy of the group is known.
   * @param epochOf of the positions now: when they begin anew, what was fetched before says nothing any more
   * @returns whether all that the peer had of a group, at some moment since then, is here
   */
  missed(group: number, replicas: number, nowMs: number, epochOf: (group: number) => number): (peer: HostId, group: number, wanted: ScopeMark) => boolean {
    const orphaned = this.#orphaned.get(group) ?? new Map<number, number>();
    this.#orphaned.set(group, orphaned);
    const orphanedMs = orphaned.get(replicas) ?? nowMs;
    orphaned.set(replicas, orphanedMs);
    return (peer, asked, wanted) => {
      const visit = this.#visits.get(peer)?.get(asked);
      return visit !== undefined && visit.sinceMs >= orphanedMs && visit.completed.epoch === epochOf(asked) && covers(visit.completed.mark, wanted);
    };
  }
}
