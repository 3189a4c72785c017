// How coded packs are read. A stripe is the same few leaves of all pieces of a pack, so many that k of them come to about a MiB. It is what is fetched at
// once, decoded and kept: from the cache, else from the pieces on this host's own disk and as many of other hosts as are missing to k.

import type { HostId } from "../../codec/index.ts";
import type { Coder, Slice } from "../../erasure/index.ts";
import { createCoder } from "../../erasure/index.ts";
import { Flights, codeOf } from "../../platform/index.ts";
import { LEAF_BYTES } from "../../store/index.ts";
import type { PackFacts } from "../record/catalog.ts";
import { TooFewSources } from "./fetch.ts";
import type { Fetcher, LeafRange } from "./fetch.ts";
import type { CacheKeeper } from "./keeping.ts";
import type { PoolError } from "../errors.ts";
import { SEGMENT_LEAVES } from "../messages.ts";
import type { OwnRanges } from "./own-ranges.ts";
import type { FetchOptions } from "../port.ts";
import { SEGMENT_BYTES } from "../port.ts";

/** Decoded stripes that stay in memory, about a MiB each: many small blobs are read one after another from the same one. */
const RECENT_MAX = 8;

/** Of each piece in a stripe. */
export function stripeBytesOf(k: number): number {
  return Math.max(1, Math.floor(SEGMENT_LEAVES / k)) * LEAF_BYTES;
}

export interface StripeOptions extends FetchOptions {
  /** Whether what comes from elsewhere is kept for later. */
  readonly isKept: boolean;
}

/** The k data slices of a stripe, one behind the other. */
export interface Stripe {
  readonly bytes: Uint8Array;
  /** Which leaves of each slice too few hosts have, counted from the stripe's first: their bytes are none. Damage in several pieces lets it come to that. */
  readonly lost: ReadonlyMap<number, PoolError>;
}

const NONE: Stripe["lost"] = new Map();

/** What reads of packs stand on. */
export interface ReadParts {
  readonly self: HostId;
  readonly own: OwnRanges;
  readonly fetcher: Fetcher;
  readonly cache: CacheKeeper;
}

export class Stripes {
  readonly #with: ReadParts;
  readonly #coder: Coder = createCoder();
  readonly #flights = new Flights<Stripe>();
  readonly #recent = new Map<string, Uint8Array>();

  constructor(parts: ReadParts) {
    this.#with = parts;
  }

  /** Once for all who want it at the time. @throws PoolError UNAVAILABLE */
  data(facts: PackFacts, stripe: number, options: StripeOptions, signal: AbortSignal): Promise<Stripe> {
    const name = `${facts.namespace}/${facts.pack}/${stripe}`;
    const recent = this.#recent.get(name);
    if (recent !== undefined) return Promise.resolve({ bytes: recent, lost: NONE });
    return this.#flights.join(name, signal, async (within) => {
      const found = await this.#data(facts, stripe, options, within);
      if (found.lost.size === 0) this.#remember(name, found.bytes);
      return found;
    });
  }

  /** The range of one piece: as it lies here or on a host that claims it, else as it follows from others. @throws PoolError UNAVAILABLE */
  async piece(facts: PackFacts, index: number, stripe: number, options: FetchOptions, signal: AbortSignal): Promise<Uint8Array> {
    const range = rangeOf(facts, stripe);
    try {
      return await this.#slice(facts, index, range, options, signal);
    } catch (error) {
      if (!isDivisible(range, error, signal)) throw error;
      const bytes = new Uint8Array(range.bytes);
      for (const leaf of leavesWithin(range)) bytes.set(await this.#slice(facts, index, leaf, options, signal), placeIn(range, leaf));
      return bytes;
    }
  }

  async #slice(facts: PackFacts, index: number, range: Range, options: FetchOptions, signal: AbortSignal): Promise<Uint8Array> {
    const { own, fetcher } = this.#with;
    const whole = (await own.read(facts.pack, index, range.firstLeaf * LEAF_BYTES, range.bytes, options)) ?? (await fetcher.fetchClaimed(facts, { range: leavesOf(range), index, onSource: options.onSource }, signal));
    if (whole !== undefined) return whole;
    const given = await this.#any(facts, range, options, signal);
    const found = given.find((slice) => slice.index === index);
    if (found !== undefined) return found.bytes;
    const wanted = { index, bytes: new Uint8Array(given[0]!.bytes.length) };
    this.#coder.reconstruct(facts.k, facts.m, given, [wanted]);
    return wanted.bytes;
  }

  #remember(name: string, bytes: Uint8Array): void {
    this.#recent.set(name, bytes);
    if (this.#recent.size > RECENT_MAX) this.#recent.delete(this.#recent.keys().next().value!);
  }

  async #data(facts: PackFacts, stripe: number, options: StripeOptions, signal: AbortSignal): Promise<Stripe> {
    const { pack, k } = facts;
    const range = rangeOf(facts, stripe);
    const cached = await this.#with.cache.get(pack, stripe, k * range.bytes);
    if (cached !== undefined) {
      options.onSource?.({ host: this.#with.self, index: 0, bytes: cached.length, elapsedMs: 0, via: "cache" });
      return { bytes: cached, lost: NONE };
    }
    const found = await this.#decoded(facts, range, options, signal);
    // A host that has k pieces, as where there are too few hosts, reads them from its disk again.
    if (options.isKept && found.lost.size === 0 && found.bytes.length <= SEGMENT_BYTES) this.#with.cache.keep(pack, stripe, found.bytes);
    return found;
  }

  /** Where no k pieces have the whole range, because they are damaged here and there, leaf by leaf from those that have that one. */
  async #decoded(facts: PackFacts, range: Range, options: FetchOptions, signal: AbortSignal): Promise<Stripe> {
    try {
      return { bytes: this.#decode(facts, await this.#any(facts, range, options, signal), range.bytes), lost: NONE };
    } catch (error) {
      if (!isDivisible(range, error, signal)) throw error;
      return await this.#leafByLeaf(facts, range, options, signal);
    }
  }

  async #leafByLeaf(facts: PackFacts, range: Range, options: FetchOptions, signal: AbortSignal): Promise<Stripe> {
    const bytes = new Uint8Array(facts.k * range.bytes);
    const lost = new Map<number, PoolError>();
    let had = 0;
    for (const leaf of leavesWithin(range)) {
      try {
        const slices = this.#decode(facts, await this.#any(facts, leaf, options, signal), leaf.bytes);
        for (let index = 0; index < facts.k; index++) bytes.set(slices.subarray(index * leaf.bytes, (index + 1) * leaf.bytes), index * range.bytes + placeIn(range, leaf));
        had += 1;
      } catch (error) {
        if (!(error instanceof TooFewSources)) throw error;
        // With k pieces there, only damaged, each leaf may be another matter. With fewer none comes, and each would cost a question to all hosts.
        if (had === 0 && !this.#areEnough(facts, error.inReach)) throw error;
        lost.set(leaf.firstLeaf - range.firstLeaf, error);
      }
    }
    return { bytes, lost };
  }

  #areEnough({ pack, k, roots }: PackFacts, elsewhere: ReadonlySet<number>): boolean {
    return new Set([...elsewhere, ...this.#with.own.lying(pack, roots.length)]).size >= k;
  }

  /** The same range of any k pieces. */
  async #any(facts: PackFacts, range: Range, options: FetchOptions, signal: AbortSignal): Promise<Slice[]> {
    const own = await this.#own(facts, range, options);
    if (own.length === facts.k) return own;
    const others = await this.#with.fetcher.fetch(facts, { range: leavesOf(range), count: facts.k - own.length, except: new Set(own.map(({ index }) => index)), onSource: options.onSource }, signal);
    return [...own, ...others];
  }

  async #own(facts: PackFacts, { firstLeaf, bytes: length }: Range, options: FetchOptions): Promise<Slice[]> {
    const found: Slice[] = [];
    for (let index = 0; index < facts.roots.length && found.length < facts.k; index++) {
      const bytes = await this.#with.own.read(facts.pack, index, firstLeaf * LEAF_BYTES, length, options);
      if (bytes !== undefined) found.push({ index, bytes });
    }
    return found;
  }

  #decode({ k, m }: PackFacts, given: readonly Slice[], length: number): Uint8Array {
    const data = new Uint8Array(k * length);
    const at = (index: number): Uint8Array => data.subarray(index * length, (index + 1) * length);
    for (const { index, bytes } of given) if (index < k) at(index).set(bytes);
    const missing = Array.from({ length: k }, (_, index) => index).filter((index) => given.every((slice) => slice.index !== index));
    if (missing.length > 0) this.#coder.reconstruct(k, m, given, missing.map((index) => ({ index, bytes: at(index) })));
    return data;
  }
}

/** The same bytes of each piece. */
interface Range {
  readonly firstLeaf: number;
  readonly bytes: number;
}

/** Which leaves of each piece a stripe is, and how many bytes. */
export function rangeOf({ k, pieceBytes }: Pick<PackFacts, "k" | "pieceBytes">, stripe: number): Range {
  const stripeBytes = stripeBytesOf(k);
  return { firstLeaf: (stripe * stripeBytes) / LEAF_BYTES, bytes: Math.min(stripeBytes, pieceBytes - stripe * stripeBytes) };
}

function leavesOf({ firstLeaf, bytes }: Range): LeafRange {
  return { firstLeaf, leafCount: Math.ceil(bytes / LEAF_BYTES) };
}

function isDivisible({ bytes }: Range, error: unknown, signal: AbortSignal): boolean {
  return codeOf(error) === "UNAVAILABLE" && bytes > LEAF_BYTES && !signal.aborted;
}

/** Each leaf of a range. */
function* leavesWithin({ firstLeaf, bytes }: Range): Generator<Range> {
  for (let at = 0; at < bytes; at += LEAF_BYTES) yield { firstLeaf: firstLeaf + at / LEAF_BYTES, bytes: Math.min(LEAF_BYTES, bytes - at) };
}

function placeIn(range: Range, leaf: Range): number {
  return (leaf.firstLeaf - range.firstLeaf) * LEAF_BYTES;
}
