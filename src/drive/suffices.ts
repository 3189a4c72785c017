import type { Redundancy } from "../pool/index.ts";

/** Hosts that may vanish before a pack is lost, when it is whole. */
export function toleranceOf(redundancy: Redundancy): number {
  if (redundancy.kind === "code") return redundancy.m;
  return redundancy.copies === "all" ? Number.POSITIVE_INFINITY : redundancy.copies - 1;
}

/** Whether what is kept in one way need not be kept once more in the other. */
export function suffices(had: Redundancy, wanted: Redundancy): boolean {
  return toleranceOf(had) >= toleranceOf(wanted);
}
