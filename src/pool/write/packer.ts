import type { BlobId, PackId } from "../../codec/index.ts";
import type { Limiter } from "../../platform/index.ts";
import type { PackContent, PackedBlob, StoredPack } from "../port.ts";
import { MAX_PACK_BLOBS, MAX_PACK_BYTES } from "../port.ts";
import { SpareMemory } from "./spare-memory.ts";

/** Bytes of one pack. */
export interface Extent {
  readonly pack: PackId;
  readonly offset: number;
  readonly length: number;
}

/** Where blobs of known packs lie: a map, or what takes less memory for many. */
export interface Places {
  has(id: BlobId): boolean;
  get(id: BlobId): Extent | undefined;
  set(id: BlobId, place: Extent): unknown;
}

/** The memory of the first pack that fills begins with so much, and grows by this factor: most that is published is small. */
const FIRST_BYTES = 1024 * 1024;
const GROWTH = 4;

/** Lies in the open pack's memory in the order in which it came. */
interface OpenBlob {
  readonly id: BlobId;
  readonly at: number;
  readonly length: number;
  /** Blobs with the same number lie together in their pack. */
  readonly group: number;
}

/**
 * Packs blobs as they come. One pack is filled while those before it are sent; `flights` bounds the bytes being sent, so that a slow network
 * slows the makers of blobs. Blobs arrive from several files at a time and are put in order when their pack is closed, so that a file's
 * bytes lie in one stretch of it. Their bytes are copied as they come: nobody needs to keep them until then.
 */
export class Packer {
  /** The blobs that are stored, those that were before included. */
  readonly places: Places;
  readonly #store: (content: PackContent) => Promise<StoredPack>;
  readonly #flights: Limiter;
  readonly #signal: AbortSignal;
  readonly #stored: PackId[] = [];
  readonly #used = new Set<PackId>();
  /** Blobs that are in the open pack or on their way. */
  readonly #pending = new Set<BlobId>();
  readonly #flying = new Set<Promise<void>>();
  readonly #spare = new SpareMemory();
  #open: OpenBlob[] = [];
  #openBytes = 0;
  #memory: Uint8Array | undefined;
  /** What a pack's memory begins with: as much as the one before had in the end. */
  #firstBytes = FIRST_BYTES;
  #closing: Promise<void> | undefined;
  #failure: Error | undefined;

  constructor(parts: { readonly places: Places; readonly flights: Limiter; readonly signal: AbortSignal; readonly store: (content: PackContent) => Promise<StoredPack> }) {
    this.places = parts.places;
    this.#flights = parts.flights;
    this.#signal = parts.signal;
    this.#store = parts.store;
  }

  /** The packs that were sent by this packer. */
  get stored(): readonly PackId[] {
    return this.#stored;
  }

  /** The packs, sent now or before, in which blobs that were put lie; without those not sent yet. */
  get used(): ReadonlySet<PackId> {
    return this.#used;
  }

  /** True as long as nothing had to be sent. */
  get isUntouched(): boolean {
    return this.#stored.length + this.#open.length + this.#flying.size === 0;
  }

  /**
   * Takes a blob of at most 1 MiB in, unless it is there already. Waits while the pack is full and the one before still being sent.
   * @throws what storing an earlier pack threw
   */
  async put(id: BlobId, bytes: Uint8Array, group: number): Promise<void> {
    while (!this.#has(id) && !this.#fits(bytes.length)) await this.#close();
    this.#signal.throwIfAborted();
    if (this.#failure !== undefined) throw this.#failure;
    const place = this.places.get(id);
    if (place !== undefined) this.#used.add(place.pack);
    // Nothing has no place, and needs none.
    if (bytes.length === 0 || this.#has(id)) return;
    this.#pending.add(id);
    this.#roomFor(bytes.length).set(bytes, this.#openBytes);
    this.#open.push({ id, at: this.#openBytes, length: bytes.length, group });
    this.#openBytes += bytes.length;
  }

  /** The open pack's memory, with room for so many further bytes. */
  #roomFor(bytes: number): Uint8Array {
    const needed = this.#openBytes + bytes;
    const before = this.#memory;
    if (before !== undefined && before.length >= needed) return before;
    this.#memory = this.#spare.take(Math.min(MAX_PACK_BYTES, Math.max(needed, before === undefined ? this.#firstBytes : GROWTH * before.length)));
    if (before !== undefined) {
      this.#memory.set(before);
      this.#spare.give(before);
    }
    return this.#memory;
  }

  /** Sends what is left, and returns when every blob has its place. @throws what storing a pack threw */
  async flush(): Promise<void> {
    while (this.#open.length > 0 && this.#failure === undefined) await this.#close();
    await this.settle();
    this.#spare.clear();
    if (this.#failure !== undefined) throw this.#failure;
  }

  /**
   * Sends what is left together with one more blob, which may say where the others in the same pack lie.
   * @param write given the offsets of the blobs in the last pack
   * @param roomBytes the most that it will write
   */
  async finish(roomBytes: number, write: (here: ReadonlyMap<BlobId, number>) => { readonly id: BlobId; readonly bytes: Uint8Array }): Promise<Extent> {
    while (!this.#fits(roomBytes)) await this.#close();
    await this.settle();
    if (this.#failure !== undefined) throw this.#failure;
    const laid = layOut(this.#open);
    const last = write(new Map(laid.map(({ id, offset }) => [id, offset])));
    await this.put(last.id, last.bytes, Number.MAX_SAFE_INTEGER);
    await this.flush();
    return this.places.get(last.id)!;
  }

  /** Waits for the packs being sent, whatever becomes of them. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.#flying);
  }

  #has(id: BlobId): boolean {
    return this.places.has(id) || this.#pending.has(id);
  }

  #fits(bytes: number): boolean {
    return this.#openBytes + bytes <= MAX_PACK_BYTES && this.#open.length < MAX_PACK_BLOBS;
  }

  /** Sends the open pack off as soon as there is room for it among those on their way. All who wait for that wait together. */
  #close(): Promise<void> {
    this.#closing ??= this.#sendOff().finally(() => (this.#closing = undefined));
    return this.#closing;
  }

  async #sendOff(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const land = await this.#flights.take(this.#openBytes, this.#signal);
    const blobs = layOut(this.#open);
    const bytes = this.#inOrder(blobs, this.#memory!.subarray(0, this.#openBytes));
    this.#firstBytes = this.#memory!.length;
    [this.#open, this.#openBytes, this.#memory] = [[], 0, undefined];
    const flight = this.#send({ bytes, blobs: blobs.map(({ id, offset, length }) => ({ id, offset, length })), release: () => this.#spare.give(bytes) })
      .catch((error: unknown) => {
        this.#failure ??= error instanceof Error ? error : new Error(String(error));
      })
      .finally(() => {
        land();
        this.#flying.delete(flight);
      });
    this.#flying.add(flight);
  }

  #inOrder(blobs: readonly (PackedBlob & OpenBlob)[], asTheyCame: Uint8Array): Uint8Array {
    if (blobs.every(({ at, offset }) => at === offset)) return asTheyCame;
    const bytes = this.#spare.take(asTheyCame.length);
    for (const { at, offset, length } of blobs) bytes.set(asTheyCame.subarray(at, at + length), offset);
    this.#spare.give(asTheyCame);
    return bytes;
  }

  async #send(content: PackContent): Promise<void> {
    const { pack } = await this.#store(content);
    this.#stored.push(pack);
    this.#used.add(pack);
    for (const { id, offset, length } of content.blobs) {
      this.places.set(id, { pack, offset, length });
      this.#pending.delete(id);
    }
  }
}

/** The blobs in the order of their groups, each behind the one before. */
function layOut(open: readonly OpenBlob[]): (PackedBlob & OpenBlob)[] {
  let offset = 0;
  return open
    .toSorted((a, b) => a.group - b.group)
    .map((blob) => {
      const placed = { ...blob, offset };
      offset += blob.length;
      return placed;
    });
}
