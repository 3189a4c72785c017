import type { Genesis } from "../cluster/index.ts";
import { groupsOf, shardOf } from "../cluster/index.ts";
import type { NamespaceId } from "../codec/index.ts";
import { CodecError, compareBytes, equalBytes } from "../codec/index.ts";
import type { LogEntry, LogOperation } from "../store/index.ts";
import type { StoredRecord } from "./batch.ts";
import { RecordsError } from "./errors.ts";
import type { RenumberingJob } from "./jobs.ts";
import { pack } from "./parcel.ts";
import type { Replica } from "./replica.ts";
import { encodeHead, readHead, readRow, rowSequence, rowTag } from "./row.ts";
import { Sum, weightOf } from "./sums.ts";
import type { Weighed } from "./sums.ts";
import { endOf, justAfter, recordKeyIn, rowKey, sequenceKey, sumKey } from "./tables.ts";
import type { Verifier } from "./verify.ts";

const STEP_ROWS = 32;

/** What was looked at, and what was found wrong and put right. */
export interface Findings {
  rows: number;
  damaged: number;
  sums: number;
  index: number;
}

/**
 * Looks through one namespace's rows, a few at each step, while they go on changing: what changes behind the place that has been reached is
 * told by the commits. Each step runs between two commits, so nothing is counted twice or not at all.
 */
export class Inspection {
  readonly #replica: Replica;
  readonly #verifier: Verifier;
  readonly #namespace: NamespaceId;
  readonly #genesis: Genesis;
  readonly #findings: Findings;
  readonly #sums: ReadonlyMap<number, Sum>;
  readonly #walk: Iterator<readonly LogEntry[]>;
  /** All rows before this have been looked at. */
  #reached: Uint8Array;
  readonly #unlisted: { readonly namespace: NamespaceId; readonly key: string }[] = [];
  isDone = false;

  /** @param findings is added to */
  constructor(replica: Replica, verifier: Verifier, namespace: NamespaceId, genesis: Genesis, findings: Findings) {
    this.#replica = replica;
    this.#verifier = verifier;
    this.#namespace = namespace;
    this.#genesis = genesis;
    this.#findings = findings;
    this.#sums = new Map(groupsOf(namespace, genesis).map((group) => [group, new Sum()]));
    this.#reached = rowKey(namespace, "");
    this.#walk = replica.stored.walk({ from: this.#reached, to: endOf(this.#reached) }, STEP_ROWS);
  }

  /** A commit has changed rows; those that are still to come are counted when they do. */
  follow(weighed: readonly Weighed[]): void {
    for (const { namespace, key, group, before, after } of weighed) {
      if (namespace !== this.#namespace || compareBytes(rowKey(namespace, key), this.#reached) >= 0) continue;
      const sum = this.#sums.get(group);
      if (before !== undefined) sum?.remove(before);
      if (after !== undefined) sum?.add(after);
    }
  }

  /** @returns what puts right what the next rows have wrong */
  step(): LogOperation[] {
    const { value: entries, done } = this.#walk.next();
    if (done === true) {
      this.isDone = true;
      this.#reached = endOf(rowKey(this.#namespace, ""));
      return [];
    }
    this.#reached = justAfter(entries.at(-1)!.key);
    this.#findings.rows += entries.length;
    return entries.flatMap(({ key, value }) => this.#look(key, value));
  }

  /** After the last step. @returns the sums that were wrong, as they should be */
  settle(): LogOperation[] {
    return [...this.#sums].flatMap(([group, sum]): LogOperation[] => {
      const key = sumKey(group, this.#namespace);
      const kept = this.#replica.stored.get(key);
      const right = sum.count === 0 ? undefined : sum.encode();
      if (kept === undefined ? right === undefined : right !== undefined && equalBytes(kept, right)) return [];
      this.#findings.sums += 1;
      return [right === undefined ? { kind: "delete", key } : { kind: "put", key, value: right }];
    });
  }

  #look(name: Uint8Array, stored: Uint8Array): LogOperation[] {
    const key = recordKeyIn(name);
    const group = shardOf(this.#namespace, this.#genesis, key);
    const row = readRow(this.#namespace, key, stored);
    const place = row && sequenceKey(group, rowSequence(row.encoded));
    const indexed = place && this.#replica.stored.get(place);
    if (row === undefined || place === undefined || !this.#isProven(row.siblings) || !this.#mayStandAt(rowSequence(row.encoded), key, indexed)) {
      this.#findings.damaged += 1;
      this.#replica.log.met({ key: name, stored });
      return [];
    }
    const weight = weightOf(name, row.encoded);
    if (weight !== undefined) this.#sums.get(group)?.add(weight);
    const operations: LogOperation[] = [];
    // Rows from before deletions were marked.
    if (!equalBytes(row.encoded, stored)) operations.push({ kind: "put", key: name, value: row.encoded });
    const head = encodeHead({ namespace: this.#namespace, key, tag: rowTag(row.encoded) });
    if (indexed !== undefined && equalBytes(indexed, head)) return operations;
    this.#findings.index += 1;
    this.#unlisted.push({ namespace: this.#namespace, key });
    return operations;
  }

  /**
   * Rows to which the index does not lead, of the steps since this was asked last. They are to get new numbers: feeds and peers that asked what is
   * new have gone beyond the old ones without seeing them.
   */
  takeUnlisted(): RenumberingJob["keys"] {
    return this.#unlisted.splice(0);
  }

  /** Whether other hosts would take the records. */
  #isProven(siblings: readonly StoredRecord[]): boolean {
    try {
      return this.#verifier.open(pack(siblings, () => undefined)).length === siblings.length;
    } catch (error) {
      if (error instanceof RecordsError || error instanceof CodecError) return false;
      throw error;
    }
  }

  /** A number that was never given, or that is another key's, is not the row's. */
  #mayStandAt(sequence: number, key: string, indexed: Uint8Array | undefined): boolean {
    if (sequence < 1 || sequence > this.#replica.numbering.sequence) return false;
    const head = indexed && readHead(indexed);
    return head === undefined || (head.namespace === this.#namespace && head.key === key);
  }
}
