import type { HostId } from "../codec/index.ts";
import type { Env } from "../platform/index.ts";
import { ASK_CONFIRM } from "./messages.ts";
import type { Peers } from "./peers.ts";
import type { ClusterView } from "./port.ts";
import type { Replica } from "./replica.ts";

const TIMEOUT_MS = 2000;
const STEP_MS = 50;

/**
 * After a start, asks every other member whether it knows batches of this host that its disk does not. Any of them may be the only one that
 * received the last batch before a disk was lost, so the incarnation from the disk is good only when all have answered, and when
 * this host has caught up with all: somebody may have read here what is lost, and have written elsewhere with that in the context. Nothing
 * waits for it: whoever writes before takes a new incarnation.
 */
export class Confirmer {
  readonly #env: Env;
  readonly #replica: Replica;
  readonly #cluster: ClusterView;
  readonly #peers: Peers;
  readonly #hasAllOf: (peer: HostId) => boolean;
  readonly #caughtUp = new Set<HostId>();
  readonly #answered = new Set<HostId>();
  readonly #members = new Set<HostId>();
  readonly #asking = new Set<HostId>();

  /** @param hasAllOf whether this host has caught up with a peer since the start */
  constructor(env: Env, replica: Replica, cluster: ClusterView, peers: Peers, hasAllOf: (peer: HostId) => boolean) {
    this.#env = env;
    this.#replica = replica;
    this.#cluster = cluster;
    this.#peers = peers;
    this.#hasAllOf = hasAllOf;
  }

  /** Asks those who are there now and have not answered. Called at the start and at each turn until it is settled. */
  async turn(signal: AbortSignal): Promise<void> {
    if (this.#replica.identity.isConfirmed) return;
    await Promise.all(this.#cluster.online().filter((peer) => !this.#answered.has(peer) && !this.#asking.has(peer)).map((peer) => this.#ask(peer, signal)));
    this.#settle();
  }

  /** Resolves when this host may go on as the actor it was, or has become a new one; and after `waitMs` in any case. */
  async settled(waitMs: number, signal: AbortSignal): Promise<boolean> {
    const deadlineMs = this.#env.clock.monotonicMs() + waitMs;
    while (!this.#replica.identity.isConfirmed && !signal.aborted && this.#env.clock.monotonicMs() < deadlineMs) {
      await this.turn(signal);
      if (!this.#replica.identity.isConfirmed) await this.#env.timers.sleep(STEP_MS, signal).catch(() => {});
    }
    return this.#replica.identity.isConfirmed;
  }

  async #ask(peer: HostId, signal: AbortSignal): Promise<void> {
    const { identity } = this.#replica;
    const { incarnation } = identity.actor;
    this.#asking.add(peer);
    try {
      const { highest, members } = await this.#peers.ask(peer, ASK_CONFIRM, identity.actor, TIMEOUT_MS, signal);
      if (identity.isConfirmed || identity.actor.incarnation !== incarnation) return;
      for (const member of members) this.#members.add(member);
      this.#answered.add(peer);
      const seen = highest.find((each) => each.incarnation === incarnation)?.batch ?? 0;
      if (seen > identity.batch) await this.#replica.renew("another host has seen later batches of this host than its disk has");
    } catch {
      // It is asked again at the next turn.
    } finally {
      this.#asking.delete(peer);
    }
  }

  #settle(): void {
    const { identity } = this.#replica;
    // Without a roster it is not known whom to ask.
    if (!this.#cluster.members().includes(this.#cluster.self)) return;
    const others = [...this.#cluster.members(), ...this.#members].filter((host) => host !== this.#cluster.self);
    for (const host of others) if (this.#hasAllOf(host)) this.#caughtUp.add(host);
    if (identity.isConfirmed || !others.every((host) => this.#answered.has(host) && this.#caughtUp.has(host))) return;
    identity.confirm();
    this.#env.log.debug("all others confirm that this host's disk is up to date", { others: others.length });
  }
}
