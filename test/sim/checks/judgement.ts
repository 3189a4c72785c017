export type Invariant = "I1" | "I2" | "I3" | "I7" | "I8" | "I9" | "I11" | "feed" | "readiness";

/** What one check makes of a run. */
export interface Judgement {
  readonly invariant: Invariant;
  /** Cases that were looked at. A check that had none says nothing: its outcome is unknown, not ok. */
  readonly judged: number;
  /** Cases about which nothing can be promised, such as a write that lost as many disks as it had copies. */
  readonly exempt: number;
  readonly findings: readonly string[];
}

export type Outcome = "ok" | "failed" | "unknown";

export function outcomeOf({ judged, findings }: Judgement): Outcome {
  if (findings.length > 0) return "failed";
  return judged === 0 ? "unknown" : "ok";
}
