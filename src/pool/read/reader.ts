import type { NamespaceId, PackId } from "../../codec/index.ts";
import { LEAF_BYTES } from "../../store/index.ts";
import { Ahead } from "./ahead.ts";
import type { Catalog, PackFacts } from "../record/catalog.ts";
import { PoolError } from "../errors.ts";
import type { FetchOptions } from "../port.ts";
import { SEGMENT_BYTES } from "../port.ts";
import type { Segments } from "./segments.ts";
import type { BlobRange, SlicedBlob } from "../layout/slices.ts";
import { rangesWithin, sliced } from "../layout/slices.ts";
import type { Stripe, StripeOptions, Stripes } from "./stripes.ts";
import { rangeOf, stripeBytesOf } from "./stripes.ts";

/** Packs whose lists of blobs stay in memory, each at most some 400 KB. */
const LISTS_MAX = 8;

/** Reads ranges of packs in order, and pieces as they must be. */
export class Reader {
  readonly #catalog: Catalog;
  readonly #segments: Segments;
  readonly #stripes: Stripes;
  readonly #ahead = new Ahead();
  readonly #lists = new Map<string, readonly SlicedBlob[]>();

  constructor(catalog: Catalog, segments: Segments, stripes: Stripes) {
    this.#catalog = catalog;
    this.#segments = segments;
    this.#stripes = stripes;
  }

  /** @throws PoolError UNKNOWN_PACK, BAD_RANGE, UNAVAILABLE */
  async *read(namespace: NamespaceId, pack: PackId, offset: number, length: number, options: FetchOptions = {}): AsyncGenerator<Uint8Array> {
    const facts = this.#check(namespace, pack, offset, length);
    const kept = { ...options, isKept: options.isKept ?? true };
    if (facts.k === 1) yield* this.#copied(facts, offset, length, kept);
    else if (options.isHere === true) throw new PoolError("UNAVAILABLE", `Pack ${pack.slice(0, 8)} is coded: no host has the whole of it.`);
    else yield* this.#coded(facts, offset, offset + length, kept);
  }

  /** A piece as it must be, from whoever has it, or from others from which it follows. @throws PoolError UNAVAILABLE */
  piece(facts: PackFacts, index: number, options: FetchOptions): AsyncIterable<Uint8Array> {
    const kept = { ...options, isKept: false };
    if (facts.k === 1) return this.#copied(facts, 0, facts.pieceBytes, kept);
    return this.#ahead.each(Array(Math.ceil(facts.pieceBytes / stripeBytesOf(facts.k))).keys(), (stripe, signal) => this.#stripes.piece(facts, index, stripe, options, signal), options.signal);
  }

  #copied(facts: PackFacts, offset: number, length: number, options: StripeOptions): AsyncGenerator<Uint8Array> {
    return this.#ahead.each(segmentsOf(offset, offset + length), ([from, to], signal) => this.#segments.range(facts, from, to - from, options, signal), options.signal);
  }

  /** Blob by blob, each from the stripes in which its slices lie; neighbours share stripes, which are fetched once. */
  async *#coded(facts: PackFacts, offset: number, end: number, options: StripeOptions): AsyncGenerator<Uint8Array> {
    const stripeBytes = stripeBytesOf(facts.k);
    const ranges = rangesWithin(this.#blobs(facts), offset, end);
    const fetch = async (number: number, signal: AbortSignal): Promise<[number, Stripe]> => [number, await this.#stripes.data(facts, number, options, signal)];
    const coming = this.#ahead.each(stripesOf(ranges, stripeBytes), fetch, options.signal);
    const here = new Map<number, Stripe>();
    try {
      for (const range of ranges) {
        for (const number of here.keys()) if ((number + 1) * stripeBytes <= range.from) here.delete(number);
        while (!here.has(Math.ceil(range.to / stripeBytes) - 1)) here.set(...((await coming.next()).value as [number, Stripe]));
        yield assemble(facts, range, here);
      }
    } finally {
      await coming.return(undefined);
    }
  }

  #blobs({ namespace, pack, k }: PackFacts): readonly SlicedBlob[] {
    const name = `${namespace}/${pack}`;
    const known = this.#lists.get(name) ?? sliced(this.#catalog.body(namespace, pack)?.blobs ?? [], k);
    this.#lists.delete(name);
    this.#lists.set(name, known);
    if (this.#lists.size > LISTS_MAX) this.#lists.delete(this.#lists.keys().next().value!);
    return known;
  }

  #check(namespace: NamespaceId, pack: PackId, offset: number, length: number): PackFacts {
    const facts = this.#catalog.facts(namespace, pack);
    if (facts === undefined) throw new PoolError("UNKNOWN_PACK", `This host knows no pack ${pack} in the namespace, or it has been deleted.`);
    const isInside = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0 && offset + length <= facts.sizeBytes;
    if (!isInside) throw new PoolError("BAD_RANGE", `Bytes ${offset} to ${offset + length} were asked for; the pack has ${facts.sizeBytes}.`);
    return facts;
  }
}

/** A range of content, segment by segment. */
function* segmentsOf(offset: number, end: number): Generator<readonly [number, number]> {
  for (let from = offset; from < end; ) {
    const to = Math.min(end, (Math.floor(from / SEGMENT_BYTES) + 1) * SEGMENT_BYTES);
    yield [from, to];
    from = to;
  }
}

/** The stripes of these ranges, each once, in their order. */
function* stripesOf(ranges: readonly BlobRange[], stripeBytes: number): Generator<number> {
  let next = 0;
  for (const { from, to } of ranges) {
    next = Math.max(next, Math.floor(from / stripeBytes));
    for (; next * stripeBytes < to; next++) yield next;
  }
}

function assemble(facts: PackFacts, { sizeBytes, runs }: BlobRange, stripes: ReadonlyMap<number, Stripe>): Uint8Array {
  const stripeBytes = stripeBytesOf(facts.k);
  const out = new Uint8Array(sizeBytes);
  let written = 0;
  for (const { index, from, to } of runs) {
    for (let at = from; at < to; ) {
      const stripe = Math.floor(at / stripeBytes);
      const within = at - stripe * stripeBytes;
      const length = Math.min(to, (stripe + 1) * stripeBytes) - at;
      const { bytes, lost } = stripes.get(stripe)!;
      for (const [leaf, why] of lost) if (leaf * LEAF_BYTES < within + length && (leaf + 1) * LEAF_BYTES > within) throw why;
      const start = index * rangeOf(facts, stripe).bytes + within;
      out.set(bytes.subarray(start, start + length), written);
      written += length;
      at += length;
    }
  }
  return out;
}
