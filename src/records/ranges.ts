import { shardOf } from "../cluster/index.ts";
import type { NamespaceId } from "../codec/index.ts";
import { equalBytes } from "../codec/index.ts";
import type { Breathing } from "../platform/index.ts";
import { MAX_LISTED, MAX_PARTS } from "./compare-messages.ts";
import type { KeyRange, ListedKey, RangeAnswer, WireSum } from "./compare-messages.ts";
import type { Replica } from "./replica.ts";
import { rowIsDeleted, rowTag } from "./row.ts";
import { Sum, weightOf } from "./sums.ts";
import { endOf, recordKeyIn, rowKey } from "./tables.ts";

/** Rows read at once: as many as this, and fewer where they are large. */
const STEP_ROWS = 256;
/** Rows in each part of a range at first; doubled whenever there are too many parts. */
const PART_ROWS = 16;

interface Row {
  readonly key: string;
  readonly value: Uint8Array;
  readonly name: Uint8Array;
}

const SAME: RangeAnswer = { kind: "same", value: true };

/** One namespace's rows in one group. */
export interface Extent {
  readonly namespace: NamespaceId;
  readonly group: number;
}

/** Looks through ranges of rows in small steps. Whoever looks through many, small ones among them, breathes through all of them as one. */
export class Ranges {
  readonly #replica: Replica;

  constructor(replica: Replica) {
    this.#replica = replica;
  }

  async sum(extent: Extent, range: KeyRange, breathing: Breathing): Promise<Sum> {
    const sum = new Sum();
    for await (const { rows } of this.#steps(extent, range, breathing)) for (const row of rows) count(sum, row);
    return sum;
  }

  /**
   * Where the rows here differ from another host's.
   * @param lookedMax a range for which more rows would have to be looked at is answered in part
   * @returns also how many were looked at
   */
  async compare(extent: Extent, range: KeyRange & WireSum, lookedMax: number, breathing: Breathing): Promise<{ readonly answer: RangeAnswer; readonly looked: number }> {
    const parts = new Parts();
    const listed: ListedKey[] = [];
    let end = range.to;
    let looked = 0;
    for await (const step of this.#steps(extent, range, breathing)) {
      if (looked >= lookedMax && listed.length > 0 && step.rows.length > 0) {
        end = step.rows[0]!.key;
        break;
      }
      looked += step.looked;
      for (const row of step.rows) {
        parts.add(row);
        if (listed.length <= MAX_LISTED) listed.push({ key: row.key, tag: rowTag(row.value), isDeleted: rowIsDeleted(row.value) });
      }
    }
    if (end !== range.to || listed.length > MAX_LISTED) {
      const isEqual = end === range.to && isSame(parts.total(), range);
      return { answer: isEqual ? SAME : { kind: "parts", value: parts.upTo(end) }, looked };
    }
    return { answer: isSame(parts.total(), range) ? SAME : { kind: "keys", value: listed }, looked };
  }

  /** Rows of the extent, a few at a time. @returns also how many were looked at, those of other groups among them */
  async *#steps({ namespace, group }: Extent, range: KeyRange, breathing: Breathing): AsyncGenerator<{ readonly rows: readonly Row[]; readonly looked: number }> {
    const genesis = this.#replica.geneses.get(namespace);
    if (genesis === undefined) return;
    const isSplit = genesis.replicas > 0 && genesis.subShards > 1;
    const to = range.to === null ? endOf(rowKey(namespace, "")) : rowKey(namespace, range.to);
    for (const entries of this.#replica.stored.walk({ from: rowKey(namespace, range.from), to }, STEP_ROWS)) {
      const rows = entries.map(({ key: name, value }) => ({ key: recordKeyIn(name), name, value }));
      yield { rows: isSplit ? rows.filter(({ key }) => shardOf(namespace, genesis, key) === group) : rows, looked: rows.length };
      await breathing.breathe();
    }
  }
}

export function isSame(sum: Sum, other: WireSum): boolean {
  return sum.count === other.count && equalBytes(sum.tags, other.tags);
}

export function wireSum(sum: Sum): WireSum {
  return { tags: sum.tags, count: sum.count };
}

/** The sums of consecutive parts of a range whose length is not known beforehand. */
class Parts {
  #rowsMax = PART_ROWS;
  #parts: { readonly first: string; rows: number; readonly sum: Sum }[] = [];

  add(row: Row): void {
    let last = this.#parts.at(-1);
    if (last === undefined || last.rows === this.#rowsMax) {
      if (this.#parts.length === MAX_PARTS) this.#join();
      last = { first: row.key, rows: 0, sum: new Sum() };
      this.#parts.push(last);
    }
    last.rows += 1;
    count(last.sum, row);
  }

  total(): Sum {
    const total = new Sum();
    for (const { sum } of this.#parts) total.join(sum);
    return total;
  }

  upTo(end: string | null): { readonly to: string | null; readonly tags: Uint8Array; readonly count: number }[] {
    return this.#parts.map(({ sum }, at) => ({ to: this.#parts[at + 1]?.first ?? end, ...wireSum(sum) }));
  }

  #join(): void {
    this.#rowsMax *= 2;
    this.#parts = this.#parts.flatMap((part, at) => {
      if (at % 2 === 1) return [];
      const next = this.#parts[at + 1];
      if (next !== undefined) {
        part.sum.join(next.sum);
        part.rows += next.rows;
      }
      return [part];
    });
  }
}

function count(sum: Sum, { name, value }: Row): void {
  const weight = weightOf(name, value);
  if (weight !== undefined) sum.add(weight);
}
