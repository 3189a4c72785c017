import type { BlobId, NamespaceId, PackId } from "../codec/index.ts";
import type { Env } from "../platform/index.ts";
import { Breathing } from "../platform/index.ts";
import type { Extent, PackInfo, PackedBlob, Pool } from "../pool/index.ts";

const FIRST_SLOTS = 1024;
/** Packs whose list of blobs is kept at hand. */
const KEPT_PACKS = 64;
const EMPTY = 0;
/** Numbers for each blob. */
const SLOT = 3;

/** A blob of a pack, and its number there. */
interface ListedBlob extends PackedBlob {
  readonly at: number;
}

/** One of the packs in which a blob lies. */
export interface BlobPlace {
  readonly pack: PackId;
  /** The blob's number in the pack's list. */
  readonly at: number;
  readonly length: number;
}

/**
 * Where each blob of a namespace lies, for all its packs: what tells a second upload of the same text that it is there already, and finds a
 * blob whose pack has been written anew. Some 36 bytes a blob: a table of short sums of ids leads to packs, whose signed records have the
 * last word.
 */
export class BlobIndex {
  readonly #env: Env;
  readonly #pool: Pick<Pool, "info" | "packs">;
  readonly #namespace: NamespaceId;
  readonly #packs: PackId[] = [];
  readonly #known = new Set<PackId>();
  readonly #kept = new Map<PackId, ReadonlyMap<BlobId, ListedBlob>>();
  /** By turns: two sums of an id, of which the second says where it stands, and the number of its pack plus one. */
  #slots = new Uint32Array(FIRST_SLOTS * SLOT);
  #count = 0;
  #building: Promise<void> | undefined;
  #isReady = false;

  constructor(env: Env, pool: Pick<Pool, "info" | "packs">, namespace: NamespaceId) {
    this.#env = env;
    this.#pool = pool;
    this.#namespace = namespace;
  }

  /** Resolves when all packs that this host knew when it was first called are in. After a failure the next call looks again. */
  ready(): Promise<void> {
    this.#building ??= this.#build().catch((error: unknown) => {
      this.#building = undefined;
      throw error;
    });
    return this.#building;
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  /** Takes a pack in that has come to be known, unless it is in already. */
  learn(pack: PackId): void {
    if (this.#known.has(pack)) return;
    const info = this.#pool.info(this.#namespace, pack);
    if (info !== undefined) this.#take(info);
  }

  /**
   * Where the blob lies by the word of a pack that is there now.
   * @param hint a pack that is looked into first
   * @param suits leaves out packs that will not do
   */
  find(id: BlobId, hint?: PackId, suits: (pack: PackId) => boolean = () => true): Extent | undefined {
    const hinted = hint === undefined ? undefined : this.#within(hint, id);
    if (hinted !== undefined && suits(hinted.pack)) return hinted;
    for (const pack of this.#candidates(id)) {
      const found = this.#within(pack, id);
      if (found !== undefined && suits(pack)) return found;
    }
    return undefined;
  }

  /** Where the blob lies, in the pack of which `worth` says most; of equals in the one with the greater id, so that neighbours are found together. */
  best(id: BlobId, worth: (pack: PackId) => number): Extent | undefined {
    const packs = [...this.everywhere(id)].map(({ pack }) => ({ pack, worth: worth(pack) }));
    const [first] = packs.sort((a, b) => b.worth - a.worth || (a.pack > b.pack ? -1 : 1));
    return first === undefined ? undefined : this.#within(first.pack, id);
  }

  /** Every pack that is there now and has the blob. */
  *everywhere(id: BlobId): Generator<BlobPlace> {
    for (const pack of this.#candidates(id)) {
      const blob = this.#blobsOf(pack)?.get(id);
      if (blob !== undefined) yield { pack, at: blob.at, length: blob.length };
    }
  }

  async #build(): Promise<void> {
    const breathing = new Breathing(this.#env);
    for (const info of this.#pool.packs(this.#namespace)) {
      if (!this.#known.has(info.pack)) this.#take(info);
      await breathing.breathe();
    }
    this.#isReady = true;
  }

  #take({ pack, blobs }: PackInfo): void {
    this.#known.add(pack);
    const number = this.#packs.push(pack);
    for (const { id } of blobs) this.#put(sumOf(id), homeOf(id), number);
  }

  #put(sum: number, home: number, number: number): void {
    if ((this.#count + 1) * 2 * SLOT > this.#slots.length) this.#grow();
    insert(this.#slots, sum, home, number);
    this.#count += 1;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(old.length * 2);
    for (let at = 0; at < old.length; at += SLOT) if (old[at + 2] !== EMPTY) insert(this.#slots, old[at]!, old[at + 1]!, old[at + 2]!);
  }

  *#candidates(id: BlobId): Generator<PackId> {
    const [sum, home] = [sumOf(id), homeOf(id)];
    const slots = this.#slots.length / SLOT;
    for (let at = home % slots; this.#slots[at * SLOT + 2] !== EMPTY; at = (at + 1) % slots) {
      if (this.#slots[at * SLOT] === sum && this.#slots[at * SLOT + 1] === home) yield this.#packs[this.#slots[at * SLOT + 2]! - 1]!;
    }
  }

  #within(pack: PackId, id: BlobId): Extent | undefined {
    const blob = this.#blobsOf(pack)?.get(id);
    return blob === undefined ? undefined : { pack, offset: blob.offset, length: blob.length };
  }

  #blobsOf(pack: PackId): ReadonlyMap<BlobId, ListedBlob> | undefined {
    // Asked each time: a pack that was deleted has nothing any longer.
    const info = this.#pool.info(this.#namespace, pack);
    if (info === undefined) return undefined;
    const kept = this.#kept.get(pack) ?? new Map(info.blobs.map((blob, at) => [blob.id, { ...blob, at }]));
    this.#kept.delete(pack);
    this.#kept.set(pack, kept);
    if (this.#kept.size > KEPT_PACKS) this.#kept.delete(this.#kept.keys().next().value!);
    return kept;
  }
}

function insert(slots: Uint32Array, sum: number, home: number, number: number): void {
  const count = slots.length / SLOT;
  let at = home % count;
  while (slots[at * SLOT + 2] !== EMPTY) at = (at + 1) % count;
  slots.set([sum, home, number], at * SLOT);
}

// An id is the text of a hash, so that any of its letters are as good as random: two runs of them, mixed by FNV-1a.
function mixed(id: BlobId, from: number, to: number): number {
  let sum = 0x811c9dc5;
  for (let at = from; at < to; at += 1) sum = Math.imul(sum ^ id.charCodeAt(at), 0x01000193);
  return sum >>> 0;
}

function sumOf(id: BlobId): number {
  return mixed(id, 16, 32);
}

function homeOf(id: BlobId): number {
  return mixed(id, 32, 48);
}
