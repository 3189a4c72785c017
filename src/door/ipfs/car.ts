import type { BlobId } from "../../codec/index.ts";
import { DAG_PB, bytesOfBlobId, codecOfBlobId } from "../../codec/index.ts";
import { readNode } from "../../site/index.ts";

/** How much of what a path leads to is sent: the block alone, the file or folder, or all below. */
export type Scope = "block" | "entity" | "all";

/** DAG-CBOR of {roots: [CID], version: 1} around the 36 bytes of the CID, which has the identity prefix 00 in front. */
const HEAD_BEFORE = Buffer.from("a265726f6f747381d82a582500", "hex");
const HEAD_AFTER = Buffer.from("6776657273696f6e01", "hex");

/**
 * A CARv1 stream (https://ipld.io/specs/transport/car/carv1/): the blocks on the way to the target, then the target's in depth-first order,
 * each once. Holds one block, the links still to follow, and the ids of what was sent.
 * @param way the blocks from the root to the target, the target's last
 */
export async function* carOf(root: BlobId, way: readonly { readonly id: BlobId; readonly bytes: Uint8Array }[], scope: Scope, block: (id: BlobId) => Promise<Uint8Array>): AsyncGenerator<Uint8Array> {
  const head = Buffer.concat([HEAD_BEFORE, bytesOfBlobId(root), HEAD_AFTER]);
  yield Buffer.concat([varint(head.length), head]);
  const sent = new Set<BlobId>();
  for (const { id, bytes } of way) {
    if (sent.has(id)) continue;
    sent.add(id);
    yield section(id, bytes);
  }
  const target = way.at(-1)!;
  const rest = below(target.id, target.bytes, scope).reverse();
  for (let id = rest.pop(); id !== undefined; id = rest.pop()) {
    if (sent.has(id)) continue;
    sent.add(id);
    const bytes = await block(id);
    yield section(id, bytes);
    // Of a folder's shards only further shards belong to it; whatever lies below a file does.
    rest.push(...below(id, bytes, scope).reverse());
  }
}

const SHARD_LABEL_LETTERS = 2;

function below(id: BlobId, bytes: Uint8Array, scope: Scope): BlobId[] {
  if (scope === "block" || codecOfBlobId(id) !== DAG_PB) return [];
  const { kind, links } = readNode(bytes);
  if (scope === "all" || kind === "file") return links.map((link) => link.id);
  return kind === "shard" ? links.filter((link) => link.name.length === SHARD_LABEL_LETTERS).map((link) => link.id) : [];
}

function section(id: BlobId, bytes: Uint8Array): Uint8Array {
  const cid = bytesOfBlobId(id);
  return Buffer.concat([varint(cid.length + bytes.length), cid, bytes]);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.from([...bytes, rest]);
    bytes.push((rest % 128) | 128);
  }
}
