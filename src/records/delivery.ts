import type { Genesis } from "../cluster/index.ts";
import { EVERYWHERE } from "../cluster/index.ts";
import type { HostId } from "../codec/index.ts";
import type { Proven } from "./batch.ts";
import type { Route } from "./routing.ts";
import { hintKey, outboxKey } from "./tables.ts";
import { sizeOf } from "./draft.ts";

export interface DeliveryItem {
  /** Its place in the delivery. */
  readonly at: number;
  readonly record: Proven;
  readonly group: number;
  readonly genesis: Genesis;
  /** Whether a row of this host has it; then the outbox is not what keeps it. Never so of a hint, unless the layout has changed since. */
  isApplied: boolean;
  /** The number under which it was applied here; 0 when it was not, or long ago. */
  sequence: number;
  /**
   * Why it waits no more. "full": its replicas have no room for it, and nobody has taken it; its writer has been told, or was never told that
   * it is safe. "declined": it lies in a row somewhere, and all who lack it have refused it for good.
   */
  givenUp?: "full" | "declined";
}

/** A batch for which nobody waits who would take it. */
export interface Declined {
  readonly delivery: Delivery;
  /** What of it lies in a row, here or elsewhere: whoever changes its mind will have it from there. The rest lies nowhere else. */
  readonly kept: readonly DeliveryItem[];
}

/** A peer has applied everything of this host's numbering of a group up to here, of namespaces with more replicas than the rank. */
export interface Applied {
  readonly sequence: number;
  readonly rank: number;
}

/** So many others keep a record that belongs everywhere: whoever lacks it gets it from any of them. Should all of them be counted out, they keep it (newcomer.ts). */
const ENOUGH_EVERYWHERE = 3;
/** So many others keep a record of a shard when the outbox is pressed: its other replicas get it from them. */
const ENOUGH_PRESSED = 2;

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;

/** What one peer has said to one batch. */
interface PeerState {
  readonly has: Set<number>;
  /** What it keeps on behalf of others. */
  readonly hinted: Set<number>;
  /** What it has, and since when: it may know of hosts that should have it too and that this one has not learnt of. */
  readonly behind: Map<number, number>;
  /** What it has no room for. */
  readonly full: Set<number>;
  /** Refused for good by the rules as the peer knows them, and when it had last been asked; it is asked again now and then, since it may know less than it will. */
  readonly declined: Map<number, number>;
  /** Messages to it that hold some of this and have not been answered. */
  underWay: number;
  pauseMs: number;
  notBeforeMs: number;
}

/** Records of one batch on their way, own ones or kept on behalf of others: what they are, and who has which of them. */
export class Delivery {
  readonly items: readonly DeliveryItem[];
  readonly isHint: boolean;
  /** Under which they wait in the record log. */
  readonly logKey: Uint8Array;
  readonly sizeBytes: number;
  readonly #peers = new Map<HostId, PeerState>();
  readonly #listeners = new Set<() => void>();
  readonly #begun = new Set<HostId>();
  #isVoid = false;
  /** Peers that were sent it for the first time and have not answered. */
  readonly outstanding = new Set<HostId>();

  /**
   * @param items records of one batch, one at least
   * @param hint the number under which they wait here on behalf of others; undefined for an own batch
   */
  constructor(items: readonly DeliveryItem[], hint?: number) {
    this.items = items;
    this.isHint = hint !== undefined;
    const { dot, batch } = items[0]!.record;
    this.logKey = hint === undefined ? outboxKey(dot.actor.incarnation, batch) : hintKey(hint);
    this.sizeBytes = items.reduce((sum, { record }) => sum + sizeOf(record.sealed), 0);
  }

  /** The records that the peer should have, or keep for somebody who is out of reach, and has not acknowledged, unless it asked for a pause. */
  dueFor(peer: HostId, nowMs: number, routeOf: (item: DeliveryItem) => Route): readonly DeliveryItem[] {
    const state = this.#peers.get(peer);
    if (this.#isVoid) return [];
    if (state !== undefined && (nowMs < state.notBeforeMs || state.has.size === this.items.length)) return [];
    return this.items.filter((item) => {
      if (state?.has.has(item.at) === true || state?.behind.has(item.at) === true || item.givenUp !== undefined) return false;
      const route = routeOf(item);
      return route.recipients.includes(peer) || (state?.hinted.has(item.at) !== true && this.#standIns(item, route).includes(peer));
    });
  }

  /** Its writer's disk has refused it: it is sent to nobody any more. */
  void(): void {
    this.#isVoid = true;
  }

  /** The peer is about to be sent it. @returns whether for the first time */
  begin(peer: HostId): boolean {
    if (this.#begun.has(peer)) return false;
    this.#begun.add(peer);
    this.outstanding.add(peer);
    return true;
  }

  /** Who should be sent it at first. */
  addressees(routeOf: (item: DeliveryItem) => Route): Set<HostId> {
    return new Set(this.items.map((item) => ({ item, route: routeOf(item) })).flatMap(({ item, route }) => [...route.recipients, ...this.#standIns(item, route)]));
  }

  /** As many hosts behind the targets as there are targets out of reach, but for those that keep it already. What is a hint itself is not handed on as one. */
  #standIns(item: DeliveryItem, { targets, missing, spares }: Route): readonly HostId[] {
    if (missing === 0 || this.isHint) return [];
    let standing = 0;
    for (const [peer, { has, hinted }] of this.#peers) if (hinted.has(item.at) || (has.has(item.at) && !targets.includes(peer))) standing += 1;
    return spares.slice(0, Math.max(0, missing - standing));
  }

  acknowledged(peer: HostId, items: readonly DeliveryItem[]): void {
    const { has, declined } = this.#state(peer);
    for (const item of items) {
      has.add(item.at);
      declined.delete(item.at);
    }
    this.#tell();
  }

  /** The peer has said that its rules do not let it keep them. @param askedMs when it was sent them, by the monotonic clock */
  declined(peer: HostId, items: readonly DeliveryItem[], askedMs: number): void {
    const { declined } = this.#state(peer);
    for (const item of items) declined.set(item.at, askedMs);
  }

  /** A message with some of it goes to the peer, or has been answered or given up. */
  underWay(peer: HostId, change: 1 | -1): void {
    this.#state(peer).underWay += change;
  }

  /** The peer keeps them, but not as its own. */
  hinted(peer: HostId, items: readonly DeliveryItem[]): void {
    const { hinted } = this.#state(peer);
    for (const item of items) hinted.add(item.at);
    this.#tell();
  }

  /** The peer has them, and may have known, by this time on the monotonic clock, who else should have them. */
  acknowledgedBehind(peer: HostId, items: readonly DeliveryItem[], nowMs: number): void {
    const { behind, declined } = this.#state(peer);
    for (const item of items) {
      behind.set(item.at, nowMs);
      declined.delete(item.at);
    }
    this.#tell();
  }

  /** @param hasLearnt whether all that a peer knew of the layout at some time has come here */
  learn(hasLearnt: (peer: HostId, sinceMs: number) => boolean): void {
    for (const [peer, { has, behind }] of this.#peers) {
      for (const [at, sinceMs] of behind) {
        if (!hasLearnt(peer, sinceMs)) continue;
        behind.delete(at);
        has.add(at);
      }
    }
  }

  /** The peer has no room in the namespace. */
  turnedAway(peer: HostId, items: readonly DeliveryItem[]): void {
    const { full } = this.#state(peer);
    for (const item of items) full.add(item.at);
  }

  /** Records that a replica has no room for and that nobody has, neither here nor elsewhere. A hint may be all that is left of a safe write: never one of those. */
  homeless(): readonly DeliveryItem[] {
    if (this.isHint || this.outstanding.size > 0) return [];
    const isFull = (at: number): boolean => [...this.#peers.values()].some(({ full }) => full.has(at));
    return this.items.filter(({ at, isApplied, givenUp }) => !isApplied && givenUp === undefined && this.copies(at) === 1 && isFull(at));
  }

  /** The peer could not take some records: not yet, or not by its rules. */
  postponed(peer: HostId, nowMs: number): void {
    const state = this.#state(peer);
    state.pauseMs = Math.min(Math.max(FIRST_PAUSE_MS, state.pauseMs * 2), LONGEST_PAUSE_MS);
    state.notBeforeMs = nowMs + state.pauseMs;
  }

  /** Somebody waits for what the peers say now: those that could not take some records are asked again without a pause. */
  hurry(): void {
    for (const state of this.#peers.values()) [state.pauseMs, state.notBeforeMs] = [0, 0];
  }

  /** The first attempt at a peer has ended, one way or the other. */
  tried(peer: HostId): void {
    this.outstanding.delete(peer);
    this.#tell();
  }

  /** The peer has caught up with this host. */
  caughtUp(peer: HostId, reached: ReadonlyMap<number, Applied>): void {
    for (const item of this.items) {
      const applied = reached.get(item.group);
      if (applied === undefined || (item.group !== EVERYWHERE && item.genesis.replicas <= applied.rank)) continue;
      if (item.sequence > 0 && item.sequence <= applied.sequence) this.#state(peer).has.add(item.at);
    }
    this.#tell();
  }

  /** Durable copies of an item, this host's own included. */
  copies(at: number): number {
    let others = 0;
    for (const { has, hinted, behind } of this.#peers.values()) if (has.has(at) || hinted.has(at) || behind.has(at)) others += 1;
    return 1 + others;
  }

  /**
   * Whether the outbox may forget an item. What lies in a row here that the layout wants reaches the others from there, also when this host comes back
   * from below the floor; a copy beyond that may be given up before it has.
   */
  isSettled(item: DeliveryItem, { recipients: targets, isWantedHere }: Pick<Route, "recipients" | "isWantedHere">, isPressed: boolean): boolean {
    if (item.givenUp !== undefined || (isPressed && item.isApplied && isWantedHere)) return true;
    const missing = targets.filter((peer) => this.#peers.get(peer)?.has.has(item.at) !== true).length;
    if (missing === 0) return item.isApplied || targets.length > 0;
    const having = targets.length - missing;
    if (item.group === EVERYWHERE) return having >= ENOUGH_EVERYWHERE;
    return isPressed && having >= ENOUGH_PRESSED;
  }

  /**
   * Whether nobody waits for an item who would take it: it lies in a row, here or elsewhere, from which whoever changes its mind will have it, and all who
   * lack it have refused it for good.
   * @param targets the other hosts that should keep it, or are read for it until those are ready
   */
  isDeclined(item: DeliveryItem, targets: readonly HostId[]): boolean {
    if (item.givenUp !== undefined) return true;
    const lacking = targets.filter((peer) => this.#peers.get(peer)?.has.has(item.at) !== true);
    if (!item.isApplied && lacking.length === targets.length) return false;
    return lacking.every((peer) => {
      const state = this.#peers.get(peer);
      return state !== undefined && state.declined.has(item.at) && state.underWay === 0;
    });
  }

  /**
   * Whether an item lies in no row: all who should have it have refused it for good, each when it was asked since then. Whoever has what
   * superseded an item does not refuse it, so at that moment none of them had.
   * @param targets as in `isDeclined`
   */
  isNowhere(item: DeliveryItem, targets: readonly HostId[], sinceMs: number): boolean {
    const hasRefused = (peer: HostId): boolean => {
      const state = this.#peers.get(peer);
      return state?.has.has(item.at) !== true && (state?.declined.get(item.at) ?? -Infinity) >= sinceMs;
    };
    return !item.isApplied && targets.length > 0 && targets.every(hasRefused);
  }

  onProgress(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #state(peer: HostId): PeerState {
    const known = this.#peers.get(peer);
    if (known !== undefined) return known;
    const state = { has: new Set<number>(), hinted: new Set<number>(), behind: new Map<number, number>(), full: new Set<number>(), declined: new Map<number, number>(), underWay: 0, pauseMs: 0, notBeforeMs: 0 };
    this.#peers.set(peer, state);
    return state;
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
