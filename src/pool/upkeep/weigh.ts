import type { HostId } from "../../codec/index.ts";
import type { PackFacts } from "../record/catalog.ts";
import { lossesLeft } from "../record/holders.ts";
import type { Holding } from "../port.ts";

/** How a host stands towards what it holds: "stays", away or not; "leaves", being emptied; "suspect", its claims prove nothing; "lost", no member or declared gone. */
export type Stay = "stays" | "leaves" | "suspect" | "lost";

export interface WeighView {
  readonly stay: (host: HostId) => Stay;
  /** Whether it can be reached now. */
  readonly isHere: (host: HostId) => boolean;
  /** Hosts that could hold a piece, reachable or not. */
  readonly takers: number;
}

/** Whether what such a host claims counts. */
export function counts(stay: Stay): boolean {
  return stay === "stays" || stay === "leaves";
}

/** What becomes of one host's share of a pack when the host is no more. One whose claims do not count may hold it all the same, and be the last that does. */
export interface Parting {
  readonly host: HostId;
  readonly index: number;
  /** Too few pieces that count would be left to read the pack, which all claims together are enough for. */
  readonly isFatal: boolean;
  /** What would be left survives no further loss. */
  readonly isRisky: boolean;
  /** Enough pieces are elsewhere, on hosts that stay. */
  readonly isReplaced: boolean;
}

/** Pieces that a pack should have, each on a host of its own. Copies are all piece 0; of a code each piece is sought once. */
export function wantedPieces({ k, m, copies }: Pick<PackFacts, "k" | "m" | "copies">, takers: number): number {
  return Math.min(takers, k > 1 ? k + m : copies === "all" ? takers : copies);
}

/** How one pack stands. Pure. */
export interface Weight {
  /** Hosts, whichever, that may vanish. Below 0: too few pieces are in sight to read it. */
  readonly survives: number;
  /** Of those that are here, if the others stay away: so many may go before it cannot be read. Below 0: it cannot be read now. */
  readonly survivesNow: number;
  /** Pieces that are missing on hosts that stay, as far as there are hosts for them. */
  readonly shortPieces: number;
  /** Holdings that count. */
  readonly counted: number;
  /** One for each holding. */
  readonly partings: readonly Parting[];
}

export function weigh(facts: Pick<PackFacts, "k" | "m" | "copies">, holdings: readonly Holding[], { stay, isHere, takers }: WeighView): Weight {
  const { k } = facts;
  const counted = holdings.filter(({ host }) => counts(stay(host)));
  const staying = counted.filter(({ host }) => stay(host) === "stays");
  const distinct = (some: readonly Holding[]): number => new Set(some.map(({ index }) => index)).size;
  const survives = lossesLeft(k, counted);
  const here = counted.filter(({ host }) => isHere(host));
  const survivesNow = here.length === counted.length ? survives : lossesLeft(k, here);
  const wanted = wantedPieces(facts, takers);
  const there = k > 1 ? distinct(staying) : new Set(staying.map(({ host }) => host)).size;
  const isReplaced = ({ host, index }: Holding): boolean => {
    const others = staying.filter((other) => other.host !== host);
    if (k === 1) return new Set(others.map((other) => other.host)).size >= Math.max(1, wanted);
    return others.some((other) => other.index === index) || (distinct(others) >= wanted && wanted >= k);
  };
  const parting = (holding: Holding): Parting => {
    const left = counted.filter(({ host }) => host !== holding.host);
    const isFatal = distinct(left) < k && distinct(holdings) >= k;
    return { ...holding, isFatal, isRisky: !isFatal && survives < 2 && lossesLeft(k, left) === 0, isReplaced: isReplaced(holding) };
  };
  return { survives, survivesNow, shortPieces: Math.max(0, wanted - there), counted: counted.length, partings: holdings.map(parting) };
}
