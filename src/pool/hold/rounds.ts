import type { NamespaceId, PackId } from "../../codec/index.ts";
import type { Env } from "../../platform/index.ts";
import type { Changed } from "../record/changed-packs.ts";
import { ChangedPacks } from "../record/changed-packs.ts";

/** A look through all packs that takes no longer is taken at every turn; a longer one not before so many times as long have passed. */
const QUICK_MS = 3_000;
const REST_TIMES = 20;

/**
 * Says whether a worker looks at all packs at this turn, or only at those that have changed: a host that knows 300,000 packs may need half a minute
 * of its processor to read them all, and must not spend it each minute.
 */
export class Rounds {
  readonly #env: Env;
  readonly #changed = new ChangedPacks();
  #endedMs = 0;
  #tookMs = 0;

  constructor(env: Env) {
    this.#env = env;
  }

  note(namespace: NamespaceId, packs: Iterable<PackId>): void {
    this.#changed.note(namespace, packs);
  }

  noteAll(): void {
    this.#changed.noteAll();
  }

  /** What was due stays due when it throws. */
  async run<T>(all: () => Promise<T>, some: (changed: Changed) => Promise<T>): Promise<T> {
    const startedMs = this.#env.clock.monotonicMs();
    const isAll = this.#changed.isAll || this.#tookMs <= QUICK_MS || startedMs - this.#endedMs >= REST_TIMES * this.#tookMs;
    const changed = this.#changed.take();
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
