import type { LogEntry, LogOperation } from "../store/index.ts";
import type { Findings } from "./inspection.ts";
import type { Replica } from "./replica.ts";
import { readHead, rowSequence } from "./row.ts";
import { sequenceOf, table } from "./tables.ts";

const STEP = 128;

/** Looks through the index of all groups for entries that lead to no row, or to one that stands under another number: such rows were lost. */
export class IndexInspection {
  readonly #replica: Replica;
  readonly #findings: Findings;
  readonly #walk: Iterator<readonly LogEntry[]>;
  isDone = false;

  /** @param findings is added to */
  constructor(replica: Replica, findings: Findings) {
    this.#replica = replica;
    this.#findings = findings;
    this.#walk = replica.stored.walk(table("q"), STEP);
  }

  /** Between two commits. @returns what deletes those among the next entries */
  step(): LogOperation[] {
    const { stored } = this.#replica;
    const { value: entries, done } = this.#walk.next();
    if (done === true) {
      this.isDone = true;
      return [];
    }
    this.#findings.rows += entries.length;
    const stale = entries.filter(({ key, value }) => {
      const head = readHead(value);
      const row = head && stored.raw(head.namespace, head.key);
      return row === undefined || rowSequence(row) !== sequenceOf(key);
    });
    this.#findings.index += stale.length;
    return stale.map(({ key }) => ({ kind: "delete", key }));
  }
}
