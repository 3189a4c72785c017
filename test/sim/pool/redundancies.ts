import type { SimulatedNetwork, SimulatedPack } from "./network.ts";

interface Level {
  readonly spare: number;
  readonly sinceMs: number;
}

/** For how long packs stood how well: by the pieces that could be read at each moment. */
export class Redundancies {
  readonly #network: SimulatedNetwork;
  readonly #levels = new Map<SimulatedPack, Level>();
  /** Milliseconds by spare + 1: the first is "unreadable". */
  readonly #times: number[] = [];

  constructor(network: SimulatedNetwork) {
    this.#network = network;
  }

  /** Notes that something about the pack has changed. */
  touch(pack: SimulatedPack): void {
    this.#end(pack);
    const spare = Math.max(-1, this.#network.pieces(pack, true) - pack.facts.k);
    this.#levels.set(pack, { spare, sinceMs: this.#network.time.nowMs });
  }

  /** What share of all packs' time each number of hosts could still have been lost. Index 0: unreadable. */
  shares(): readonly number[] {
    for (const pack of this.#levels.keys()) this.touch(pack);
    const total = this.#times.reduce((sum, time) => sum + time, 0);
    return this.#times.map((time) => time / total);
  }

  #end(pack: SimulatedPack): void {
    const level = this.#levels.get(pack);
    if (level === undefined) return;
    while (this.#times.length <= level.spare + 1) this.#times.push(0);
    this.#times[level.spare + 1]! += this.#network.time.nowMs - level.sinceMs;
  }
}
