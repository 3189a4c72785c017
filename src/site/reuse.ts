import type { BlobId, NamespaceId } from "../codec/index.ts";
import type { Copies, Extent, Pool, Redundancy } from "../pool/index.ts";
import type { Manifest } from "./manifest.ts";

/** The blobs that the current head relies on and that lie on enough hosts already: they are not sent again. */
export function placesOf(pool: Pool, namespace: NamespaceId, manifest: Manifest | undefined, copies: Copies): Map<BlobId, Extent> {
  const places = new Map<BlobId, Extent>();
  for (const pack of manifest?.packs ?? []) {
    const info = pool.info(namespace, pack);
    if (info === undefined || info.holders.length === 0 || !suffices(info.redundancy, copies)) continue;
    for (const { id, offset, length } of info.blobs) places.set(id, { pack, offset, length });
  }
  return places;
}

function suffices(had: Redundancy, wanted: Copies): boolean {
  return had.kind === "copies" && (had.copies === "all" || (wanted !== "all" && had.copies >= wanted));
}
