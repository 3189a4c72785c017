import type { BlobId } from "../../codec/index.ts";
import { DAG_PB, RAW, blobIdOf, bytesOfBlobId } from "../../codec/index.ts";
import { sha256 } from "../../crypto/index.ts";

/** Where a DAG's blocks go. Awaited, so that a slow taker slows the maker. */
export type BlockSink = (id: BlobId, bytes: Uint8Array) => Promise<void>;

/** A file or folder as its parent links to it. */
export interface DagNode {
  readonly id: BlobId;
  /** Bytes of the file, 0 for folders. */
  readonly sizeBytes: number;
  /** Bytes of all its blocks together: what UnixFS calls Tsize. */
  readonly dagBytes: number;
}

/** A chunk of a file, which is its own block. */
export function rawLeaf(bytes: Uint8Array): DagNode {
  return { id: blobIdOf(RAW, sha256(bytes)), sizeBytes: bytes.length, dagBytes: bytes.length };
}

export function dagPbId(bytes: Uint8Array): BlobId {
  return blobIdOf(DAG_PB, sha256(bytes));
}

export function cidOf(node: DagNode): Uint8Array {
  return bytesOfBlobId(node.id);
}
