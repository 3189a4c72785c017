import type { NamespaceId, PackId } from "../../codec/index.ts";
import type { Env } from "../../platform/index.ts";

/** Packs whose records have changed since the last look; with more of them, all are looked at. */
const CHANGED_MAX = 4096;
/** A look through all packs that takes no longer is taken at every turn; a longer one not before so many times as long have passed. */
const QUICK_MS = 3_000;
const REST_TIMES = 20;

export type Changed = ReadonlyMap<PackId, NamespaceId>;

/**
 * Says whether a worker looks at all packs at this turn, or only at those that have changed: a host that knows 300,000 packs may need half a minute
 * of its processor to read them all, and must not spend it each minute.
 */
export class Rounds {
  readonly #env: Env;
  #changed = new Map<PackId, NamespaceId>();
  #isAllDue = true;
  #endedMs = 0;
  #tookMs = 0;

  constructor(env: Env) {
    this.#env = env;
  }

  note(namespace: NamespaceId, packs: Iterable<PackId>): void {
    for (const pack of packs) this.#changed.set(pack, namespace);
    if (this.#changed.size > CHANGED_MAX) this.noteAll();
  }

  noteAll(): void {
    this.#changed.clear();
    this.#isAllDue = true;
  }

  /** What was due stays due when it throws. */
  async run<T>(all: () => Promise<T>, some: (changed: Changed) => Promise<T>): Promise<T> {
    const startedMs = this.#env.clock.monotonicMs();
    const isAll = this.#isAllDue || this.#tookMs <= QUICK_MS || startedMs - this.#endedMs >= REST_TIMES * this.#tookMs;
    const changed = this.#changed;
    this.#changed = new Map();
    this.#isAllDue = false;
    try {
      if (!isAll) return await some(changed);
      const result = await all();
      this.#endedMs = this.#env.clock.monotonicMs();
      this.#tookMs = this.#endedMs - startedMs;
      return result;
    } catch (error) {
      if (isAll) this.noteAll();
      else for (const [pack, namespace] of changed) this.note(namespace, [pack]);
      throw error;
    }
  }
}
