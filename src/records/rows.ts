import type { LastHonoured } from "../cluster/index.ts";
import type { NamespaceId } from "../codec/index.ts";
import { compareBytes, utf8 } from "../codec/index.ts";
import type { LogEntry, LogRange, RecordLog } from "../store/index.ts";
import type { StoredRecord, UnsealedRecord } from "./batch.ts";
import { addVersion, contextOf, merge } from "./merge.ts";
import { MAX_INCARNATIONS, PAGE_BYTES } from "./limits.ts";
import type { Actor, KeyState, ScanPage } from "./port.ts";
import { rowSiblings, rowUnsealed } from "./row.ts";
import { endOf, batchKey, batchPrefix, incarnationIn, justAfter, readU64, recordKeyIn, rowKey, table } from "./tables.ts";
import { walk } from "./walk.ts";

const PAGE = 1000;

export interface RangeOptions {
  readonly prefix?: string;
  readonly after?: string;
  readonly limit?: number;
}

/** A key with all its siblings, deletions among them. */
export interface KeyRecords<R> {
  readonly key: string;
  readonly siblings: readonly R[];
}

export interface Page<R> {
  readonly keys: readonly KeyRecords<R>[];
  readonly next: string | undefined;
}

/** Own records that no row here has. */
export interface Overlay {
  overlay(namespace: NamespaceId, key: string): readonly StoredRecord[];
  overlaidKeys(namespace: NamespaceId): readonly string[];
}

export const NOTHING: Overlay = { overlay: () => [], overlaidKeys: () => [] };

/** Reads what is committed here, and over it what waits in the outbox. */
export class Rows {
  readonly #log: RecordLog;
  readonly #outbox: Overlay;

  constructor(log: RecordLog, outbox: Overlay) {
    this.#log = log;
    this.#outbox = outbox;
  }

  raw(namespace: NamespaceId, key: string): Uint8Array | undefined {
    return this.#log.get(rowKey(namespace, key));
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#log.get(key);
  }

  scanLog(from: Uint8Array, to: Uint8Array, limit: number): LogEntry[] {
    return this.#log.scan({ from, to, limit });
  }

  /** As `walk` does. */
  walk(range: Pick<LogRange, "from" | "to">, limit: number): Generator<readonly LogEntry[]> {
    return walk(this.#log, range, limit);
  }

  /** The highest batches seen of a host, in its incarnations from this one on. */
  highestBatches({ host, incarnation }: Actor): readonly LastHonoured[] {
    const entries = this.#log.scan({ from: batchKey({ host, incarnation }), to: endOf(batchPrefix(host)), limit: MAX_INCARNATIONS });
    return entries.map(({ key, value }) => ({ incarnation: incarnationIn(key), batch: readU64(value, 0) }));
  }

  siblings(namespace: NamespaceId, key: string): readonly StoredRecord[] {
    const row = this.raw(namespace, key);
    return merge(row === undefined ? [] : rowSiblings(row), this.#outbox.overlay(namespace, key));
  }

  /** The siblings without what proves them. */
  unsealed(namespace: NamespaceId, key: string): readonly UnsealedRecord[] {
    const row = this.raw(namespace, key);
    return merge<UnsealedRecord>(row === undefined ? [] : rowUnsealed(row), this.#outbox.overlay(namespace, key));
  }

  /** Whether the record, or one whose writer had read it, is in a row here. */
  has(record: StoredRecord): boolean {
    const row = this.raw(record.body.namespace, record.body.key);
    return row !== undefined && addVersion<UnsealedRecord>(rowUnsealed(row), record).outcome !== "added";
  }

  /** Keys in their order (UTF-8) with all siblings: as many as the limit says, or fewer when they are large. `next` says where to go on, even where all keys of the page are deleted ones. */
  page(namespace: NamespaceId, options: RangeOptions, limit: number): Page<UnsealedRecord> {
    return this.#page<UnsealedRecord>(namespace, options, limit, rowUnsealed);
  }

  /** The same with what proves the siblings. */
  sealedPage(namespace: NamespaceId, options: RangeOptions, limit: number): Page<StoredRecord> {
    return this.#page<StoredRecord>(namespace, options, limit, rowSiblings);
  }

  /** Every entry of a small table. */
  *all(name: "n" | "f" | "r" | "w" | "p"): Generator<LogEntry> {
    for (const entries of this.walk(table(name), PAGE)) yield* entries;
  }

  #page<R extends UnsealedRecord>(namespace: NamespaceId, options: RangeOptions, limit: number, read: (row: Uint8Array) => readonly R[]): Page<R | StoredRecord> {
    const prefix = rowKey(namespace, options.prefix ?? "");
    const begin = options.after === undefined ? prefix : justAfter(rowKey(namespace, options.after));
    const from = compareBytes(begin, prefix) < 0 ? prefix : begin;
    const to = endOf(prefix);
    const entries = compareBytes(from, to) < 0 ? this.#log.scan({ from, to, limit: limit + 1, bytes: PAGE_BYTES }) : [];
    const isMore = entries.length > limit || (entries.length > 0 && this.#log.scan({ from: justAfter(entries.at(-1)!.key), to, limit: 1 }).length > 0);
    const stored = entries.slice(0, limit).map(({ key, value }) => ({ key: recordKeyIn(key), siblings: read(value) }));
    const last = isMore ? stored.at(-1)!.key : undefined;
    return { keys: this.#overlaid(namespace, options, stored, last), next: last };
  }

  #overlaid<R extends UnsealedRecord>(namespace: NamespaceId, { prefix = "", after: beyond }: RangeOptions, stored: readonly KeyRecords<R | StoredRecord>[], last: string | undefined): readonly KeyRecords<R | StoredRecord>[] {
    const own = this.#outbox.overlaidKeys(namespace).filter((key) => key.startsWith(prefix) && (beyond === undefined || compareKeys(key, beyond) > 0) && (last === undefined || compareKeys(key, last) <= 0));
    if (own.length === 0) return stored;
    const keys = new Map(stored.map((each) => [each.key, each.siblings]));
    for (const key of own) keys.set(key, merge<R | StoredRecord>(keys.get(key) ?? [], this.#outbox.overlay(namespace, key)));
    return [...keys].sort(([a], [b]) => compareKeys(a, b)).map(([key, siblings]) => ({ key, siblings }));
  }
}

export function compareKeys(a: string, b: string): number {
  return compareBytes(utf8(a), utf8(b));
}

/** What a reader gets of a key; undefined when it was never written or all its versions are deletions. */
export function stateOf(key: string, siblings: readonly UnsealedRecord[]): KeyState | undefined {
  const state = wholeState(key, siblings);
  return state.siblings.length === 0 ? undefined : state;
}

/** Like `stateOf`, deleted keys included. */
export function wholeState(key: string, siblings: readonly UnsealedRecord[]): KeyState {
  const present = siblings.filter(({ body }) => body.value !== null);
  return { key, siblings: present.map(({ body }) => ({ dot: body.dot, value: body.value, author: body.author, wallMs: body.wallMs })), context: contextOf(siblings) };
}

/**
 * A page of what is not deleted, from pages that say nothing of that. Among many deletions it has fewer keys than the limit says, or none: how much is
 * looked at depends on nothing that anybody has written.
 */
export function livePage(rows: Rows, namespace: NamespaceId, options: RangeOptions): ScanPage {
  const limit = Math.max(1, options.limit ?? PAGE);
  const page = livingIn(rows.page(namespace, options, limit), limit);
  // Where there is nothing but deletions, looking at a few is as good as looking at none.
  return page.entries.length > 0 || page.next === undefined ? page : livingIn(rows.page(namespace, { ...options, after: page.next }, PAGE), limit);
}

function livingIn({ keys, next }: Page<UnsealedRecord>, limit: number): ScanPage {
  const living = keys.map(({ key, siblings }) => stateOf(key, siblings)).filter((state) => state !== undefined);
  return living.length > limit ? { entries: living.slice(0, limit), next: living[limit - 1]!.key } : { entries: living, next };
}
