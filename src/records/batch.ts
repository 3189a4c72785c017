import type { Delegation, Signed } from "../cluster/index.ts";
import type { NetworkId } from "../codec/index.ts";
import type { KeyPair } from "../crypto/index.ts";
import { leafHash, merkleRoot, sign } from "../crypto/index.ts";
import type { Version } from "./merge.ts";
import type { Actor } from "./port.ts";
import type { RecordBody, Sealed } from "./record.ts";
import { recordCodec, sealCodec, signedBytes } from "./record.ts";

/** A record without what proves it, taken apart for the merge: all that a reader on this host needs. */
export interface UnsealedRecord extends Version {
  readonly body: RecordBody;
}

/** A record with what proves it. */
export interface StoredRecord extends UnsealedRecord {
  readonly sealed: Sealed;
  /** The hash of its leaf, where it has been worked out already. */
  readonly hash?: Uint8Array;
}

export function hashOf({ hash, sealed }: StoredRecord): Uint8Array {
  return hash ?? leafHash(sealed.leaf);
}

/** A record that was just proven, or sealed here. */
export interface Proven extends StoredRecord {
  /** The number of its batch. */
  readonly batch: number;
}

/** Signs records that are committed together. The simulator has one that costs nothing. */
export type Sealer = (actor: Actor, batch: number, bodies: readonly RecordBody[], delegation: Delegation | null) => readonly Proven[];

/** @param key the host's */
export function hostSealer(key: KeyPair, network: NetworkId): Sealer {
  return sealerWith((message) => sign(key, message), network);
}

/** @param signWith makes the 64 bytes of a signature */
export function sealerWith(signWith: (message: Uint8Array) => Uint8Array, network: NetworkId): Sealer {
  return (actor, batch, bodies, delegation) => {
    const leaves = bodies.map((body) => recordCodec.encode(body));
    const hashes = leaves.map(leafHash);
    const { root, paths } = treeOf(hashes);
    const header = { network, actor, batch, count: bodies.length, root };
    const seal = sealCodec.encode({ ...header, signature: signWith(signedBytes(header)), delegation });
    return bodies.map((body, index) => ({ ...taken(body, { seal, index, path: paths[index]!, leaf: leaves[index]! }), hash: hashes[index]!, batch }));
  };
}

export function taken(body: RecordBody, sealed: Sealed): StoredRecord {
  return { dot: body.dot, context: body.context, body, sealed };
}

/** Who signed a stored record, and as which of their batches. */
export function signedOf({ body: { author, dot }, sealed }: StoredRecord): Signed {
  return { ...dot.actor, author, batch: sealCodec.decode(sealed.seal).batch };
}

/** A record as it lies on the disk. It was proven before it was stored. */
export function fromSealed(sealed: Sealed): StoredRecord {
  return taken(recordCodec.decode(sealed.leaf), sealed);
}

export interface Tree {
  readonly root: Uint8Array;
  readonly paths: readonly (readonly Uint8Array[])[];
}

/** The root over hashed leaves and every leaf's path at once; leaf by leaf would hash the whole tree again for each. */
export function treeOf(hashes: readonly Uint8Array[]): Tree {
  if (hashes.length === 1) return { root: hashes[0]!, paths: [[]] };
  // RFC 6962: the left subtree is the largest complete one.
  const middle = 2 ** (31 - Math.clz32(hashes.length - 1));
  const left = treeOf(hashes.slice(0, middle));
  const right = treeOf(hashes.slice(middle));
  return {
    root: merkleRoot([left.root, right.root]),
    paths: [...left.paths.map((path) => [...path, right.root]), ...right.paths.map((path) => [...path, left.root])],
  };
}
