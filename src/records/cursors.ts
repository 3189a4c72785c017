import type { HostId, StoreId } from "../codec/index.ts";
import type { ScopeMark } from "./holdings.ts";
import { covers } from "./holdings.ts";
import type { PositionUpdate } from "./jobs.ts";
import type { Place } from "./numbering.ts";
import { START } from "./numbering.ts";
import type { Position } from "./position.ts";
import type { Positions } from "./positions.ts";

/** How long a record that had to be left for later is left, unless the network's own records change before. */
const RETRY_MS = 10_000;

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

  constructor(positions: Positions) {
    this.#positions = positions;
  }

  /** A host's store, once it has said so. */
  storeOf(peer: HostId): StoreId | undefined {
    return this.#stores.get(peer);
  }

  met(peer: HostId, store: StoreId): void {
    this.#stores.set(peer, store);
    this.#positions.add(store);
  }

  /** From where to go on. */
  place(store: StoreId, group: number, wanted: ScopeMark): Place {
    const position = this.#holding(store, group)?.position ?? this.#positions.get(store, group);
    return position !== undefined && covers(position.mark, wanted) ? position.place : START;
  }

  isHeld(store: StoreId, group: number): boolean {
    return this.#holding(store, group) !== undefined;
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
    this.#held.set(`${store}/${group}`, { position: { place, mark }, epoch, sinceMs: known?.sinceMs ?? nowMs, roster: known?.roster ?? roster });
  }

  /** Goes back to the durable positions where that is worth it by now. @param roster counts the changes of the network's own records */
  goBack(nowMs: number, roster: number): void {
    for (const [name, { sinceMs, roster: since }] of this.#held) {
      if (roster !== since || nowMs - sinceMs >= RETRY_MS) this.#held.delete(name);
    }
  }

  #holding(store: StoreId, group: number): Held | undefined {
    if (this.#held.size === 0) return undefined;
    const held = this.#held.get(`${store}/${group}`);
    return held?.epoch === this.epoch(group) ? held : undefined;
  }
}
