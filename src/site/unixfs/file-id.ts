import type { BlobId } from "../../codec/index.ts";
import { rawLeaf } from "./block.ts";
import { FileDag, chunksOf } from "./file.ts";
import { UNIXFS_V1_2025 } from "./profile.ts";

/** The id that a file of these bytes is published under. Keeps nothing but a chunk and the links above it. */
export async function fileIdOf(source: AsyncIterable<Uint8Array>): Promise<BlobId> {
  const dag = new FileDag(async () => {}, UNIXFS_V1_2025.width);
  for await (const chunk of chunksOf(source, UNIXFS_V1_2025.chunkBytes)) await dag.add(rawLeaf(chunk));
  return (await dag.finish()).id;
}
