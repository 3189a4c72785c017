import type { BlobId, PackId } from "../codec/index.ts";
import type { Env } from "../platform/index.ts";
import { Breathing } from "../platform/index.ts";
import type { PackInfo, PackUse, PackedBlob, Redundancy } from "../pool/index.ts";
import { isReadable } from "../pool/index.ts";
import type { BlobIndex } from "./blob-index.ts";
import { DriveError } from "./errors.ts";
import { toleranceOf } from "./suffices.ts";

export interface UsageParts {
  readonly env: Env;
  readonly index: Pick<BlobIndex, "everywhere">;
  readonly info: (pack: PackId) => PackInfo | undefined;
  readonly isCondemned: (pack: PackId) => boolean;
  /** Packs on which uploads under way rely: they are used as they are. */
  readonly underWay: ReadonlySet<PackId>;
}

/** A pack that is used, and how much of it. */
export interface UsedPack {
  readonly pack: PackId;
  readonly sizeBytes: number;
  /** How many, used or not. */
  readonly blobs: number;
  /** Of blobs for which no other pack is used. */
  readonly neededBytes: number;
  readonly redundancy: Redundancy;
  readonly isCondemned: boolean;
  /** An upload relies on it. */
  readonly isUnderWay: boolean;
}

interface Marks {
  /** A bit for each blob of the pack, by its number there: whether something refers to it. */
  readonly bits: Uint8Array;
  usedBytes: number;
  neededBytes: number;
  readonly instead: Set<PackId>;
}

/** What is compared to choose one of the packs in which a blob lies; the first difference decides, and the greater one is used. */
type Rank = readonly [isReadable: number, isWanted: number, tolerance: number, density: number, sizeBytes: number];

/**
 * Which packs are used for what. A blob may lie in several, because it was written anew: then one of them is used for it. That is one that can be
 * read rather than one that cannot, one that stays rather than one that is condemned, then the one that is to survive more losses, the one of which more
 * is used, the larger one, and the one with the greater id. All devices of a person that know the same records choose the same.
 *
 * Takes a bit for each blob. First everything that is referred to is marked, then `settle` is called, and then there are answers.
 */
export class Usage implements PackUse {
  readonly #with: UsageParts;
  readonly #marks = new Map<PackId, Marks>();
  readonly #ranks = new Map<PackId, Rank>();

  constructor(parts: UsageParts) {
    this.#with = parts;
  }

  /** Notes that something refers to the blob. @throws DriveError UNAVAILABLE when it lies nowhere */
  mark(id: BlobId): void {
    let isAnywhere = false;
    for (const { pack, at, length } of this.#with.index.everywhere(id)) {
      isAnywhere = true;
      const marks = this.#marks.get(pack) ?? this.#begin(pack);
      if (this.#isMarked(pack, at)) continue;
      marks.bits[at >> 3]! |= 1 << (at & 7);
      marks.usedBytes += length;
    }
    if (!isAnywhere) throw new DriveError("UNAVAILABLE", "A part of this content is in no pack that this host knows. Wait until the host has caught up with the others, and try again.");
  }

  /** Chooses, for each blob that was marked, the pack that is used for it. A person may have very many: others have their turn in between. */
  async settle(signal: AbortSignal): Promise<void> {
    const breathing = new Breathing(this.#with.env, signal);
    for (const [pack, marks] of this.#marks) {
      for (const { id, length } of this.#marked(pack)) {
        await breathing.breathe();
        const chosen = this.#chosen(id);
        if (chosen === pack) marks.neededBytes += length;
        else if (chosen !== undefined) marks.instead.add(chosen);
      }
    }
  }

  has(pack: PackId): boolean {
    return this.#with.underWay.has(pack) || (this.#marks.get(pack)?.neededBytes ?? 0) > 0;
  }

  *insteadOf(pack: PackId): Generator<PackId> {
    yield* this.#marks.get(pack)?.instead ?? [];
  }

  /** The packs that are used, in the order of their ids. */
  async *packs(signal: AbortSignal): AsyncGenerator<UsedPack> {
    const breathing = new Breathing(this.#with.env, signal);
    for (const pack of [...this.#marks.keys()].sort()) {
      await breathing.breathe();
      const { neededBytes } = this.#marks.get(pack)!;
      const info = this.#with.info(pack);
      if (neededBytes === 0 || info === undefined) continue;
      yield { pack, sizeBytes: info.sizeBytes, blobs: info.blobs.length, neededBytes, redundancy: info.redundancy, isCondemned: this.#with.isCondemned(pack), isUnderWay: this.#with.underWay.has(pack) };
    }
  }

  /** The blobs for which the pack is used, in their order. */
  needed(pack: PackId): PackedBlob[] {
    return [...this.#marked(pack)].filter(({ id }) => this.#chosen(id) === pack);
  }

  *#marked(pack: PackId): Generator<PackedBlob> {
    for (const [at, blob] of (this.#with.info(pack)?.blobs ?? []).entries()) if (this.#isMarked(pack, at)) yield blob;
  }

  #isMarked(pack: PackId, at: number): boolean {
    return ((this.#marks.get(pack)?.bits[at >> 3] ?? 0) & (1 << (at & 7))) !== 0;
  }

  #chosen(id: BlobId): PackId | undefined {
    let best: PackId | undefined;
    // A pack that has come since the marks were made has none, and is not chosen before the next look.
    for (const { pack, at } of this.#with.index.everywhere(id)) if (this.#isMarked(pack, at) && (best === undefined || this.#isBetter(pack, best))) best = pack;
    return best;
  }

  #isBetter(one: PackId, other: PackId): boolean {
    const [a, b] = [this.#rank(one), this.#rank(other)];
    const at = a.findIndex((each, number) => each !== b[number]);
    return at < 0 ? one > other : a[at]! > b[at]!;
  }

  #rank(pack: PackId): Rank {
    const known = this.#ranks.get(pack);
    if (known !== undefined) return known;
    const info = this.#with.info(pack);
    const rank: Rank = info === undefined ? [-1, 0, 0, 0, 0] : [isReadable(info) ? 1 : 0, this.#with.isCondemned(pack) ? 0 : 1, toleranceOf(info.redundancy), (this.#marks.get(pack)?.usedBytes ?? 0) / info.sizeBytes, info.sizeBytes];
    this.#ranks.set(pack, rank);
    return rank;
  }

  #begin(pack: PackId): Marks {
    const marks = { bits: new Uint8Array(Math.ceil((this.#with.info(pack)?.blobs.length ?? 0) / 8)), usedBytes: 0, neededBytes: 0, instead: new Set<PackId>() };
    this.#marks.set(pack, marks);
    return marks;
  }
}

/** Pieces in sight beyond those that a reader needs. */
function sparePieces({ redundancy, pieces, holders }: PackInfo): number {
  return redundancy.kind === "code" ? new Set(pieces.map(({ index }) => index)).size - redundancy.k : holders.length - 1;
}

/** What is taken off, more than any pack has pieces. */
const CONDEMNED = 10_000;
const UNREADABLE = 10 * CONDEMNED;

/** How well a pack can be read: by its pieces to spare, one that is condemned last, and one that cannot be read now behind it. */
export function worthOf(info: PackInfo | undefined, isCondemned: boolean): number {
  if (info === undefined) return -UNREADABLE;
  return sparePieces(info) - (isCondemned ? CONDEMNED : 0) - (isReadable(info) ? 0 : UNREADABLE);
}
