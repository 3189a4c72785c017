import { EVERYWHERE } from "../cluster/index.ts";
import { shortId } from "../codec/index.ts";
import type { HostId } from "../codec/index.ts";
import type { Env } from "../platform/index.ts";
import type { Declined, Delivery } from "./delivery.ts";
import type { Following } from "./following.ts";
import { ALL_GROUPS } from "./limits.ts";
import type { ClusterView } from "./port.ts";
import type { Replica } from "./replica.ts";

export interface RoundWatchParts {
  readonly replica: Replica;
  readonly cluster: ClusterView;
  readonly following: Following;
  /** Whether a catching up with a peer that began since then has brought everything. */
  readonly hasCaughtUpSince: (peer: HostId, sinceMs: number) => boolean;
  /** Batches in the outbox that all who lack them have refused for good; what of them lies in no row, since then. */
  readonly declined: (sinceMs: number) => readonly Declined[];
}

/** What a host waits for before it has done a round (deletions.ts), from the moment when all had begun it. */
export class RoundWatch {
  readonly #env: Env;
  readonly #parts: RoundWatchParts;
  #since: { readonly round: number; readonly set: number; readonly sinceMs: number; readonly batches: ReadonlySet<Delivery> } | undefined;

  constructor(env: Env, parts: RoundWatchParts) {
    this.#env = env;
    this.#parts = parts;
  }

  /** The round is over, one way or the other. */
  end(): void {
    this.#since = undefined;
  }

  /** What is still missing before this host has done a round among these hosts, in words; undefined when nothing is. */
  missing(round: number, set: number, hosts: readonly HostId[]): string | undefined {
    const { replica, cluster, hasCaughtUpSince, following } = this.#parts;
    if (this.#since?.round !== round || this.#since.set !== set) this.#begin(round, set);
    const { sinceMs } = this.#since!;
    const behind = hosts.filter((host) => host !== cluster.self && !hasCaughtUpSince(host, sinceMs));
    if (behind.length > 0) return `catches up with ${behind.length} of ${hosts.length} hosts, host ${shortId(behind[0]!)} among them`;
    const waiting = this.#left().size - this.#declined().length;
    if (waiting > 0) return `${waiting} batches that waited when it began are not delivered yet`;
    const isGivingUp = ALL_GROUPS.some((group) => group !== EVERYWHERE && replica.readiness.keptRank(group) < replica.holdings.scope(group).rank);
    return isGivingUp || following.isDropping ? "a copy that was given up is being deleted" : undefined;
  }

  #begin(round: number, set: number): void {
    const batches = new Set(this.#parts.replica.outbox.waiting());
    for (const delivery of batches) delivery.hurry();
    this.#since = { round, set, sinceMs: this.#env.clock.monotonicMs(), batches };
  }

  /**
   * To be called when nothing is missing, before anything else happens: what is left all who lack it have refused. Were it to wait on, somebody could
   * take it when its deletion, which lies where it does, is forgotten. What lies in no row waits on: whatever deletes it has come since the marks.
   */
  letGo(): void {
    const { outbox, counters } = this.#parts.replica;
    const batches = this.#declined().filter(({ kept }) => kept.length > 0);
    if (batches.length === 0) return;
    this.#env.log.warn("records that other hosts refuse for good are sent to them no more", { batches: batches.length });
    counters.count("let go, refused by others", batches.length);
    for (const { delivery, kept } of batches) outbox.giveUp(delivery, kept, "declined");
  }

  /** Of what is left, what nobody waits for who would take it. */
  #declined(): readonly Declined[] {
    const left = this.#left();
    return left.size === 0 || this.#since === undefined ? [] : this.#parts.declined(this.#since.sinceMs).filter(({ delivery }) => left.has(delivery));
  }

  /** What was there when all had begun. Hints that came meanwhile may be as old. */
  #left(): ReadonlySet<Delivery> {
    const batches = this.#since?.batches;
    return new Set([...this.#parts.replica.outbox.waiting()].filter((delivery) => delivery.isHint || batches?.has(delivery) === true));
  }
}
