import type { NamespaceId } from "../../../src/codec/index.ts";
import type { Dot } from "../../../src/records/index.ts";
import type { SimHost } from "./host.ts";

/** "unknown": nobody can say whether it was done. Not the same as "it was not done". */
export type Outcome = "ok" | "failed" | "unknown";

export type OperationKind = "write" | "batch" | "read" | "fresh read" | "scan" | "feed";

/** One call of a client, from its beginning to its answer. */
export interface Operation {
  readonly number: number;
  readonly kind: OperationKind;
  readonly host: SimHost;
  /** The process that was asked. */
  readonly life: number;
  readonly beganMs: number;
  endedMs: number | undefined;
  outcome: Outcome;
}

/** One version that a client asked a host to write. Its number stands in its value, so that it is known wherever it shows. */
export interface KnownWrite {
  readonly id: number;
  readonly operation: Operation;
  readonly namespace: NamespaceId;
  readonly key: string;
  readonly isDeletion: boolean;
  /** The versions that its author was shown when reading. */
  readonly read: readonly number[];
  /** What was answered. */
  dot: Dot | undefined;
  copies: number;
  isSafe: boolean;
}

/** A disk was lost, set back or taken out of the network: which versions were on it before and after. */
export interface DiskLoss {
  readonly host: SimHost;
  readonly atMs: number;
  readonly before: ReadonlySet<number>;
  readonly after: ReadonlySet<number>;
  /** The highest term in which the host had taken part, by what was on the disk before and after; undefined where nothing was. */
  readonly terms: { readonly before: number | undefined; readonly after: number | undefined };
  /** Versions that were on some other disk at that moment. */
  readonly elsewhere: ReadonlySet<number>;
}

/** All that clients did and what they were told: what the checks go by. */
export class History {
  readonly operations: Operation[] = [];
  readonly writes: KnownWrite[] = [];
  readonly losses: DiskLoss[] = [];
  /** By the version read, who wrote with that in view. */
  readonly #readers = new Map<number, number[]>();
  readonly #byKey = new Map<string, KnownWrite[]>();

  begin(kind: OperationKind, host: SimHost, nowMs: number): Operation {
    const operation: Operation = { number: this.operations.length + 1, kind, host, life: host.life, beganMs: nowMs, endedMs: undefined, outcome: "unknown" };
    this.operations.push(operation);
    return operation;
  }

  /** @param read numbers of the versions that its author was shown */
  write(operation: Operation, namespace: NamespaceId, key: string, isDeletion: boolean, read: readonly number[]): KnownWrite {
    const write: KnownWrite = { id: this.writes.length + 1, operation, namespace, key, isDeletion, read, dot: undefined, copies: 0, isSafe: false };
    this.writes.push(write);
    for (const old of read) this.#list(this.#readers, old).push(write.id);
    this.#list(this.#byKey, namespace + key).push(write);
    return write;
  }

  get(id: number): KnownWrite {
    return this.writes[id - 1]!;
  }

  of(namespace: NamespaceId, key: string): readonly KnownWrite[] {
    return this.#byKey.get(namespace + key) ?? [];
  }

  /** Versions whose authors had been shown this one. */
  readersOf(id: number): readonly number[] {
    return this.#readers.get(id) ?? [];
  }

  /**
   * Whether a version is among `shown`, or superseded: by one of those whose author had read it, or whose author had read one whose author
   * had, and so on. A deletion on that way is enough by itself, since it is never shown; unless it is known not to have been done.
   */
  covers(shown: ReadonlySet<number>, id: number): boolean {
    const seen = new Set<number>([id]);
    const waiting = [id];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (shown.has(next)) return true;
      for (const reader of this.readersOf(next)) {
        if (seen.has(reader)) continue;
        const write = this.get(reader);
        if (write.isDeletion && write.operation.outcome !== "failed") return true;
        seen.add(reader);
        waiting.push(reader);
      }
    }
    return false;
  }

  /**
   * Whether a version may be gone with a removed host: it wrote it, or it replaced it, or what came of it. A removal honours only what its
   * author had heard of; where the rest had come already, what it had replaced there is gone, and it goes too.
   */
  isRemoved(id: number): boolean {
    const seen = new Set<number>([id]);
    for (const each of seen) {
      if (this.get(each).operation.host.isRemoved) return true;
      for (const reader of this.readersOf(each)) seen.add(reader);
    }
    return false;
  }

  /** Disks lost since then that had a version, or what superseded it, and then had it no more. */
  disksLost(id: number, sinceMs = 0): number {
    return this.losses.filter(({ atMs, before, after }) => atMs >= sinceMs && this.covers(before, id) && !this.covers(after, id)).length;
  }

  #list<K, V>(lists: Map<K, V[]>, key: K): V[] {
    const known = lists.get(key);
    if (known !== undefined) return known;
    const list: V[] = [];
    lists.set(key, list);
    return list;
  }
}

const TOKEN = /«(\d+)»/g;

/** What a version's value says of itself, and as many letters as wanted behind that. */
export function valueOf(id: number, length: number): Uint8Array {
  return Buffer.from(`«${id}»${"·".repeat(length)}`, "latin1");
}

/** The versions named in some bytes, whatever else stands there. */
export function versionsIn(bytes: Uint8Array): number[] {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  return Array.from(text.matchAll(TOKEN), ([, id]) => Number(id));
}
