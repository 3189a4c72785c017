import type { HostId, StoreId } from "../codec/index.ts";
import type { ScopeMark } from "./holdings.ts";
import { covers } from "./holdings.ts";
import type { PositionUpdate } from "./jobs.ts";
import { ALL_GROUPS } from "./limits.ts";
import type { Place } from "./numbering.ts";
import { START } from "./numbering.ts";
import type { Position } from "./position.ts";
import type { Positions } from "./positions.ts";

/** How long a record that had to be left for later is left, unless the network's own records change before. */
const RETRY_MS = 10_000;
/**
 * Whoever has a record has what it was judged by, and that is brought before it. After so many times, each so long after the last, it is known
 * to be gone: an invite, say, whose maker was removed by somebody who had not heard of it. From then on it is left twice as long each time.
 */
const TRIES = 2;
const LONGEST_RETRY_MS = 10 * 60_000;

/** How often it was gone back in vain, since the group's positions last began anew. */
interface Tries {
  readonly epoch: number;
  readonly count: number;
  readonly lastMs: number;
}

interface Held {
  readonly position: Position;
  readonly sinceMs: number;
  readonly roster: number;
  readonly epoch: number;
}

/**
 * How far this host has come in the numberings of others. What is durable is the truth; where a record had to be left for later, the durable
 * position stays before it, and a cursor in memory goes on, so that what comes behind need not wait, and goes back for it now and then.
 */
export class Cursors {
  readonly #positions: Positions;
  readonly #held = new Map<string, Held>();
  readonly #stores = new Map<HostId, StoreId>();
  readonly #tries = new Map<string, Tries>();

  constructor(positions: Positions) {
    this.#positions = positions;
  }

  /** A host's store, once it has said so. */
  storeOf(peer: HostId): StoreId | undefined {
    return this.#stores.get(peer);
  }

  /** @returns the store that the host had before, when that was another and nobody else has it: there is nothing to be had of it any more */
  met(peer: HostId, store: StoreId): StoreId | undefined {
    const former = this.#stores.get(peer);
    this.#stores.set(peer, store);
    this.#positions.add(store);
    if (former === undefined || [...this.#stores.values()].includes(former)) return undefined;
    for (const name of ALL_GROUPS.map((group) => nameOf(former, group))) {
      this.#held.delete(name);
      this.#tries.delete(name);
    }
    return former;
  }

  /** From where to go on. */
  place(store: StoreId, group: number, wanted: ScopeMark): Place {
    const position = this.#holding(store, group)?.position ?? this.#positions.get(store, group);
    return position !== undefined && covers(position.mark, wanted) ? position.place : START;
  }

  isHeld(store: StoreId, group: number): boolean {
    return this.#holding(store, group) !== undefined;
  }

  /** Whether something was left for later that can be expected to be judged yet. */
  isWaiting(store: StoreId, group: number): boolean {
    const tries = this.#tries.get(nameOf(store, group));
    return this.isHeld(store, group) && (tries?.epoch !== this.epoch(group) || tries.count < TRIES);
  }

  get holdsAny(): boolean {
    return this.#held.size > 0;
  }

  /** Before a page is asked for; its positions count only as long as this is so. */
  epoch(group: number): number {
    return this.#positions.epoch(group);
  }

  /** Goes on in memory only: something before this position was left for later. */
  hold({ store, group, place, mark, epoch }: PositionUpdate, nowMs: number, roster: number): void {
    const known = this.#holding(store, group);
    this.#held.set(nameOf(store, group), { position: { place, mark }, epoch, sinceMs: known?.sinceMs ?? nowMs, roster: known?.roster ?? roster });
  }

  /** Goes back to the durable positions where that is worth it by now. @param roster counts the changes of the network's own records */
  goBack(nowMs: number, roster: number): void {
    for (const [name, { sinceMs, roster: since, epoch }] of this.#held) {
      const known = this.#tries.get(name);
      const { count, lastMs } = known?.epoch === epoch ? known : { count: 0, lastMs: sinceMs };
      if (roster === since && nowMs - sinceMs < Math.min(RETRY_MS * 2 ** Math.max(0, count - TRIES), LONGEST_RETRY_MS)) continue;
      this.#held.delete(name);
      // While the roster is on its way it is gone back often, and each time for something.
      this.#tries.set(name, nowMs - lastMs < RETRY_MS ? { epoch, count, lastMs } : { epoch, count: count + 1, lastMs: nowMs });
    }
  }

  /** Nothing before this position is left for later. */
  release({ store, group }: PositionUpdate): void {
    this.#tries.delete(nameOf(store, group));
  }

  #holding(store: StoreId, group: number): Held | undefined {
    if (this.#held.size === 0) return undefined;
    const held = this.#held.get(nameOf(store, group));
    return held?.epoch === this.epoch(group) ? held : undefined;
  }
}

function nameOf(store: StoreId, group: number): string {
  return `${store}/${group}`;
}
