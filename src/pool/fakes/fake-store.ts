import type { PackId } from "../../codec/index.ts";
import { concatBytes, equalBytes } from "../../codec/index.ts";
import { leafHash, merkleRoot, rangeProof } from "../../crypto/index.ts";
import { HoldfastError } from "../../platform/index.ts";
import type { HeldPiece, PieceStore, ProvenLeaves, Reservation, SegmentCache } from "../../store/index.ts";
import { LEAF_BYTES } from "../../store/index.ts";

interface Kept {
  readonly piece: HeldPiece;
  readonly label: Uint8Array;
  readonly bytes: Uint8Array;
  /** Hashes of the leaves as they were when the piece was put. */
  readonly leaves: readonly Uint8Array[];
}

/** A piece store in memory, by the store's port. Its bytes can be spoilt. */
export class FakeStore implements PieceStore {
  capacityBytes: number;
  readonly #kept = new Map<string, Kept>();
  /** Names of those that were found to be spoilt: not held any more, but for what is right of them. */
  readonly #spoilt = new Set<string>();
  #reserved = 0;

  constructor(capacityBytes: number) {
    this.capacityBytes = capacityBytes;
  }

  get usedBytes(): number {
    return [...this.#kept].reduce((sum, [name, { piece }]) => sum + (this.#spoilt.has(name) ? 0 : piece.sizeBytes), 0);
  }

  resize(capacityBytes: number): void {
    this.capacityBytes = capacityBytes;
  }

  get reservedBytes(): number {
    return this.#reserved;
  }

  async availableBytes(): Promise<number> {
    return this.capacityBytes - this.usedBytes - this.#reserved;
  }

  async reserve(sizeBytes: number): Promise<Reservation> {
    const left = await this.availableBytes();
    if (sizeBytes > left) throw new HoldfastError("STORE_FULL", `the store is full: ${left} bytes are left`);
    this.#reserved += sizeBytes;
    let isOpen = true;
    return {
      release: () => {
        if (isOpen) this.#reserved -= sizeBytes;
        isOpen = false;
      },
    };
  }

  async put(piece: HeldPiece, label: Uint8Array, source: AsyncIterable<Uint8Array>, reservation: Reservation, signal?: AbortSignal): Promise<void> {
    const name = nameOf(piece.pack, piece.index);
    const parts: Uint8Array[] = [];
    try {
      if (this.#isHeld(name)) return;
      // Copies are taken as a disk would take them: what is changed afterwards at its origin stays as it was here.
      for await (const part of source) parts.push(part.slice());
      signal?.throwIfAborted();
    } finally {
      reservation.release();
    }
    const bytes = concatBytes(...parts);
    const leaves = leavesOf(bytes);
    if (bytes.length !== piece.sizeBytes || !equalBytes(merkleRoot(leaves), piece.root)) throw new HoldfastError("PIECE_MISMATCH", "the piece is not what it should be");
    if (this.#isHeld(name)) return;
    this.#kept.set(name, { piece, label: label.slice(), bytes, leaves });
    this.#spoilt.delete(name);
  }

  #isHeld(name: string): boolean {
    return this.#kept.has(name) && !this.#spoilt.has(name);
  }

  held(pack: PackId, index: number): HeldPiece | undefined {
    const name = nameOf(pack, index);
    return this.#isHeld(name) ? this.#kept.get(name)!.piece : undefined;
  }

  remains(pack: PackId, index: number): HeldPiece | undefined {
    const name = nameOf(pack, index);
    return this.#spoilt.has(name) ? this.#kept.get(name)!.piece : undefined;
  }

  listRemains(): HeldPiece[] {
    return [...this.#spoilt].map((name) => this.#kept.get(name)!.piece);
  }

  list(after: { readonly pack: PackId; readonly index: number } | undefined, limit: number): HeldPiece[] {
    const names = [...this.#kept.keys()].filter((name) => this.#isHeld(name)).sort().filter((name) => after === undefined || name > nameOf(after.pack, after.index));
    return names.slice(0, limit).map((name) => this.#kept.get(name)!.piece);
  }

  async packRecord(pack: PackId, index: number): Promise<Uint8Array> {
    return this.#get(pack, index).label;
  }

  async read(pack: PackId, index: number, offset: number, length: number): Promise<Uint8Array> {
    const kept = this.#get(pack, index);
    const firstLeaf = Math.floor(offset / LEAF_BYTES);
    this.#check(kept, firstLeaf, Math.ceil((offset + length) / LEAF_BYTES) - firstLeaf);
    return kept.bytes.subarray(offset, offset + length);
  }

  async readProven(pack: PackId, index: number, firstLeaf: number, leafCount: number): Promise<ProvenLeaves> {
    const kept = this.#get(pack, index);
    if (this.#spoilt.has(nameOf(pack, index))) this.#check(kept, firstLeaf, leafCount);
    return { firstLeaf, bytes: kept.bytes.subarray(firstLeaf * LEAF_BYTES, (firstLeaf + leafCount) * LEAF_BYTES), proof: rangeProof(kept.leaves, firstLeaf, firstLeaf + leafCount) };
  }

  async remove(pack: PackId, index: number): Promise<void> {
    this.#kept.delete(nameOf(pack, index));
    this.#spoilt.delete(nameOf(pack, index));
  }

  async removeRemains(pack: PackId, index: number): Promise<void> {
    if (this.#spoilt.has(nameOf(pack, index))) await this.remove(pack, index);
  }

  /** Changes a byte of a piece in place; `readProven` then lies, as a hostile host would, until `read` has found it. */
  spoil(pack: PackId, offset = 0, index = 0): void {
    this.#get(pack, index).bytes[offset]! ^= 1;
  }

  #check({ piece, bytes, leaves }: Kept, firstLeaf: number, leafCount: number): void {
    const found = leavesOf(bytes.subarray(firstLeaf * LEAF_BYTES, (firstLeaf + leafCount) * LEAF_BYTES));
    if (found.every((leaf, at) => equalBytes(leaf, leaves[firstLeaf + at]!))) return;
    this.#spoilt.add(nameOf(piece.pack, piece.index));
    throw new HoldfastError("PIECE_DAMAGED", "the piece is damaged and has been put into quarantine");
  }

  #get(pack: PackId, index: number): Kept {
    const kept = this.#kept.get(nameOf(pack, index));
    if (kept === undefined) throw new HoldfastError("PIECE_MISSING", "the piece is not here");
    return kept;
  }
}

function leavesOf(bytes: Uint8Array): Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / LEAF_BYTES) }, (_, leaf) => leafHash(bytes.subarray(leaf * LEAF_BYTES, (leaf + 1) * LEAF_BYTES)));
}

function nameOf(pack: PackId, index: number): string {
  return `${pack}/${index}`;
}

export class FakeCache implements SegmentCache {
  readonly #segments = new Map<string, Uint8Array>();

  get usedBytes(): number {
    return [...this.#segments.values()].reduce((sum, { length }) => sum + length, 0);
  }

  async get(pack: PackId, segment: number): Promise<Uint8Array | undefined> {
    return this.#segments.get(nameOf(pack, segment));
  }

  async put(pack: PackId, segment: number, bytes: Uint8Array): Promise<void> {
    this.#segments.set(nameOf(pack, segment), bytes);
  }

  async clear(): Promise<void> {
    this.#segments.clear();
  }
}
