import { concatBytes, equalBytes } from "../codec/index.ts";
import { hasher, sha256 } from "./hash.ts";

// The tree of RFC 6962, section 2.1: leaves and inner nodes are hashed under different prefixes, and a left
// subtree is the largest complete one. So no inner node can pass for a leaf, and no leaf need be doubled.
const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** Below this size it is quicker to copy a leaf behind its prefix than to make a hasher that takes the two one after the other. */
const COPIED_MAX = 8 * 1024;

export function leafHash(leaf: Uint8Array): Uint8Array {
  if (leaf.length <= COPIED_MAX) return sha256(concatBytes(LEAF, leaf));
  const hash = hasher();
  hash.update(LEAF);
  hash.update(leaf);
  return hash.digest();
}

function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(concatBytes(NODE, left, right));
}

/** The largest power of two below `count`, which is 2 at least. */
function split(count: number): number {
  return 2 ** (31 - Math.clz32(count - 1));
}

/** The root over hashed leaves. No leaves have the hash of nothing. */
export function merkleRoot(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return sha256(new Uint8Array(0));
  if (leaves.length === 1) return leaves[0]!;
  const middle = split(leaves.length);
  return nodeHash(merkleRoot(leaves.slice(0, middle)), merkleRoot(leaves.slice(middle)));
}

/** The hashes beside the way from leaf `index` up to the root, lowest first. */
export function merklePath(leaves: readonly Uint8Array[], index: number): Uint8Array[] {
  if (leaves.length <= 1) return [];
  const middle = split(leaves.length);
  const [left, right] = [leaves.slice(0, middle), leaves.slice(middle)];
  return index < middle ? [...merklePath(left, index), merkleRoot(right)] : [...merklePath(right, index - middle), merkleRoot(left)];
}

/** The root that a leaf and its path lead to, or undefined when the path has the wrong length for the place. */
export function merkleRootFromPath(leaf: Uint8Array, index: number, count: number, path: readonly Uint8Array[]): Uint8Array | undefined {
  if (index >= count) return undefined;
  if (count === 1) return path.length === 0 ? leaf : undefined;
  const beside = path.at(-1);
  if (beside === undefined) return undefined;
  const middle = split(count);
  const rest = path.slice(0, -1);
  if (index < middle) {
    const left = merkleRootFromPath(leaf, index, middle, rest);
    return left && nodeHash(left, beside);
  }
  const right = merkleRootFromPath(leaf, index - middle, count - middle, rest);
  return right && nodeHash(beside, right);
}

/** The hashes that prove leaves `from` (inclusive) to `to` (exclusive), in the order in which `verifyRange` takes them. */
export function rangeProof(leaves: readonly Uint8Array[], from: number, to: number): Uint8Array[] {
  if (to <= 0 || from >= leaves.length) return [merkleRoot(leaves)];
  if (from <= 0 && to >= leaves.length) return [];
  const middle = split(leaves.length);
  return [...rangeProof(leaves.slice(0, middle), from, to), ...rangeProof(leaves.slice(middle), from - middle, to - middle)];
}

/** Whether `leaves` are the hashed leaves from `from` on, of `count` in all, under `root`. */
export function verifyRange(root: Uint8Array, count: number, from: number, leaves: readonly Uint8Array[], proof: readonly Uint8Array[]): boolean {
  const to = from + leaves.length;
  if (leaves.length === 0 || to > count) return false;
  let next = 0;
  const fold = (first: number, width: number): Uint8Array | undefined => {
    if (first + width <= from || first >= to) return proof[next++];
    if (width === 1) return leaves[first - from];
    const middle = split(width);
    const left = fold(first, middle);
    const right = fold(first + middle, width - middle);
    return left && right && nodeHash(left, right);
  };
  const found = fold(0, count);
  return found !== undefined && next === proof.length && equalBytes(found, root);
}
