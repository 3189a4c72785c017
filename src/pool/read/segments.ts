import { Flights, codeOf } from "../../platform/index.ts";
import { LEAF_BYTES } from "../../store/index.ts";
import type { PackFacts } from "../record/catalog.ts";
import { SEGMENT_LEAVES } from "../messages.ts";
import { PoolError } from "../errors.ts";
import { SEGMENT_BYTES } from "../port.ts";
import type { ReadParts, StripeOptions } from "./stripes.ts";

const NONE: ReadonlySet<number> = new Set();

/** Bytes of copied packs, from this host's own piece, else its cache, else another host. */
export class Segments {
  readonly #with: ReadParts;
  readonly #flights = new Flights<Uint8Array>();

  constructor(parts: ReadParts) {
    this.#with = parts;
  }

  /**
   * The range, which must lie within one segment. A piece that lies here gives exactly that; from elsewhere the whole segment comes,
   * once for all who want it at the time, and is kept for those who want its neighbours.
   */
  async range(facts: PackFacts, offset: number, length: number, options: StripeOptions, signal: AbortSignal): Promise<Uint8Array> {
    const own = await this.#with.own.read(facts.pack, 0, offset, length, options);
    if (own !== undefined) return own;
    const segment = Math.floor(offset / SEGMENT_BYTES);
    const from = offset - segment * SEGMENT_BYTES;
    if (options.isHere === true) return (await this.#cached(facts, segment)).subarray(from, from + length);
    try {
      const bytes = await this.#flights.join(`${facts.namespace}/${facts.pack}/${segment}`, signal, (within) => this.#elsewhere(facts, segment, options, within));
      return bytes.subarray(from, from + length);
    } catch (error) {
      signal.throwIfAborted();
      if (codeOf(error) !== "UNAVAILABLE") throw error;
      return await this.#leafByLeaf(facts, offset, length, options, signal);
    }
  }

  /** The range where nobody has the whole segment, because each copy is damaged somewhere: every leaf from whoever has that one. */
  async #leafByLeaf(facts: PackFacts, offset: number, length: number, options: StripeOptions, signal: AbortSignal): Promise<Uint8Array> {
    const range = new Uint8Array(length);
    for (let at = offset; at < offset + length; ) {
      const firstLeaf = Math.floor(at / LEAF_BYTES);
      const end = Math.min(offset + length, (firstLeaf + 1) * LEAF_BYTES);
      let part = await this.#with.own.read(facts.pack, 0, at, end - at, options);
      if (part === undefined) {
        const [found] = await this.#with.fetcher.fetch(facts, { range: { firstLeaf, leafCount: 1 }, count: 1, except: NONE, onSource: options.onSource }, signal);
        part = found!.bytes.subarray(at - firstLeaf * LEAF_BYTES, end - firstLeaf * LEAF_BYTES);
      }
      range.set(part, at - offset);
      at = end;
    }
    return range;
  }

  /** For whoever asks nobody else: joined to another's flight they would take off, or bring down, what is fetched for others. */
  async #cached({ pack, sizeBytes }: PackFacts, segment: number): Promise<Uint8Array> {
    const cached = await this.#with.cache.get(pack, segment, Math.min(SEGMENT_BYTES, sizeBytes - segment * SEGMENT_BYTES));
    if (cached === undefined) throw new PoolError("UNAVAILABLE", `Pack ${pack.slice(0, 8)} is not on this host, and no other was to be asked.`);
    return cached;
  }

  async #elsewhere(facts: PackFacts, segment: number, { isKept, onSource }: StripeOptions, signal: AbortSignal): Promise<Uint8Array> {
    const { self, fetcher, cache } = this.#with;
    const { pack, sizeBytes } = facts;
    const bytes = Math.min(SEGMENT_BYTES, sizeBytes - segment * SEGMENT_BYTES);
    const cached = await cache.get(pack, segment, bytes);
    if (cached !== undefined) {
      onSource?.({ host: self, index: 0, bytes, elapsedMs: 0, via: "cache" });
      return cached;
    }
    const range = { firstLeaf: segment * SEGMENT_LEAVES, leafCount: Math.ceil(bytes / LEAF_BYTES) };
    const [found] = await fetcher.fetch(facts, { range, count: 1, except: NONE, onSource }, signal);
    if (isKept) cache.keep(pack, segment, found!.bytes);
    return found!.bytes;
  }
}
