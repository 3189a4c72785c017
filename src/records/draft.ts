import type { NamespaceId } from "../codec/index.ts";
import { compareBytes, equalBytes } from "../codec/index.ts";
import type { LogOperation } from "../store/index.ts";
import { hashOf } from "./batch.ts";
import type { StoredRecord } from "./batch.ts";
import type { SeenRow } from "./jobs.ts";
import { MAX_ROW_BYTES, MAX_SIBLINGS } from "./limits.ts";
import { addVersion } from "./merge.ts";
import type { Outcome } from "./merge.ts";
import type { Numbering } from "./numbering.ts";
import { encodeSequence } from "./numbering.ts";
import { encodeHead, encodeRow, rowSequence, rowTag, soundSiblings } from "./row.ts";
import type { SoundLog } from "./sound-log.ts";
import { Sum, weightOf } from "./sums.ts";
import type { Weighed, Weight } from "./sums.ts";
import { metaKey, rowKey, sequenceKey, sumKey } from "./tables.ts";

interface DraftRow {
  readonly namespace: NamespaceId;
  readonly key: string;
  readonly group: number;
  /** The number under which the committed row stands; 0 for none. */
  readonly sequence: number;
  /** What the committed row adds to its sum. */
  readonly before: Weight | undefined;
  siblings: readonly StoredRecord[];
  isChanged: boolean;
  isDropped: boolean;
  /** Whether versions went that nothing has superseded. */
  hasLost: boolean;
  /** Given when the draft is finished. */
  given: number;
}

/** What a draft comes to. */
export interface Finished {
  readonly operations: readonly LogOperation[];
  readonly changed: readonly ChangedRow[];
  /** What happened to the sums, dropped rows included. */
  readonly weighed: readonly Weighed[];
}

export interface ChangedRow {
  readonly namespace: NamespaceId;
  readonly key: string;
  readonly group: number;
  readonly sequence: number;
  readonly tag: Uint8Array;
}

/** Two records of one host under one dot: the host, or a copy of its disk, has broken its word. */
export type AddOutcome = Outcome | "equivocation" | "full";

/** What one turn is going to commit: an overlay over the log, so that each change of the turn sees those before it. */
export class Draft {
  readonly #log: SoundLog;
  readonly #rows = new Map<string, DraftRow>();
  readonly #grown = new Map<string, number>();
  readonly #others = new Map<string, LogOperation>();

  constructor(log: SoundLog) {
    this.#log = log;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const operation = this.#others.get(nameOf(key));
    if (operation === undefined) return this.#log.get(key);
    return operation.kind === "put" ? operation.value : undefined;
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.#others.set(nameOf(key), { kind: "put", key, value });
  }

  delete(key: Uint8Array): void {
    this.#others.set(nameOf(key), { kind: "delete", key });
  }

  /** The number under which a row is committed and stays; undefined when there is none or it is about to change. */
  sequence(namespace: NamespaceId, key: string, group: number): number | undefined {
    const row = this.#row(namespace, key, group);
    return row.sequence === 0 || row.isChanged || row.isDropped ? undefined : row.sequence;
  }

  siblings(namespace: NamespaceId, key: string, group: number): readonly StoredRecord[] {
    return this.#row(namespace, key, group).siblings;
  }

  /** Merges a record into its key. */
  add(record: StoredRecord, group: number): AddOutcome {
    const row = this.#row(record.body.namespace, record.body.key, group);
    const added = addVersion(row.siblings, record);
    if (added.same !== undefined && !equalBytes(added.same.sealed.leaf, record.sealed.leaf)) return replaceForged(row, added.same, record);
    if (added.outcome !== "added") return added.outcome;
    if (added.siblings.length > MAX_SIBLINGS || added.siblings.reduce((sum, { sealed }) => sum + sizeOf(sealed), 0) > MAX_ROW_BYTES) return "full";
    row.siblings = added.siblings;
    row.isChanged = true;
    this.#grow(row, sizeOf(record.sealed));
    return "added";
  }

  /** Bytes of the records that were added to a namespace in a group. */
  grownBytes(group: number, namespace: NamespaceId): number {
    return this.#grown.get(`${group} ${namespace}`) ?? 0;
  }

  #grow({ group, namespace }: DraftRow, bytes: number): void {
    this.#grown.set(`${group} ${namespace}`, this.grownBytes(group, namespace) + bytes);
  }

  /** Has a row go, unless it has changed since it was looked at. The only way in which rows are deleted: index and sums go with them. */
  drop({ namespace, key, group, sequence }: SeenRow): void {
    const row = this.#row(namespace, key, group);
    if (sequence === 0 || row.sequence !== sequence || row.isChanged) return;
    row.isDropped = true;
    row.hasLost = true;
    row.siblings = [];
  }

  /** Keeps of a key's siblings only those. @returns how many went */
  retain(namespace: NamespaceId, key: string, group: number, isKept: (sibling: StoredRecord) => boolean): number {
    const row = this.#row(namespace, key, group);
    const before = row.siblings.length;
    row.siblings = row.siblings.filter(isKept);
    row.hasLost ||= row.siblings.length < before;
    row.isChanged ||= row.siblings.length < before;
    return before - row.siblings.length;
  }

  /** Gives a row that is there a new number, as if it had changed. */
  renumber(namespace: NamespaceId, key: string, group: number): void {
    const row = this.#row(namespace, key, group);
    row.isChanged ||= row.sequence > 0 && !row.isDropped;
  }

  /** All operations, with the numbers that the changes get. */
  finish(numbering: Numbering): Finished {
    const operations: LogOperation[] = [];
    const changed: ChangedRow[] = [];
    const weighed: Weighed[] = [];
    for (const row of this.#rows.values()) {
      if (!row.isChanged && !row.isDropped) continue;
      const { namespace, key, group, siblings, before, hasLost } = row;
      const name = rowKey(namespace, key);
      if (row.sequence > 0) operations.push({ kind: "delete", key: sequenceKey(group, row.sequence) });
      if (!row.isChanged) {
        operations.push({ kind: "delete", key: name });
        weighed.push({ namespace, key, group, before, after: undefined, hasLost });
        continue;
      }
      row.given = numbering.take();
      const value = encodeRow(row.given, siblings);
      const tag = rowTag(value);
      operations.push({ kind: "put", key: name, value });
      operations.push({ kind: "put", key: sequenceKey(group, row.given), value: encodeHead({ namespace, key, tag }) });
      changed.push({ namespace, key, group, sequence: row.given, tag });
      weighed.push({ namespace, key, group, before, after: weightOf(name, value), hasLost });
    }
    if (changed.length > 0) operations.push({ kind: "put", key: metaKey("sequence"), value: encodeSequence(numbering.sequence) });
    this.#sum(weighed);
    return { operations: [...this.#others.values(), ...operations], changed, weighed };
  }

  #sum(weighed: readonly Weighed[]): void {
    const sums = new Map<string, { readonly key: Uint8Array; readonly sum: Sum }>();
    const sumOf = (group: number, namespace: NamespaceId): Sum => {
      const name = `${group} ${namespace}`;
      const known = sums.get(name);
      if (known !== undefined) return known.sum;
      const key = sumKey(group, namespace);
      const sum = Sum.decode(this.get(key));
      sums.set(name, { key, sum });
      return sum;
    };
    for (const { group, namespace, before, after } of weighed) {
      const sum = sumOf(group, namespace);
      if (before !== undefined) sum.remove(before);
      if (after !== undefined) sum.add(after);
    }
    for (const { key, sum } of sums.values()) {
      if (sum.count === 0) this.delete(key);
      else this.put(key, sum.encode());
    }
  }

  #row(namespace: NamespaceId, key: string, group: number): DraftRow {
    const name = `${namespace}${key}`;
    const known = this.#rows.get(name);
    if (known !== undefined) return known;
    const place = rowKey(namespace, key);
    const stored = this.#log.get(place);
    const siblings = stored === undefined ? [] : soundSiblings(stored);
    const committed = stored === undefined || siblings === undefined ? { sequence: 0, before: undefined } : { sequence: rowSequence(stored), before: weightOf(place, stored) };
    if (stored !== undefined && siblings === undefined) this.#log.met({ key: place, stored });
    const row: DraftRow = { namespace, key, group, ...committed, siblings: siblings ?? [], isChanged: false, isDropped: false, hasLost: false, given: 0 };
    this.#rows.set(name, row);
    return row;
  }
}

function nameOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString("latin1");
}

/** Bytes that a record takes in its row, heads included. */
export function sizeOf({ seal, path, leaf }: StoredRecord["sealed"]): number {
  return seal.length + path.length * 34 + leaf.length + 32;
}

/** One of two records under one dot must go, and the same one on all hosts: the one with the smaller hash. */
function replaceForged(row: DraftRow, present: StoredRecord, forged: StoredRecord): AddOutcome {
  if (compareBytes(hashOf(present), hashOf(forged)) < 0) {
    row.siblings = row.siblings.map((sibling) => (sibling === present ? forged : sibling));
    row.isChanged = true;
  }
  return "equivocation";
}
