import type { HostId } from "../codec/index.ts";
import type { Env } from "../platform/index.ts";

export interface PathQuality {
  /** One-way delay in milliseconds. */
  readonly delayMs: number;
  /** Up to so many more, at random for each message; messages then overtake each other. */
  readonly jitterMs: number;
  /** Share of requests and answers that are lost, 0 to 1. Streams are resent underneath and lose nothing. */
  readonly lossFraction: number;
  /** Share of requests that arrive a second time, 0 to 1. */
  readonly duplicateFraction: number;
}

/** What the paths have done to messages so far: a fault that never came true proves nothing. */
export interface PathCounts {
  lost: number;
  duplicated: number;
  /** Messages that met a path which was cut. */
  cut: number;
}

/** A path that is cut is looked at again after so many milliseconds. */
const RETRY_MS = 100;

/** What lies between the hosts of a MemoryNetwork: for each ordered pair a delay, losses, and whether anything passes at all. */
export class Paths {
  readonly #env: Env;
  readonly counts: PathCounts = { lost: 0, duplicated: 0, cut: 0 };
  #usual: PathQuality;
  readonly #special = new Map<string, PathQuality>();
  readonly #cut = new Set<string>();
  readonly #dark = new Set<HostId>();
  readonly #onCut: () => void;

  /** @param onCut called when something has been cut, since connections may die of it */
  constructor(env: Env, usual: PathQuality, onCut: () => void) {
    this.#env = env;
    this.#usual = usual;
    this.#onCut = onCut;
  }

  /** Of all paths that have no quality of their own. */
  setUsual(quality: Partial<PathQuality>): void {
    this.#usual = { ...this.#usual, ...quality };
  }

  /** What is left out is as on all paths. */
  setQuality(from: HostId, to: HostId, quality: Partial<PathQuality>): void {
    this.#special.set(key(from, to), { ...this.#usual, ...quality });
  }

  /** Every path is as usual again. */
  forgetQualities(): void {
    this.#special.clear();
  }

  /** From now on nothing passes from the one to the other. The way back stays as it is. */
  cut(from: HostId, to: HostId): void {
    this.cutAll([[from, to]]);
  }

  /** @param ways each from one host to another */
  cutAll(ways: Iterable<readonly [HostId, HostId]>): void {
    for (const [from, to] of ways) this.#cut.add(key(from, to));
    this.#onCut();
  }

  mend(from: HostId, to: HostId): void {
    this.#cut.delete(key(from, to));
  }

  /** Cuts all paths between hosts of different groups, both ways, and mends those within. */
  partition(groups: readonly (readonly HostId[])[]): void {
    this.#cut.clear();
    for (const group of groups) {
      for (const other of groups) {
        if (other !== group) for (const from of group) for (const to of other) this.#cut.add(key(from, to));
      }
    }
    this.#onCut();
  }

  mendAll(): void {
    this.#cut.clear();
  }

  /** The host's power fails: nothing leaves it and nothing reaches it, and nobody is told. */
  darken(host: HostId): void {
    this.#dark.add(host);
    this.#onCut();
  }

  brighten(host: HostId): void {
    this.#dark.delete(host);
  }

  passes(from: HostId, to: HostId): boolean {
    if (this.#cut.size + this.#dark.size === 0) return true;
    return !this.#cut.has(key(from, to)) && !this.#dark.has(from) && !this.#dark.has(to);
  }

  /** Counts a message that came to a cut. @returns false */
  missed(): false {
    this.counts.cut += 1;
    return false;
  }

  isLost(from: HostId, to: HostId): boolean {
    const { lossFraction } = this.#quality(from, to);
    if (lossFraction === 0 || this.#env.random.fraction() >= lossFraction) return false;
    this.counts.lost += 1;
    return true;
  }

  isDuplicated(from: HostId, to: HostId): boolean {
    const { duplicateFraction } = this.#quality(from, to);
    if (duplicateFraction === 0 || this.#env.random.fraction() >= duplicateFraction) return false;
    this.counts.duplicated += 1;
    return true;
  }

  delayMs(from: HostId, to: HostId): number {
    const { delayMs, jitterMs } = this.#quality(from, to);
    return jitterMs === 0 ? delayMs : delayMs + this.#env.random.fraction() * jitterMs;
  }

  /** There and back, without the part of it that is left to chance. */
  roundTripMs(from: HostId, to: HostId): number {
    return this.#quality(from, to).delayMs + this.#quality(to, from).delayMs;
  }

  /** Takes a step at the far end once the delay has passed and the path is open, as long as `alive` says so. */
  carry(from: HostId, to: HostId, delayMs: number, alive: () => boolean, step: () => void): void {
    this.#env.timers.after(delayMs, () => {
      if (!alive()) return;
      if (this.passes(from, to)) step();
      else this.carry(from, to, RETRY_MS, alive, step);
    });
  }

  #quality(from: HostId, to: HostId): PathQuality {
    return this.#special.size === 0 ? this.#usual : (this.#special.get(key(from, to)) ?? this.#usual);
  }
}

function key(from: HostId, to: HostId): string {
  return `${from}>${to}`;
}
