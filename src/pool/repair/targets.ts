import type { HostId } from "../../codec/index.ts";
import type { Candidate } from "../write/placement.ts";
import { nextHolder } from "../write/placement.ts";
import type { Holding } from "../port.ts";
import { countApart } from "../record/holders.ts";
import type { PlannedFacts } from "./plan.ts";

type Placed = Pick<Candidate, "host" | "zone">;

/** Who gets the pieces of one pack that are being made anew: chosen one after another, so that each knows of the ones before. */
export class Targets {
  readonly #facts: PlannedFacts;
  readonly #ranked: readonly Candidate[];
  /** Every host that says it has a piece, whatever is thought of it: also of surplus pieces a host has one at most. */
  readonly #taken: Placed[];
  readonly #refused = new Set<HostId>();
  readonly #apart: number;

  /**
   * @param ranked the hosts that are there to take a piece, in the pack's order; those that have no room for it are passed over
   * @param zoneOf of any member
   */
  constructor(facts: PlannedFacts, holdings: readonly Holding[], ranked: readonly Candidate[], zoneOf: (host: HostId) => string) {
    this.#facts = facts;
    this.#ranked = ranked.filter(({ freeBytes }) => freeBytes >= facts.pieceBytes);
    this.#apart = countApart(ranked, holdings, facts.pieceBytes);
    this.#taken = [...new Set(holdings.map(({ host }) => host))].map((host) => ({ host, zone: zoneOf(host) }));
  }

  /** The next host for a further piece, which is taken from then on; undefined when there is none. */
  next(): HostId | undefined {
    const open = this.#ranked.filter(({ host }) => !this.#refused.has(host));
    const found = nextHolder(open, this.#taken) ?? this.#doubled(open);
    if (found !== undefined) this.#taken.push(found);
    return found?.host;
  }

  /** Gives the place back that the host did not fill. */
  refused(host: HostId): void {
    this.#refused.add(host);
    const at = this.#taken.findLastIndex((each) => each.host === host);
    if (at >= 0) this.#taken.splice(at, 1);
  }

  /** Where fewer hosts than k + 1 can have a piece each, not losing the pack goes before keeping its pieces apart. */
  #doubled(open: readonly Candidate[]): Candidate | undefined {
    if (this.#facts.k === 1 || this.#apart > this.#facts.k) return undefined;
    const pieces = (host: HostId): number => this.#taken.filter((each) => each.host === host).length;
    return [...open].sort((a, b) => pieces(a.host) - pieces(b.host))[0];
  }
}
