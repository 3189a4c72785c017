import type { BlobId } from "../../codec/index.ts";
import { concatBytes } from "../../codec/index.ts";
import type { BlockSink, DagNode } from "./block.ts";
import { cidOf, dagPbId, rawLeaf } from "./block.ts";
import { UNIXFS_V1_2025 } from "./profile.ts";
import { encodeNode, fileData } from "./protobuf.ts";

/** Ids all have one length, so any will do where only sizes matter. */
const STAND_IN = rawLeaf(new Uint8Array(0));

/** Cuts a stream into chunks of `chunkBytes`, the last one shorter. Holds one chunk; none comes from an empty stream. */
export async function* chunksOf(source: AsyncIterable<Uint8Array>, chunkBytes: number): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = [];
  let filled = 0;
  for await (const part of source) {
    for (let at = 0; at < part.length; ) {
      const piece = part.subarray(at, at + chunkBytes - filled);
      parts.push(piece);
      filled += piece.length;
      at += piece.length;
      if (filled < chunkBytes) continue;
      // Always a copy: a small view would keep the reader's whole buffer alive.
      yield concatBytes(...parts);
      parts = [];
      filled = 0;
    }
  }
  if (filled > 0) yield concatBytes(...parts);
}

/**
 * Builds the balanced tree over a file's chunks as they come. A level is closed into a node of the level above when it is full and one
 * more arrives, so never more than `width` links of each level are held, and all leaves end at the same depth.
 */
export class FileDag {
  readonly #sink: BlockSink;
  readonly #width: number;
  readonly #levels: DagNode[][] = [[]];
  #leaves = 0;

  constructor(sink: BlockSink, width: number) {
    this.#sink = sink;
    this.#width = width;
  }

  /** Takes the next leaf in; the caller keeps its bytes. */
  async add(leaf: DagNode): Promise<void> {
    this.#leaves += 1;
    await this.#push(0, leaf);
  }

  /** The file's root. A file of one chunk is that chunk, and an empty one the empty chunk. */
  async finish(): Promise<DagNode> {
    if (this.#leaves === 0) return rawLeaf(new Uint8Array(0));
    for (let level = 0; ; level += 1) {
      const nodes = this.#levels[level]!;
      const isTop = level === this.#levels.length - 1;
      if (isTop && nodes.length === 1 && (level > 0 || this.#leaves === 1)) return nodes[0]!;
      await this.#close(level);
    }
  }

  async #push(level: number, node: DagNode): Promise<void> {
    if (this.#levels.length === level) this.#levels.push([]);
    if (this.#levels[level]!.length === this.#width) await this.#close(level);
    this.#levels[level]!.push(node);
  }

  async #close(level: number): Promise<void> {
    const children = this.#levels[level]!;
    this.#levels[level] = [];
    // The links of a file have an empty name, not an absent one: so Kubo writes them, and ids depend on it.
    const links = children.map((child) => ({ name: "", cid: cidOf(child), dagBytes: child.dagBytes }));
    const bytes = encodeNode(links, fileData(children.map((child) => child.sizeBytes)));
    const node = { id: dagPbId(bytes), sizeBytes: sum(children, "sizeBytes"), dagBytes: bytes.length + sum(children, "dagBytes") };
    await this.#sink(node.id, bytes);
    await this.#push(level + 1, node);
  }
}

/**
 * The root that a file of this id and size has, as its folder links to it, without the file's bytes: what the nodes take depends on the size
 * alone. Undefined when the file has more nodes than its root.
 */
export async function nodeOfFile(id: BlobId, sizeBytes: number): Promise<DagNode | undefined> {
  const { chunkBytes, width } = UNIXFS_V1_2025;
  if (sizeBytes > chunkBytes * width) return undefined;
  const dag = new FileDag(async () => {}, width);
  for (let at = 0; at < sizeBytes; at += chunkBytes) {
    const bytes = Math.min(chunkBytes, sizeBytes - at);
    await dag.add({ id: STAND_IN.id, sizeBytes: bytes, dagBytes: bytes });
  }
  return { ...(await dag.finish()), id };
}

function sum(nodes: readonly DagNode[], field: "sizeBytes" | "dagBytes"): number {
  return nodes.reduce((total, node) => total + node[field], 0);
}
