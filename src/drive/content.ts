import type { NamespaceId, PackId } from "../codec/index.ts";
import { concatBytes } from "../codec/index.ts";
import { TAG_BYTES } from "../crypto/index.ts";
import type { Extent, FetchOptions, Pool } from "../pool/index.ts";
import type { BlobIndex } from "./blob-index.ts";
import { DriveError } from "./errors.ts";
import type { BlobRef, ListRef, PlacedRef, Row } from "./formats.ts";
import { blobListCodec } from "./formats.ts";
import type { PrivateKeys, Purpose } from "./keys.ts";

export interface ContentParts {
  readonly namespace: NamespaceId;
  readonly keys: PrivateKeys;
  readonly index: BlobIndex;
  readonly pool: Pick<Pool, "read">;
  /** How well a pack can be read: above 0 it is read without looking for a better one. */
  readonly worth: (pack: PackId) => number;
}

/** A part of a blob's text. */
interface Window {
  readonly ref: HintedRef;
  readonly from: number;
  readonly to: number;
}

/** A stretch of a pack in which blobs lie one behind the other. */
interface Span {
  readonly pack: PackId;
  readonly offset: number;
  readonly length: number;
  readonly windows: readonly Window[];
}

/** A blob with the pack in which it was thought to lie. */
export interface HintedRef extends BlobRef {
  readonly hint: PackId | undefined;
}

export function hinted(ref: PlacedRef, packs: readonly PackId[]): HintedRef {
  return { digest: ref.digest, id: ref.id, length: ref.length, hint: packs[ref.pack] };
}

/** Reads what sealed blobs say, wherever they lie by now. */
export class ContentReader {
  readonly #with: ContentParts;

  constructor(parts: ContentParts) {
    this.#with = parts;
  }

  /** @throws DriveError UNAVAILABLE when no pack has it */
  async place(ref: HintedRef): Promise<Extent> {
    const { index, worth } = this.#with;
    const near = index.isReady ? undefined : index.find(ref.id, ref.hint);
    if (near !== undefined && worth(near.pack) > 0) return near;
    // Its pack has been written anew since, or will not do: every pack is looked through once, and then it is known.
    await index.ready();
    const found = index.best(ref.id, worth);
    if (found === undefined) throw new DriveError("UNAVAILABLE", "A part of this content is in no pack that this host knows. Wait until the host has caught up with the others, and try again.");
    return found;
  }

  /** One blob's text. @throws CryptoError TAMPERED; PoolError UNAVAILABLE */
  async text(purpose: Purpose, ref: HintedRef, options: FetchOptions = {}): Promise<Uint8Array> {
    const { pool, namespace, keys } = this.#with;
    const { pack, offset, length } = await this.place(ref);
    const parts = await Array.fromAsync(pool.read(namespace, pack, offset, length, options));
    return checked(ref, keys.unsealBlob(purpose, ref, parts.length === 1 ? parts[0]! : concatBytes(...parts)));
  }

  /** All blobs that a file needs: its own, and those of its lists. */
  async *needed(row: Row, packs: readonly PackId[], options: FetchOptions = {}): AsyncGenerator<HintedRef> {
    for (const ref of row.lists) yield hinted(ref, packs);
    yield* this.blobs(row, packs, options);
  }

  /** The blobs that make up a file, in their order. */
  async *blobs(row: Row, packs: readonly PackId[], options: FetchOptions = {}): AsyncGenerator<HintedRef> {
    for await (const { ref } of this.#windows(row, packs, 0, row.sizeBytes, options)) yield ref;
  }

  /**
   * Bytes of a file from `offset`, in chunks of at most 1 MiB. Both must lie within the file.
   * @throws DriveError DAMAGED_ENTRY; CryptoError TAMPERED; PoolError UNAVAILABLE
   */
  read(row: Row, packs: readonly PackId[], offset: number, length: number, options: FetchOptions = {}): AsyncGenerator<Uint8Array> {
    return this.#read(this.#windows(row, packs, offset, length, options), length, options);
  }

  /** Whole files one behind the other, each with the packs that its page names. @throws as `read` does */
  together(files: readonly { readonly row: Row; readonly packs: readonly PackId[] }[], options: FetchOptions = {}): AsyncGenerator<Uint8Array> {
    const windows = async function* (reader: ContentReader): AsyncGenerator<Window> {
      for (const { row, packs } of files) yield* reader.#windows(row, packs, 0, row.sizeBytes, options);
    };
    const length = files.reduce((sum, { row }) => sum + row.sizeBytes, 0);
    return this.#read(windows(this), length, options);
  }

  async *#read(windows: AsyncIterable<Window>, length: number, options: FetchOptions): AsyncGenerator<Uint8Array> {
    const spans = this.#spans(windows);
    let next = await this.#begin(spans, options);
    let after: Promise<Begun | undefined> | undefined;
    let left = length;
    try {
      while (next !== undefined) {
        const { windows, chunks } = next;
        // The next span's first bytes come while this one is read.
        after = this.#begin(spans, options);
        after.catch(() => undefined);
        for await (const text of this.#texts(windows, chunks)) {
          left -= text.length;
          yield text;
        }
        next = undefined;
        next = await after;
      }
    } finally {
      await next?.chunks.return(undefined);
      // Whoever stops early leaves the next span begun: it would keep its share of what is read ahead on this host for ever.
      after?.then((begun) => begun?.chunks.return(undefined)).catch(() => undefined);
    }
    if (left !== 0) throw damaged("a file has fewer bytes than its row says");
  }

  /** The parts of blobs that make up the bytes from `offset`. Lists that lie before or behind are not read. */
  async *#windows(row: Row, packs: readonly PackId[], offset: number, length: number, options: FetchOptions): AsyncGenerator<Window> {
    const end = offset + length;
    let at = 0;
    const within = function* (refs: Iterable<HintedRef>): Generator<Window> {
      for (const ref of refs) {
        const [from, to] = [Math.max(0, offset - at), Math.min(ref.length, end - at)];
        if (from < to) yield { ref, from, to };
        at += ref.length;
      }
    };
    yield* within(row.blobs.map((ref) => hinted(ref, packs)));
    for (const ref of row.lists) {
      if (at >= end) return;
      if (at + ref.sizeBytes <= offset) at += ref.sizeBytes;
      else yield* within(await this.#list(ref, packs, options));
    }
  }

  async #list(ref: ListRef, packs: readonly PackId[], options: FetchOptions): Promise<readonly HintedRef[]> {
    const list = blobListCodec.decode(await this.text("list", hinted(ref, packs), options));
    const sizeBytes = list.blobs.reduce((sum, { length }) => sum + length, 0);
    if (list.blobs.length !== ref.blobs || sizeBytes !== ref.sizeBytes) throw damaged("a list of blobs is not what the file's row says");
    return list.blobs.map((blob) => hinted(blob, list.packs));
  }

  /** Windows whose blobs lie one behind the other in a pack, so that they are read in one go. */
  async *#spans(windows: AsyncIterable<Window>): AsyncGenerator<Span> {
    let open: Span | undefined;
    for await (const window of windows) {
      const { pack, offset, length } = await this.place(window.ref);
      if (open !== undefined && open.pack === pack && open.offset + open.length === offset) {
        open = { ...open, length: open.length + length, windows: [...open.windows, window] };
        continue;
      }
      if (open !== undefined) yield open;
      open = { pack, offset, length, windows: [window] };
    }
    if (open !== undefined) yield open;
  }

  async #begin(spans: AsyncGenerator<Span>, options: FetchOptions): Promise<Begun | undefined> {
    const span = await spans.next();
    if (span.done === true) return undefined;
    const { pack, offset, length, windows } = span.value;
    return { windows, chunks: begun(this.#with.pool.read(this.#with.namespace, pack, offset, length, options)) };
  }

  async *#texts(windows: readonly Window[], chunks: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
    const sealed = new Cutter(chunks);
    try {
      for (const { ref, from, to } of windows) {
        const text = checked(ref, this.#with.keys.unsealBlob("content", ref, await sealed.take(ref.length + TAG_BYTES)));
        yield text.subarray(from, to);
      }
    } finally {
      await chunks.return(undefined);
    }
  }
}

interface Begun {
  readonly windows: readonly Window[];
  readonly chunks: AsyncGenerator<Uint8Array>;
}

/** Takes exact numbers of bytes from chunks of any size. */
class Cutter {
  readonly #chunks: AsyncGenerator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(chunks: AsyncGenerator<Uint8Array>) {
    this.#chunks = chunks;
  }

  async take(length: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    let missing = length;
    while (missing > 0) {
      if (this.#rest.length === 0) {
        const next = await this.#chunks.next();
        if (next.done === true) throw damaged("a pack has fewer bytes than its record says");
        this.#rest = next.value;
      }
      const part = this.#rest.subarray(0, missing);
      this.#rest = this.#rest.subarray(part.length);
      missing -= part.length;
      parts.push(part);
    }
    return parts.length === 1 ? parts[0]! : concatBytes(...parts);
  }
}

/** The same chunks, the first of them asked for at once. */
function begun(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const chunks = source[Symbol.asyncIterator]();
  const first = chunks.next();
  // The failure is the reader's when it comes to it; until then nobody listens.
  first.catch(() => undefined);
  const all = async function* (): AsyncGenerator<Uint8Array> {
    for (let next = await first; next.done !== true; next = await chunks.next()) yield next.value;
  };
  const generator = all();
  const end = generator.return.bind(generator);
  // A generator that was never begun has no "finally": what it stands on is ended here.
  generator.return = async (value) => {
    await chunks.return?.();
    return end(value);
  };
  return generator;
}

function checked(ref: BlobRef, text: Uint8Array): Uint8Array {
  if (text.length !== ref.length) throw damaged("a blob has another length than is listed");
  return text;
}

export function damaged(what: string): DriveError {
  return new DriveError("DAMAGED_ENTRY", `The list of this private content contradicts itself: ${what}. Put it again.`);
}
