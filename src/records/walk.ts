import type { LogEntry, LogRange, RecordLog } from "../store/index.ts";
import { justAfter } from "./tables.ts";

/** A step reads no more than this, or one entry. */
const STEP_BYTES = 256 * 1024;

/**
 * What lies between two keys of the log, in steps of at most so many entries, each read when it is asked for; no step is empty. Whoever stops goes on by a
 * new walk from `justAfter` the last key: others may begin with it.
 */
export function* walk(log: Pick<RecordLog, "scan">, { from, to }: Pick<LogRange, "from" | "to">, limit: number): Generator<readonly LogEntry[]> {
  for (let next = from; ; ) {
    const entries = log.scan({ from: next, to, limit, bytes: STEP_BYTES });
    if (entries.length === 0) return;
    yield entries;
    next = justAfter(entries.at(-1)!.key);
  }
}
