import type { NamespaceId, PackId } from "../../codec/index.ts";

/** Packs whose records have changed since the last look; with more of them, all are looked at. */
const CHANGED_MAX = 4096;

export type Changed = ReadonlyMap<PackId, NamespaceId>;

/** Which packs somebody who looks at them now and then has to look at again. At first all of them. */
export class ChangedPacks {
  #changed = new Map<PackId, NamespaceId>();
  #isAll = true;

  /** Whether so much has changed that all are to be looked at. */
  get isAll(): boolean {
    return this.#isAll;
  }

  note(namespace: NamespaceId, packs: Iterable<PackId>): void {
    for (const pack of packs) this.#changed.set(pack, namespace);
    if (this.#changed.size > CHANGED_MAX) this.noteAll();
  }

  noteAll(): void {
    this.#changed.clear();
    this.#isAll = true;
  }

  /** What has changed, which counts as looked at from now on. */
  take(): Changed {
    const changed = this.#changed;
    this.#changed = new Map();
    this.#isAll = false;
    return changed;
  }
}
