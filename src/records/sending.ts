import type { HostId } from "../codec/index.ts";
import type { Env, WorkerTurn } from "../platform/index.ts";
import { Courier } from "./courier.ts";
import type { Declined, Delivery, DeliveryItem } from "./delivery.ts";
import { RecordsError } from "./errors.ts";
import { OWN } from "./jobs.ts";
import type { Written } from "./jobs.ts";
import { W, WRITE_WAIT_MS } from "./limits.ts";
import type { PushAnswer } from "./messages.ts";
import { ASK_PUSH } from "./messages.ts";
import type { Peers } from "./peers.ts";
import { pack } from "./parcel.ts";
import type { ClusterView, WriteOptions, WriteResult } from "./port.ts";
import type { Replica } from "./replica.ts";
import { routes } from "./routing.ts";
import type { Route } from "./routing.ts";

// A write's way: it is fsynced into the outbox, and into this host's rows where they should have it, by one commit of the replica. At the same time,
// or after that when the disk does not yet say that batches are sent ahead of it (identity.ts), it
// goes to all other hosts that should keep it at once, each in one message; each stores it before it answers. For each of them that is out
// of reach the next host of the preference list stands in: it keeps the record as a hint, which counts as a copy, and brings it where it
// belongs, whether or not its writer is there any more. The caller is told as soon as w hosts have it, this one included, or as many more as it asked for, or nobody is left
// who might still answer, or after two seconds. What is missing then is brought later: when a peer comes back, and every second besides,
// with growing pauses. Own records and hints wait in one outbox, until all who are read have acknowledged them, or a reader here could be sent to one that has not.

const PUSH_TIMEOUT_MS = 10_000;
/** After so long without a write the disk is told that nothing is sent ahead of it: a crash from then on costs no incarnation. */
const AHEAD_IDLE_MS = 10_000;

export interface SenderParts {
  readonly replica: Replica;
  readonly cluster: ClusterView;
  readonly peers: Peers;
  /** Whether all that a peer knew of the layout at some time has come here. Whoever wants to know has it asked soon. */
  readonly hasLearntSince: (peer: HostId, sinceMs: number) => boolean;
}

export class Sender {
  readonly #env: Env;
  readonly #parts: SenderParts;
  readonly #couriers = new Map<HostId, Courier>();

  constructor(env: Env, parts: SenderParts) {
    this.#env = env;
    this.#parts = parts;
  }

  /** Sends a fresh batch to everybody who should have it and is there, and when one of them fails, to who stands in for it. @returns whether there is anybody */
  send(delivery: Delivery): boolean {
    const online = new Set(this.#parts.cluster.online());
    const peers = [...delivery.addressees(this.#routes())].filter((peer) => online.has(peer) && delivery.begin(peer));
    for (const peer of peers) this.#courier(peer).send(delivery);
    return peers.length > 0;
  }

  /** A batch has come into the outbox. Others may have had it before. */
  committed(delivery: Delivery): void {
    this.send(delivery);
    this.#settle(delivery);
  }

  /** Resolves with how safe a write call is, as the head of this file says. */
  async outcome({ delivery, dots, first }: Written, { copies = W, signal }: Pick<WriteOptions, "copies" | "signal">): Promise<WriteResult> {
    const own = delivery.items.slice(first, first + dots.length);
    const routeOf = this.#routes();
    const wanted = new Map(own.map((item) => [item.at, Math.min(Math.max(W, copies), 1 + routeOf(item).targets.length)]));
    const isSafe = (): boolean => own.every(({ at }) => delivery.copies(at) >= wanted.get(at)!);
    await this.#until(delivery, () => isSafe() || delivery.outstanding.size === 0, signal);
    const refused = own.find(({ givenUp }) => givenUp === "full");
    if (refused !== undefined) throw new RecordsError("REFUSED", `"${refused.record.body.key}" may not be written (NAMESPACE_FULL): the hosts that keep the namespace have no room for more of it. Delete something.`);
    return { dots, copies: Math.min(...own.map(({ at }) => delivery.copies(at))), safe: isSafe() };
  }

  /** The peer has come back. */
  refresh(peer: HostId): void {
    this.#couriers.get(peer)?.refresh();
  }

  /** The batches for which nobody waits who would take them. What lies in no row must have been refused since then. */
  declined(sinceMs: number): readonly Declined[] {
    const routeOf = this.#routes();
    return [...this.#parts.replica.outbox.waiting()].flatMap((delivery) => {
      const kept = new Set(delivery.items.filter((item) => delivery.isDeclined(item, routeOf(item).recipients)));
      const isDeclined = delivery.items.every((item) => kept.has(item) || delivery.isNowhere(item, routeOf(item).recipients, sinceMs));
      return isDeclined ? [{ delivery, kept: [...kept] }] : [];
    });
  }

  /** A turn of the worker that looks after the outbox. */
  async turn({ report }: Pick<WorkerTurn, "report">): Promise<void> {
    const { replica } = this.#parts;
    await this.#resend();
    if (replica.identity.isAhead && replica.identity.idleMs >= AHEAD_IDLE_MS) await replica.keepStep();
    const { size, bytes, hintCount, hintBytes } = replica.outbox;
    const own = size === 0 ? [] : [`${size} batches (${bytes} bytes) wait for their replicas`];
    const hints = hintCount === 0 ? [] : [`${hintCount} of other hosts (${hintBytes} bytes) wait for theirs`];
    report([...own, ...hints].join("; ") || "nothing waits");
  }

  /** Offers what waits to all who lack it, keeps here what has come to belong here, and lets go what is done. */
  async #resend(): Promise<void> {
    const { replica, cluster, hasLearntSince } = this.#parts;
    await this.#adopt();
    const routeOf = this.#routes();
    for (const delivery of replica.outbox.waiting()) delivery.learn(hasLearntSince);
    replica.outbox.settle(replica.outbox.waiting(), routeOf);
    if (replica.outbox.hasDue) await replica.keep([]);
    if (!replica.outbox.isEmpty) this.#offer(routeOf);
    const members = new Set(cluster.members());
    for (const peer of this.#couriers.keys()) if (!members.has(peer)) this.#couriers.delete(peer);
  }

  #offer(routeOf: (item: DeliveryItem) => Route): void {
    const { replica, cluster } = this.#parts;
    const nowMs = this.#env.clock.monotonicMs();
    for (const peer of cluster.online()) {
      const courier = this.#courier(peer);
      if (courier.isResting || !courier.isIdle) continue;
      for (const delivery of replica.outbox.waiting()) {
        if (delivery.dueFor(peer, nowMs, routeOf).length > 0) courier.send(delivery);
      }
    }
  }

  #routes(): (item: DeliveryItem) => Route {
    const { cluster, replica } = this.#parts;
    return routes({ cluster, holdings: replica.holdings, isResting: (host) => this.#couriers.get(host)?.isResting === true });
  }

  /** Records that were only in the outbox and, by a new layout or a follow, belong into the rows here. */
  async #adopt(): Promise<void> {
    const { replica } = this.#parts;
    for (const delivery of replica.outbox.waiting()) {
      const due = delivery.items.filter(({ isApplied, record, genesis, group }) => !isApplied && replica.holdings.holds(record.body.namespace, genesis, group));
      if (due.length === 0) continue;
      const verdicts = await replica.apply(OWN, due.map(({ record }) => record), new Map());
      due.forEach((item, at) => {
        if (verdicts[at]!.kind === "ok") replica.outbox.applied(delivery, item);
      });
    }
  }

  #courier(peer: HostId): Courier {
    const known = this.#couriers.get(peer);
    if (known !== undefined) return known;
    const courier = new Courier(this.#env, {
      peer,
      push: (items) => this.#push(peer, items),
      routes: () => this.#routes(),
      failed: (delivery) => {
        if (delivery.outstanding.has(peer)) this.send(delivery);
      },
      settle: (delivery) => this.#settle(delivery),
    });
    this.#couriers.set(peer, courier);
    return courier;
  }

  #settle(delivery: Delivery): void {
    const { outbox } = this.#parts.replica;
    // One that was sent ahead of this host's disk comes into the outbox only when that has it.
    if (!outbox.has(delivery)) return;
    this.#refuse(delivery);
    const routeOf = this.#routes();
    outbox.settle([delivery], routeOf);
  }

  #refuse(delivery: Delivery): void {
    const { outbox, counters } = this.#parts.replica;
    const homeless = delivery.homeless();
    if (homeless.length === 0) return;
    outbox.giveUp(delivery, homeless, "full");
    counters.count("given up NAMESPACE_FULL", homeless.length);
    this.#env.log.warn("records of ours were given up: their namespace is full", { records: homeless.length });
  }

  #push(peer: HostId, items: readonly DeliveryItem[]): Promise<PushAnswer> {
    const { peers, replica } = this.#parts;
    const parcel = pack(items.map(({ record }) => record), (namespace) => replica.geneses.get(namespace));
    return peers.ask(peer, ASK_PUSH, { standing: replica.floor.standing, parcel }, PUSH_TIMEOUT_MS);
  }

  async #until(delivery: Delivery, isDone: () => boolean, signal: AbortSignal | undefined): Promise<void> {
    if (isDone()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const check = (): void => {
      if (isDone()) resolve();
    };
    const stop = delivery.onProgress(check);
    const timer = this.#env.timers.after(WRITE_WAIT_MS, resolve);
    // Cancelling ends the waiting, not the write: that is durable here and on its way.
    const cancel = (): void => resolve();
    signal?.addEventListener("abort", cancel, { once: true });
    if (signal?.aborted === true) resolve();
    await promise;
    timer.cancel();
    stop();
    signal?.removeEventListener("abort", cancel);
  }
}
