import { leafHash, merkleRoot, verifyRange } from "../../crypto/index.ts";
import type { Env } from "../../platform/index.ts";
import type { ProvenLeaves } from "../../store/index.ts";
import { LEAF_BYTES } from "../../store/index.ts";

/** How many leaves a piece of this size has. */
export function leafCountOf(sizeBytes: number): number {
  return Math.ceil(sizeBytes / LEAF_BYTES);
}

function leafHashes(bytes: Uint8Array): Uint8Array[] {
  return Array.from({ length: leafCountOf(bytes.length) }, (_, leaf) => leafHash(bytes.subarray(leaf * LEAF_BYTES, (leaf + 1) * LEAF_BYTES)));
}

/** The Merkle root over a piece's leaves of 64 KiB, the last one shorter. RFC 6962, section 2.1. */
export function rootOf(piece: Uint8Array): Uint8Array {
  return merkleRoot(leafHashes(piece));
}

/** 1 MiB: half a millisecond of hashing where the processor has instructions for SHA-256, and three where it has not. */
const STRETCH_BYTES = 16 * LEAF_BYTES;

/** Like `rootOf`, letting others have their turn now and then: a writer must not make a reader wait for 16 MiB of hashing. */
export async function rootOfPatiently(env: Env, piece: Uint8Array): Promise<Uint8Array> {
  const hashes: Uint8Array[] = [];
  for (let at = 0; at < piece.length; at += STRETCH_BYTES) {
    if (at > 0) await env.timers.sleep(0);
    hashes.push(...leafHashes(piece.subarray(at, at + STRETCH_BYTES)));
  }
  return merkleRoot(hashes);
}

/** Whether these are the piece's leaves from `firstLeaf` to the given end, and nothing else. */
export function areProven(leaves: ProvenLeaves, root: Uint8Array, pieceBytes: number, firstLeaf: number, sizeBytes: number): boolean {
  if (leaves.firstLeaf !== firstLeaf || leaves.bytes.length !== sizeBytes) return false;
  return verifyRange(root, leafCountOf(pieceBytes), firstLeaf, leafHashes(leaves.bytes), leaves.proof);
}
