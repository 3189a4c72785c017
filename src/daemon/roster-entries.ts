import type { NetworkEntry } from "../cluster/index.ts";
import { ROSTER_PREFIXES } from "../cluster/index.ts";
import type { NamespaceId } from "../codec/index.ts";
import type { KeyState, Records } from "../records/index.ts";

/**
 * The records that the roster follows from: read as a whole once, and then only the keys that change. A hundred hosts that start together
 * write a card each, and reading everything for each of them would read ten thousand rows on every host.
 */
export class RosterEntries {
  readonly #records: Records;
  readonly #namespace: NamespaceId;
  readonly #entries = new Map<string, NetworkEntry>();
  /** In their order; undefined when one has come or gone. */
  #keys: readonly string[] | undefined;

  constructor(records: Records, namespace: NamespaceId) {
    this.#records = records;
    this.#namespace = namespace;
  }

  load(): void {
    this.#entries.clear();
    this.#keys = undefined;
    for (const prefix of ROSTER_PREFIXES) {
      for (let after: string | undefined, more = true; more; ) {
        const page = this.#records.localScan(this.#namespace, { prefix, ...(after === undefined ? {} : { after }) });
        for (const state of page.entries) this.#keep(state.key, state);
        after = page.next;
        more = after !== undefined;
      }
    }
  }

  /** Reads anew what of these keys is the roster's. @returns whether anything was */
  take(keys: readonly string[]): boolean {
    const own = keys.filter((key) => ROSTER_PREFIXES.some((prefix) => key.startsWith(prefix)));
    for (const key of own) this.#keep(key, this.#records.local(this.#namespace, key));
    return own.length > 0;
  }

  /** In the order of keys, whatever the order of their coming. */
  all(): readonly NetworkEntry[] {
    this.#keys ??= [...this.#entries.keys()].sort();
    return this.#keys.map((key) => this.#entries.get(key)!);
  }

  #keep(key: string, state: KeyState | undefined): void {
    if (this.#entries.has(key) !== (state !== undefined)) this.#keys = undefined;
    if (state === undefined) this.#entries.delete(key);
    else this.#entries.set(key, { key, values: state.siblings.map(({ value }) => value).filter((value) => value !== null) });
  }
}
