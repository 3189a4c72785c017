import type { PackId } from "../../codec/index.ts";
import type { Need } from "./plan.ts";
import { byUrgency } from "./plan.ts";

/**
 * The most urgent needs, so many at most: a host that vanishes may leave a hundred thousand packs short, and their list has no place in
 * memory. Those that do not fit are found again when the others have been seen to.
 */
export class UrgentQueue {
  readonly #capacity: number;
  readonly #needs = new Map<PackId, Need>();
  #isFull = false;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Whether needs were left out since the last `clear`. */
  get isOverfull(): boolean {
    return this.#isFull;
  }

  set(need: Need): void {
    this.#needs.set(need.pack, need);
    // Cut at twice the capacity, so that a cut costs each newcomer little.
    if (this.#needs.size >= 2 * this.#capacity) this.#cut();
  }

  delete(pack: PackId): void {
    this.#needs.delete(pack);
  }

  clear(): void {
    this.#needs.clear();
    this.#isFull = false;
  }

  /** The needs, most urgent first. */
  inOrder(): Need[] {
    this.#cut();
    return [...this.#needs.values()].sort(byUrgency);
  }

  #cut(): void {
    if (this.#needs.size <= this.#capacity) return;
    this.#isFull = true;
    for (const { pack } of [...this.#needs.values()].sort(byUrgency).slice(this.#capacity)) this.#needs.delete(pack);
  }
}
