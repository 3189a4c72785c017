import type { NamespaceId, PackId } from "../codec/index.ts";
import type { Catalog, PackFacts } from "./catalog.ts";
import { PoolError } from "./errors.ts";
import type { FetchOptions } from "./port.ts";
import { SEGMENT_BYTES } from "./port.ts";
import type { Segments } from "./segments.ts";

/** Segments that one reader has under way or ready, at most. */
const AHEAD_MAX = 4;
/** Segments that all readers together may have beyond their first: 64 MiB. */
const AHEAD_TOGETHER = 64;

export interface ReadOptions extends FetchOptions {
  /** False for what goes to a disk as a whole: read once, it need not be in the cache too. Default: true. */
  readonly isKept?: boolean;
}

interface Ahead {
  readonly bytes: Promise<Uint8Array>;
  isReady: boolean;
  /** Whether it counts against what all readers have together. */
  readonly isExtra: boolean;
}

/** Reads ranges of packs in order, fetching ahead of its consumer as far as that consumer is quick enough to want it. */
export class Reader {
  readonly #catalog: Catalog;
  readonly #segments: Segments;
  #extra = 0;

  constructor(catalog: Catalog, segments: Segments) {
    this.#catalog = catalog;
    this.#segments = segments;
  }

  /** @throws PoolError UNKNOWN_PACK, BAD_RANGE, NEWER_CODE, UNAVAILABLE */
  async *read(namespace: NamespaceId, pack: PackId, offset: number, length: number, options: ReadOptions = {}): AsyncGenerator<Uint8Array> {
    const facts = this.#check(namespace, pack, offset, length);
    const stop = new AbortController();
    const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]);
    const ahead: Ahead[] = [];
    // A consumer that finds its chunk ready is slower than the source and needs no more ahead; one that has to wait gets more.
    let width = 1;
    let next = offset;
    try {
      for (let at = offset; at < offset + length; ) {
        signal.throwIfAborted();
        if (ahead[0]?.isReady !== true) width = Math.min(AHEAD_MAX, width + 1);
        while (next < offset + length && this.#mayAdd(ahead, width)) {
          const end = Math.min(offset + length, (Math.floor(next / SEGMENT_BYTES) + 1) * SEGMENT_BYTES);
          ahead.push(this.#begin(this.#segments.range(facts, next, end - next, options.isKept ?? true, signal), ahead.length > 0));
          next = end;
        }
        const bytes = await ahead[0]!.bytes;
        this.#end(ahead.shift()!);
        at += bytes.length;
        yield bytes;
      }
    } finally {
      stop.abort(new Error("the reader has finished"));
      for (const each of ahead) this.#end(each);
    }
  }

  #mayAdd(ahead: readonly Ahead[], width: number): boolean {
    return ahead.length === 0 || (ahead.length < width && this.#extra < AHEAD_TOGETHER);
  }

  #begin(bytes: Promise<Uint8Array>, isExtra: boolean): Ahead {
    const started: Ahead = { bytes, isReady: false, isExtra };
    if (isExtra) this.#extra += 1;
    bytes.then(
      () => (started.isReady = true),
      // The failure is the consumer's when its turn comes; until then nobody listens.
      () => (started.isReady = true),
    );
    return started;
  }

  #end({ isExtra }: Ahead): void {
    if (isExtra) this.#extra -= 1;
  }

  #check(namespace: NamespaceId, pack: PackId, offset: number, length: number): PackFacts {
    const facts = this.#catalog.facts(namespace, pack);
    if (facts === undefined) throw new PoolError("UNKNOWN_PACK", `This host knows no pack ${pack} in the namespace, or it has been deleted.`);
    if (facts.k !== 1) throw new PoolError("NEWER_CODE", "The pack is coded in a way that this program cannot read. Update Holdfast on this host.");
    const isInside = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0 && offset + length <= facts.sizeBytes;
    if (!isInside) throw new PoolError("BAD_RANGE", `Bytes ${offset} to ${offset + length} were asked for; the pack has ${facts.sizeBytes}.`);
    return facts;
  }
}
