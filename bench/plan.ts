import type { Bench } from "../test/cluster/harness.ts";

/** How large a run is. The small one takes a few minutes in all; the full one is for quoting. */
export type Size = "small" | "full";

export interface Figure {
  /** What was measured, as the table names it. */
  readonly what: string;
  readonly value: number;
  readonly unit: string;
}

/** One line of the table. */
export interface Row extends Figure {
  /** A peer or a limit, measured in the same run. */
  readonly beside?: Figure;
  /** What was aimed at, in words, and whether it was reached; absent where nothing was laid down. */
  readonly reach?: { readonly text: string; readonly isReached: boolean };
  /** What takes the time or the memory; from a profile, or measured in this run. */
  readonly limit: string;
  /** All single measurements, for whoever doubts the median. */
  readonly runs?: readonly number[];
}

export interface Surroundings {
  readonly size: Size;
  /** Processes and files that all are gone afterwards. */
  readonly bench: Bench;
  /** Says how far it is. */
  readonly say: (text: string) => void;
}

export interface Benchmark {
  readonly name: string;
  /** @throws anything: the run notes it and goes on with the next */
  readonly run: (around: Surroundings) => Promise<readonly Row[]>;
}

/** The value for the size that runs. */
export function sized<T>(size: Size, small: T, full: T): T {
  return size === "full" ? full : small;
}
