import type { NamespaceId } from "../codec/index.ts";
import type { Log } from "../platform/index.ts";
import type { ChangedRow } from "./draft.ts";

type View = (namespace: NamespaceId, keys: readonly string[]) => void;

/** Who keeps something that follows from the records, and is told which keys have changed. */
export class Views {
  readonly #log: Log;
  readonly #views = new Set<View>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** @returns what ends it */
  add(view: View): () => void {
    this.#views.add(view);
    return () => this.#views.delete(view);
  }

  /** A view that fails holds up no other. @returns the changed keys by namespace */
  tell(changed: readonly ChangedRow[]): ReadonlyMap<NamespaceId, readonly string[]> {
    const keys = new Map([...Map.groupBy(changed, ({ namespace }) => namespace)].map(([namespace, rows]) => [namespace, rows.map(({ key }) => key)]));
    for (const [namespace, names] of keys) {
      for (const view of this.#views) {
        try {
          view(namespace, names);
        } catch (error) {
          this.#log.error("a view of the records failed", { namespace, error });
        }
      }
    }
    return keys;
  }
}
