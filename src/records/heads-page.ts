import type { NamespaceId } from "../codec/index.ts";
import type { Scope } from "./holdings.ts";
import { isInScope } from "./holdings.ts";
import { MAX_PAGE_HEADS } from "./limits.ts";
import type { HeadsAnswer, WireHead } from "./messages.ts";
import type { Place } from "./numbering.ts";
import type { Replica } from "./replica.ts";
import { decodeHead } from "./row.ts";
import type { Head } from "./row.ts";
import { endOf, sequenceKey, sequenceOf, sequencePrefix } from "./tables.ts";

/** Index entries looked at for one answer, in the asker's scope or not. */
const LOOKED_AT_MAX = 8192;
const STEP = 512;

/** One answer to "which keys have changed since", filled group by group. */
export class HeadsPage {
  readonly #replica: Replica;
  readonly #namespaces = new Map<NamespaceId, number>();
  readonly #groups: HeadsAnswer["groups"][number][] = [];
  #heads = 0;
  #lookedAt = 0;

  constructor(replica: Replica) {
    this.#replica = replica;
  }

  /** @returns whether there is room for more */
  add(group: number, place: Place, scope: Scope): boolean {
    const { numbering } = this.#replica;
    let reached = numbering.resolve(place);
    const heads: WireHead[] = [];
    for (const { sequence, head } of this.#since(group, reached)) {
      if (this.#heads >= MAX_PAGE_HEADS || this.#lookedAt >= LOOKED_AT_MAX) return this.#close(group, heads, reached, true);
      reached = sequence;
      this.#lookedAt += 1;
      this.#look(head, group, scope, heads);
    }
    return this.#close(group, heads, Math.max(reached, numbering.newest(group)), false);
  }

  /** What stands under the numbers of a group beyond one: from memory when it is all there, else from the index. */
  *#since(group: number, sequence: number): Generator<{ readonly sequence: number; readonly head: Head }> {
    const recent = this.#replica.recent.since(group, sequence);
    if (recent !== undefined) return yield* recent.map((row) => ({ sequence: row.sequence, head: row }));
    let reached = sequence;
    for (;;) {
      const entries = this.#replica.rows.scanLog(sequenceKey(group, reached + 1), endOf(sequencePrefix(group)), STEP);
      for (const { key, value } of entries) yield { sequence: sequenceOf(key), head: decodeHead(value) };
      if (entries.length < STEP) return undefined;
      reached = sequenceOf(entries.at(-1)!.key);
    }
  }

  answer(): HeadsAnswer {
    return { store: this.#replica.numbering.store, namespaces: [...this.#namespaces.keys()], groups: this.#groups };
  }

  #look({ namespace, tag, key }: Head, group: number, scope: Scope, heads: WireHead[]): void {
    const genesis = this.#replica.geneses.get(namespace);
    if (genesis === undefined || !isInScope(scope, namespace, genesis, group)) return;
    const place = this.#namespaces.get(namespace) ?? this.#namespaces.size;
    this.#namespaces.set(namespace, place);
    heads.push({ namespace: place, tag, key });
    this.#heads += 1;
  }

  #close(group: number, heads: readonly WireHead[], sequence: number, isMore: boolean): boolean {
    this.#groups.push({ group, heads, next: { life: this.#replica.numbering.life, sequence }, isMore });
    return !isMore && this.#heads < MAX_PAGE_HEADS;
  }
}
