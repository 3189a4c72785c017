import type { Env } from "../platform/index.ts";
import { LEAF_BYTES } from "../store/index.ts";
import type { PackFacts } from "./catalog.ts";
import type { Fetcher } from "./fetch.ts";
import { Flights } from "./flights.ts";
import type { CacheKeeper } from "./keeping.ts";
import { SEGMENT_LEAVES } from "./messages.ts";
import type { PoolParts } from "./parts.ts";
import { SEGMENT_BYTES } from "./port.ts";
import type { StripeOptions } from "./stripes.ts";

const NONE: ReadonlySet<number> = new Set();

/** Bytes of copied packs, from this host's own piece, else its cache, else another host. */
export class Segments {
  readonly #env: Env;
  readonly #parts: PoolParts;
  readonly #fetcher: Fetcher;
  readonly #cache: CacheKeeper;
  readonly #flights = new Flights<Uint8Array>();
  readonly #onDamage: () => void;

  /** @param onDamage called when this host's own piece turned out to be damaged or gone */
  constructor(env: Env, parts: PoolParts, fetcher: Fetcher, cache: CacheKeeper, onDamage: () => void) {
    this.#env = env;
    this.#parts = parts;
    this.#fetcher = fetcher;
    this.#cache = cache;
    this.#onDamage = onDamage;
  }

  /**
   * The range, which must lie within one segment. A piece that lies here gives exactly that; from elsewhere the whole segment comes,
   * once for all who want it at the time, and is kept for those who want its neighbours.
   */
  async range(facts: PackFacts, offset: number, length: number, options: StripeOptions, signal: AbortSignal): Promise<Uint8Array> {
    const own = await this.#own(facts, offset, length, options);
    if (own !== undefined) return own;
    const segment = Math.floor(offset / SEGMENT_BYTES);
    const bytes = await this.#flights.join(`${facts.namespace}/${facts.pack}/${segment}`, signal, (within) => this.#elsewhere(facts, segment, options, within));
    const from = offset - segment * SEGMENT_BYTES;
    return bytes.subarray(from, from + length);
  }

  async #own(facts: PackFacts, offset: number, length: number, { onSource }: StripeOptions): Promise<Uint8Array | undefined> {
    const { self, store } = this.#parts;
    if (store.held(facts.pack, 0) === undefined) return undefined;
    const startedMs = this.#env.clock.monotonicMs();
    try {
      const bytes = await store.read(facts.pack, 0, offset, length);
      onSource?.({ host: self, index: 0, bytes: length, elapsedMs: this.#env.clock.monotonicMs() - startedMs, via: "disk" });
      return bytes;
    } catch (error) {
      this.#env.log.warn("this host's own piece cannot be read; the content comes from another host", { pack: facts.pack, error });
      this.#onDamage();
      return undefined;
    }
  }

  async #elsewhere(facts: PackFacts, segment: number, { isKept, onSource }: StripeOptions, signal: AbortSignal): Promise<Uint8Array> {
    const { pack, sizeBytes } = facts;
    const bytes = Math.min(SEGMENT_BYTES, sizeBytes - segment * SEGMENT_BYTES);
    const cached = await this.#cache.get(pack, segment, bytes);
    if (cached !== undefined) {
      onSource?.({ host: this.#parts.self, index: 0, bytes, elapsedMs: 0, via: "cache" });
      return cached;
    }
    const range = { firstLeaf: segment * SEGMENT_LEAVES, leafCount: Math.ceil(bytes / LEAF_BYTES) };
    const [found] = await this.#fetcher.fetch(facts, { range, count: 1, except: NONE, onSource }, signal);
    if (isKept) this.#cache.keep(pack, segment, found!.bytes);
    return found!.bytes;
  }
}
