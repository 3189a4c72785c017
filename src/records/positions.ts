import type { StoreId } from "../codec/index.ts";
import { GROUPS } from "./limits.ts";
import type { Position } from "./position.ts";
import { decodePosition } from "./position.ts";
import type { Rows } from "./rows.ts";
import { endOf, groupIn, positionKey, positionPrefix, storeIn } from "./tables.ts";

/** How far the numberings of other stores have been applied to this one, as the disk says. */
export class Positions {
  readonly #rows: Rows;
  readonly #stores = new Set<StoreId>();
  readonly #epochs = new Map<number, number>();
  #version = 0;

  constructor(rows: Rows) {
    this.#rows = rows;
    for (const { key } of rows.all("p")) this.#stores.add(storeIn(key));
  }

  /** A store whose positions are kept from now on. */
  add(store: StoreId): void {
    this.#stores.add(store);
  }

  has(store: StoreId): boolean {
    return this.#stores.has(store);
  }

  /** No positions of a store are left, as of the commit that has just been made. */
  forgotten(store: StoreId): void {
    this.#stores.delete(store);
  }

  get(store: StoreId, group: number): Position | undefined {
    const stored = this.#rows.get(positionKey(store, group));
    return stored === undefined ? undefined : decodePosition(stored);
  }

  /** Every group of a store of which something was applied, by one look at the disk. */
  *in(store: StoreId): Generator<readonly [number, Position]> {
    const prefix = positionPrefix(store);
    for (const { key, value } of this.#rows.scanLog(prefix, endOf(prefix), GROUPS)) yield [groupIn(key), decodePosition(value)];
  }

  of(group: number): { readonly store: StoreId; readonly position: Position }[] {
    return [...this.#stores].flatMap((store) => {
      const position = this.get(store, group);
      return position === undefined ? [] : [{ store, position }];
    });
  }

  /** Counts how often the positions of a group have begun anew: a page that was asked for before that says nothing any more. */
  epoch(group: number): number {
    return this.#epochs.get(group) ?? 0;
  }

  /** Counts them over all groups. */
  get version(): number {
    return this.#version;
  }

  /** The positions of a group are gone, as of the commit that has just been made. */
  begunAnew(group: number): void {
    this.#epochs.set(group, this.epoch(group) + 1);
    this.#version += 1;
  }

  /** Every store of which something is known. */
  get stores(): readonly StoreId[] {
    return [...this.#stores];
  }
}
