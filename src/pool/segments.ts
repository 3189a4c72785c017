import type { Env } from "../platform/index.ts";
import type { PackFacts } from "./catalog.ts";
import type { Fetcher } from "./fetch.ts";
import { Flights } from "./flights.ts";
import type { PoolParts } from "./parts.ts";
import { SEGMENT_BYTES } from "./port.ts";

/** Segments waiting to be written into the cache; beyond that they are used and not kept. */
const KEEPING_MAX = 8;

/** Bytes of packs, from this host's own piece, else its cache, else another host. */
export class Segments {
  readonly #env: Env;
  readonly #parts: PoolParts;
  readonly #fetcher: Fetcher;
  readonly #flights = new Flights<Uint8Array>();
  readonly #onDamage: () => void;
  #keeping = 0;

  /** @param onDamage called when this host's own piece turned out to be damaged or gone */
  constructor(env: Env, parts: PoolParts, fetcher: Fetcher, onDamage: () => void) {
    this.#env = env;
    this.#parts = parts;
    this.#fetcher = fetcher;
    this.#onDamage = onDamage;
  }

  /**
   * The range, which must lie within one segment. A piece that lies here gives exactly that; from elsewhere the whole segment comes,
   * once for all who want it at the time, and is kept for those who want its neighbours.
   * @param isKept whether what comes from elsewhere goes into the cache
   */
  async range(facts: PackFacts, offset: number, length: number, isKept: boolean, signal: AbortSignal): Promise<Uint8Array> {
    const own = await this.#own(facts, offset, length);
    if (own !== undefined) return own;
    const segment = Math.floor(offset / SEGMENT_BYTES);
    const bytes = await this.#flights.join(`${facts.namespace}/${facts.pack}/${segment}`, signal, (within) => this.#elsewhere(facts, segment, isKept, within));
    const from = offset - segment * SEGMENT_BYTES;
    return bytes.subarray(from, from + length);
  }

  async #own(facts: PackFacts, offset: number, length: number): Promise<Uint8Array | undefined> {
    if (this.#parts.store.held(facts.pack, 0) === undefined) return undefined;
    try {
      return await this.#parts.store.read(facts.pack, 0, offset, length);
    } catch (error) {
      this.#env.log.warn("this host's own piece cannot be read; the content comes from another host", { pack: facts.pack, error });
      this.#onDamage();
      return undefined;
    }
  }

  async #elsewhere(facts: PackFacts, segment: number, isKept: boolean, signal: AbortSignal): Promise<Uint8Array> {
    const cached = await this.#parts.cache.get(facts.pack, segment).catch(() => undefined);
    if (cached !== undefined && cached.length === Math.min(SEGMENT_BYTES, facts.sizeBytes - segment * SEGMENT_BYTES)) return cached;
    const bytes = await this.#fetcher.fetch(facts, segment, signal);
    if (isKept) this.#keep(facts, segment, bytes);
    return bytes;
  }

  /** Nobody waits for the cache: a slow disk must not slow a download that does not need it. */
  #keep(facts: PackFacts, segment: number, bytes: Uint8Array): void {
    if (this.#keeping >= KEEPING_MAX) return;
    this.#keeping += 1;
    this.#parts.cache
      .put(facts.pack, segment, bytes)
      .catch((error: unknown) => this.#env.log.debug("a segment was not cached", { pack: facts.pack, segment, error }))
      .finally(() => (this.#keeping -= 1));
  }
}
