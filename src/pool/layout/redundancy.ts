import { PoolError } from "../errors.ts";
import { MAX_PIECES } from "../record/pack-record.ts";
import type { Redundancy } from "../port.ts";

/** What private content gets by the number of zones that can take pieces; the last one also for more of them. */
const BY_ZONES: readonly Redundancy[] = [
  { kind: "copies", copies: 1 },
  { kind: "copies", copies: 2 },
  { kind: "code", k: 2, m: 1 },
  { kind: "code", k: 2, m: 2 },
  { kind: "code", k: 3, m: 2 },
  { kind: "code", k: 4, m: 2 },
  { kind: "code", k: 4, m: 3 },
  { kind: "code", k: 5, m: 3 },
];

/** How redundantly private content is kept unless somebody asks otherwise. With one zone it is on one host: whoever asks for this warns. */
export function privateRedundancy(zones: number): Redundancy {
  return BY_ZONES[Math.min(Math.max(1, zones), BY_ZONES.length) - 1]!;
}

/** Hosts, each with one piece, that a pack is meant to have; with "all" it is as many as there are, which is not a number to plan for. */
export function piecesOf(redundancy: Redundancy): number | "all" {
  return redundancy.kind === "copies" ? redundancy.copies : redundancy.k + redundancy.m;
}

/**
 * The same redundancy in the one form that has a meaning: a code whose every piece is the whole content is a number of copies.
 * @throws PoolError BAD_PACK
 */
export function checkRedundancy(redundancy: Redundancy): Redundancy {
  if (redundancy.kind === "copies") {
    const { copies } = redundancy;
    if (copies === "all" || isCount(copies, 1)) return redundancy;
    throw new PoolError("BAD_PACK", `A pack lies on 1 host at least, or on "all"; not on ${copies}.`);
  }
  const { k, m } = redundancy;
  if (!isCount(k, 1) || !isCount(m, 1) || k + m > MAX_PIECES) throw new PoolError("BAD_PACK", `There is no code ${k}+${m}: it takes one piece at least, one beyond those it takes, and ${MAX_PIECES} at most together.`);
  return k === 1 ? { kind: "copies", copies: 1 + m } : redundancy;
}

function isCount(value: number, least: number): boolean {
  return Number.isInteger(value) && value >= least;
}
