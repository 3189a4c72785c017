import type { NamespaceId } from "../codec/index.ts";
import { equalBytes } from "../codec/index.ts";
import type { ChangedRow } from "./draft.ts";
import { GROUPS } from "./limits.ts";

// Every host that keeps a shard asks every other one what has changed, and finds that it has heard of nearly all of it by pushes. Asked
// of the disk, that costs each change a look into the index where it is told and a look at the row where it is compared. So the newest
// changes are remembered: asked and answered a moment later, they need no disk.

/** Changes that are remembered, over all groups: some 300 bytes each. */
const REMEMBERED = 8192;

/** The newest changes of rows that are committed here. Forgets the oldest ones of a group when there are too many. */
export class RecentChanges {
  /** By namespace and key, ascending by number. */
  readonly #groups: Map<string, ChangedRow>[] = Array.from({ length: GROUPS }, () => new Map());
  /** Up to this number of a group, changes may have been forgotten. */
  readonly #forgotten: number[];
  #count = 0;

  /** @param sequence the last number that was given before */
  constructor(sequence: number) {
    this.#forgotten = Array.from({ length: GROUPS }, () => sequence);
  }

  committed(changed: readonly ChangedRow[]): void {
    for (const row of changed) {
      const { group, namespace, key } = row;
      this.gone(group, namespace, key);
      this.#groups[group]!.set(namespace + key, row);
      this.#count += 1;
      if (this.#count > REMEMBERED) this.#forget(group);
    }
  }

  /** A row was deleted, and with it what stood in the index. */
  gone(group: number, namespace: NamespaceId, key: string): void {
    if (this.#groups[group]!.delete(namespace + key)) this.#count -= 1;
  }

  /** Something was done to rows or index otherwise than by a change. @param sequence the last number that was given */
  clear(sequence: number): void {
    for (const group of this.#groups) group.clear();
    this.#forgotten.fill(sequence);
    this.#count = 0;
  }

  /** Whether the row has been committed with this tag lately. One of which nothing is known here may have it all the same. */
  has(group: number, namespace: NamespaceId, key: string, tag: Uint8Array): boolean {
    const known = this.#groups[group]?.get(namespace + key);
    return known !== undefined && equalBytes(known.tag, tag);
  }

  /** The rows of a group whose last change has a number beyond this one, ascending; undefined when that is not known without the index. */
  since(group: number, sequence: number): readonly ChangedRow[] | undefined {
    if (sequence < this.#forgotten[group]!) return undefined;
    return [...this.#groups[group]!.values()].filter((row) => row.sequence > sequence);
  }

  #forget(group: number): void {
    const [name, { sequence }] = this.#groups[group]!.entries().next().value!;
    this.#groups[group]!.delete(name);
    this.#forgotten[group] = sequence;
    this.#count -= 1;
  }
}
