import type { Judgement } from "./checks/judgement.ts";
import { outcomeOf } from "./checks/judgement.ts";
import type { Operation } from "./world/history.ts";

export interface Report {
  readonly seed: number;
  readonly hosts: number;
  readonly operations: readonly Operation[];
  readonly virtualMs: number;
  /** From the end of all faults until all replicas were the same. */
  readonly healedMs: number;
  readonly steps: number;
  /** How often each fault came true. */
  readonly fired: ReadonlyMap<string, number>;
  readonly judgements: readonly Judgement[];
  /** SHA-256 over everything that happened. */
  readonly trace: string;
}

export function findingsOf({ judgements }: Report): string[] {
  return judgements.flatMap(({ invariant, findings }) => findings.map((finding) => `${invariant}: ${finding}`));
}

/** The command that shows the same again. */
export function replayOf({ seed }: Report, more = ""): string {
  return `replay: npm run sim -- --seed ${seed}${more}`;
}

/** A run in words. */
export function describeRun(report: Report): string {
  const { operations, hosts, virtualMs, healedMs, steps, fired, judgements, trace } = report;
  const by = (outcome: string): number => operations.filter((operation) => operation.outcome === outcome).length;
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
  return [
    `seed ${report.seed}: ${hosts} hosts, ${operations.length} operations (${by("ok")} ok, ${by("failed")} failed, ${by("unknown")} unknown), ${steps} steps in ${seconds(virtualMs)} of virtual time, equal ${seconds(healedMs)} after healing`,
    `faults: ${fired.size === 0 ? "none" : [...fired].map(([name, count]) => `${name} ${count}`).join(", ")}`,
    ...judgements.map((judgement) => `${judgement.invariant}: ${outcomeOf(judgement)} (${judgement.judged} judged, ${judgement.exempt} exempt)`),
    ...findingsOf(report),
    `trace: ${trace}`,
  ].join("\n");
}
