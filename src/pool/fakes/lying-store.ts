import type { PackId } from "../../codec/index.ts";
import { HoldfastError } from "../../platform/index.ts";
import type { HeldPiece, PieceStore, ProvenLeaves, Reservation } from "../../store/index.ts";

/** Gets leaves that a liar is asked for from somebody who has them. */
export type Borrow = (pack: PackId, index: number, firstLeaf: number, leafCount: number) => Promise<ProvenLeaves>;

interface Pretended {
  readonly piece: HeldPiece;
  readonly label: Uint8Array;
}

/** A store that acknowledges pieces and keeps none. Asked for one, it says that it is not there, or borrows it from elsewhere. */
export class LyingStore implements PieceStore {
  readonly #inner: PieceStore;
  readonly #borrow: Borrow | undefined;
  readonly #pretended = new Map<string, Pretended>();

  /** @param inner what it would have kept, and what it says of its space */
  constructor(inner: PieceStore, borrow?: Borrow) {
    this.#inner = inner;
    this.#borrow = borrow;
  }

  get capacityBytes(): number {
    return this.#inner.capacityBytes;
  }

  get usedBytes(): number {
    return [...this.#pretended.values()].reduce((sum, { piece }) => sum + piece.sizeBytes, 0);
  }

  resize(capacityBytes: number): void {
    this.#inner.resize(capacityBytes);
  }

  availableBytes(): Promise<number> {
    return this.#inner.availableBytes();
  }

  reserve(sizeBytes: number): Promise<Reservation> {
    return this.#inner.reserve(sizeBytes);
  }

  async put(piece: HeldPiece, label: Uint8Array, source: AsyncIterable<Uint8Array>, reservation: Reservation): Promise<void> {
    for await (const part of source) void part;
    reservation.release();
    this.#pretended.set(nameOf(piece.pack, piece.index), { piece, label });
  }

  held(pack: PackId, index: number): HeldPiece | undefined {
    return this.#pretended.get(nameOf(pack, index))?.piece;
  }

  remains(): undefined {
    return undefined;
  }

  listRemains(): HeldPiece[] {
    return [];
  }

  list(after: { readonly pack: PackId; readonly index: number } | undefined, limit: number): HeldPiece[] {
    const names = [...this.#pretended.keys()].sort().filter((name) => after === undefined || name > nameOf(after.pack, after.index));
    return names.slice(0, limit).map((name) => this.#pretended.get(name)!.piece);
  }

  async packRecord(pack: PackId, index: number): Promise<Uint8Array> {
    const pretended = this.#pretended.get(nameOf(pack, index));
    if (pretended === undefined) throw new HoldfastError("PIECE_MISSING", "not even pretended");
    return pretended.label;
  }

  read(): Promise<Uint8Array> {
    throw new HoldfastError("PIECE_MISSING", "it was never kept");
  }

  async readProven(pack: PackId, index: number, firstLeaf: number, leafCount: number): Promise<ProvenLeaves> {
    if (this.#borrow === undefined) throw new HoldfastError("PIECE_MISSING", "it was never kept");
    return await this.#borrow(pack, index, firstLeaf, leafCount);
  }

  async remove(pack: PackId, index: number): Promise<void> {
    this.#pretended.delete(nameOf(pack, index));
  }

  async removeRemains(): Promise<void> {}
}

function nameOf(pack: PackId, index: number): string {
  return `${pack}/${index}`;
}
