import type { BlobId, NamespaceId } from "../codec/index.ts";
import { DAG_PB, RAW, blobIdOf, codecOfBlobId, concatBytes } from "../codec/index.ts";
import { sha256 } from "../crypto/index.ts";
import type { Extent, Pool } from "../pool/index.ts";
import { ABORTED_PREFIX, PACK_PREFIX, isPoolKey } from "../pool/index.ts";
import { SiteError } from "./errors.ts";

/** Blobs whose places are held at hand, of all sites together: some 200 bytes each. */
const PLACES_MAX = 400_000;

interface Index {
  /** What the site showed when the index was made. */
  readonly root: string;
  readonly places: ReadonlyMap<BlobId, Extent>;
  /** Whether each pack had a holder. Where one had none, the next claim may say of a block that it lies elsewhere. */
  readonly isHeld: boolean;
}

/** A site as far as its blocks go. */
export interface BlockOwner {
  readonly namespace: NamespaceId;
  readonly root: string;
}

/**
 * Finds the blocks of all sites by their ids. Where they lie is read from the records of a site's packs when it is first needed, and
 * again when the site has changed, or more of those records have come: a head can be here before its packs are, and a pack before its claims.
 */
export class Blocks {
  readonly #pool: Pool;
  readonly #placesMax: number;
  /** The site that was last asked of last. */
  readonly #indexes = new Map<NamespaceId, Index>();
  #places = 0;

  constructor(pool: Pool, placesMax = PLACES_MAX) {
    this.#pool = pool;
    this.#placesMax = placesMax;
  }

  /** The block's bytes, compared with its id; undefined when no site has it. @throws SiteError DAMAGED_SITE, and what the pool throws */
  async get(id: BlobId, owners: Iterable<BlockOwner>, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    // Nothing is never stored.
    if (id === EMPTY) return new Uint8Array(0);
    for (const owner of owners) {
      const place = this.#indexOf(owner).places.get(id);
      if (place === undefined) continue;
      this.#touch(owner.namespace);
      return this.#read(owner.namespace, id, place, signal);
    }
    return undefined;
  }

  /** Takes in what the records say now. */
  applied(namespace: NamespaceId, keys: readonly string[]): void {
    const index = this.#indexes.get(namespace);
    if (index === undefined) return;
    // Claims come and go with each repair; where all packs are held, they change nothing. A pack whose writer gave up is there no more.
    const comesOrGoes = (key: string): boolean => key.startsWith(PACK_PREFIX) || key.startsWith(ABORTED_PREFIX);
    if (keys.some(index.isHeld ? comesOrGoes : isPoolKey)) this.#forget(namespace);
  }

  async #read(namespace: NamespaceId, id: BlobId, { pack, offset, length }: Extent, signal: AbortSignal | undefined): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    for await (const part of this.#pool.read(namespace, pack, offset, length, signal === undefined ? {} : { signal })) parts.push(part);
    const bytes = concatBytes(...parts);
    const digest = sha256(bytes);
    if (blobIdOf(codecOfBlobId(id) === RAW ? RAW : DAG_PB, digest) !== id) throw new SiteError("DAMAGED_SITE", `The block ${id} is not where its pack says. Ask the site's owner to publish it again.`);
    return bytes;
  }

  #indexOf({ namespace, root }: BlockOwner): Index {
    const known = this.#indexes.get(namespace);
    if (known?.root === root) return known;
    const held = new Map<BlobId, Extent>();
    const unheld = new Map<BlobId, Extent>();
    for (const { pack, blobs, holders } of this.#pool.packs(namespace)) {
      const places = holders.length > 0 ? held : unheld;
      for (const { id, offset, length } of blobs) places.set(id, { pack, offset, length });
    }
    // What nobody is known to hold is not the same as what there is not: asked for, the pool says which.
    const places = unheld.size === 0 ? held : new Map([...unheld, ...held]);
    this.#forget(namespace);
    const index = { root, places, isHeld: unheld.size === 0 };
    this.#indexes.set(namespace, index);
    this.#places += places.size;
    for (const other of this.#indexes.keys()) {
      if (this.#places <= this.#placesMax || other === namespace) break;
      this.#forget(other);
    }
    return index;
  }

  #touch(namespace: NamespaceId): void {
    const index = this.#indexes.get(namespace)!;
    this.#indexes.delete(namespace);
    this.#indexes.set(namespace, index);
  }

  #forget(namespace: NamespaceId): void {
    this.#places -= this.#indexes.get(namespace)?.places.size ?? 0;
    this.#indexes.delete(namespace);
  }
}

const EMPTY = blobIdOf(RAW, sha256(new Uint8Array(0)));
