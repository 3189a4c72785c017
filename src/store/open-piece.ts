import { equalBytes } from "../codec/index.ts";
import { leafHash, merkleRoot, rangeProof } from "../crypto/index.ts";
import { codeOf } from "../platform/index.ts";
import { readAt } from "./files.ts";
import type { OpenFile, ReadFile } from "./files.ts";
import { Damage, HASH_BYTES, leafCountOf, readTrailer } from "./piece-trailer.ts";
import type { Trailer } from "./piece-trailer.ts";
import { LEAF_BYTES } from "./port.ts";
import type { HeldPiece } from "./port.ts";

/** Of a damaged trailer the record is not known. */
type KnownTrailer = Omit<Trailer, "packRecord"> & { readonly packRecord: Uint8Array | undefined };

/** A piece's file held open, its trailer checked once and kept: 8 KiB for 16 MiB of content. */
export class OpenPiece {
  readonly #file: ReadFile;
  readonly #trailer: KnownTrailer;

  private constructor(file: ReadFile, trailer: KnownTrailer) {
    this.#file = file;
    this.#trailer = trailer;
  }

  /**
   * Opens a piece's file and checks that it is the piece that the index promises.
   * @throws Damage, and whatever the operating system throws
   */
  static async open(openFile: OpenFile, path: string, expected: HeldPiece): Promise<OpenPiece> {
    const file = await openFile(path);
    try {
      const trailer = await readTrailer(file);
      if (!isSamePiece(trailer.piece, expected)) throw new Damage("it is another piece than the index says");
      return new OpenPiece(file, trailer);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /**
   * Opens what remains of a piece. Where its trailer is damaged, the leaf hashes in it still count if they lead to the piece's root, and else those of
   * its content, if they do. Where the disk does not give all that was tried, what it gives later may.
   * @throws NothingLeft, and whatever the operating system throws
   */
  static async openRemains(openFile: OpenFile, path: string, expected: HeldPiece): Promise<OpenPiece> {
    const file = await openFile(path);
    let refusal: Error | undefined;
    const noneIfDamaged = (error: unknown): undefined => {
      if (error instanceof Error && codeOf(error) === "EIO") refusal = error;
      else if (!(error instanceof Damage)) throw error;
    };
    try {
      const trailer = await readTrailer(file).catch(noneIfDamaged);
      if (trailer !== undefined && isSamePiece(trailer.piece, expected)) return new OpenPiece(file, trailer);
      for (const leavesOf of [storedLeaves, computedLeaves]) {
        const leaves = await leavesOf(file, expected.sizeBytes).catch(noneIfDamaged);
        if (leaves !== undefined && equalBytes(merkleRoot(leaves), expected.root)) return new OpenPiece(file, { piece: expected, leaves, packRecord: undefined });
      }
      throw refusal ?? new NothingLeft("nothing in it leads to its root");
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** @throws Damage */
  get packRecord(): Uint8Array {
    const { packRecord } = this.#trailer;
    if (packRecord === undefined) throw new Damage("its record is damaged");
    return packRecord;
  }

  /** The bytes of `count` leaves, each checked. The last leaf of a piece may be short. @throws Damage */
  async readLeaves(first: number, count: number): Promise<Uint8Array> {
    const { piece, leaves } = this.#trailer;
    const start = first * LEAF_BYTES;
    const bytes = await readAt(this.#file, start, Math.min(count * LEAF_BYTES, piece.sizeBytes - start));
    for (let at = 0; at < count; at += 1) {
      const leaf = bytes.subarray(at * LEAF_BYTES, (at + 1) * LEAF_BYTES);
      if (!equalBytes(leafHash(leaf), leaves[first + at]!)) throw new Damage(`leaf ${first + at} does not match its hash`);
    }
    return bytes;
  }

  proof(first: number, count: number): Uint8Array[] {
    return rangeProof(this.#trailer.leaves, first, first + count);
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

export function isSamePiece(a: HeldPiece, b: HeldPiece): boolean {
  return a.pack === b.pack && a.index === b.index && a.sizeBytes === b.sizeBytes && equalBytes(a.root, b.root);
}

/** Of a damaged piece no leaf can be told from a wrong one. */
export class NothingLeft extends Damage {}

async function storedLeaves(file: ReadFile, sizeBytes: number): Promise<Uint8Array[]> {
  const count = leafCountOf(sizeBytes);
  const hashes = await readAt(file, sizeBytes, count * HASH_BYTES);
  return Array.from({ length: count }, (_, leaf) => hashes.subarray(leaf * HASH_BYTES, (leaf + 1) * HASH_BYTES));
}

/** Leaf by leaf, so that others have their turn. */
async function computedLeaves(file: ReadFile, sizeBytes: number): Promise<Uint8Array[]> {
  const leaves: Uint8Array[] = [];
  for (let at = 0; at < sizeBytes; at += LEAF_BYTES) leaves.push(leafHash(await readAt(file, at, Math.min(LEAF_BYTES, sizeBytes - at))));
  return leaves;
}
