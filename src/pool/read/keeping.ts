import type { PackId } from "../../codec/index.ts";
import type { Env } from "../../platform/index.ts";
import type { SegmentCache } from "../../store/index.ts";

/** Segments waiting to be written into the cache; beyond that they are used and not kept. */
const KEEPING_MAX = 8;

/** The cache as reads use it: what it cannot give is absent, and nobody waits for what it takes in. */
export class CacheKeeper {
  readonly #env: Env;
  readonly #cache: SegmentCache;
  #keeping = 0;

  constructor(env: Env, cache: SegmentCache) {
    this.#env = env;
    this.#cache = cache;
  }

  /** A segment, if it is there and of the size that it must have. */
  async get(pack: PackId, segment: number, sizeBytes: number): Promise<Uint8Array | undefined> {
    const cached = await this.#cache.get(pack, segment).catch(() => undefined);
    return cached?.length === sizeBytes ? cached : undefined;
  }

  /** A slow disk must not slow a download that does not need it. */
  keep(pack: PackId, segment: number, bytes: Uint8Array): void {
    if (this.#keeping >= KEEPING_MAX) return;
    this.#keeping += 1;
    this.#cache
      .put(pack, segment, bytes)
      .catch((error: unknown) => this.#env.log.debug("a segment was not cached", { pack, segment, error }))
      .finally(() => (this.#keeping -= 1));
  }
}
