import type { BlobId, NamespaceId, PackId } from "../codec/index.ts";
import type { Copies, Extent, PackInfo, Pool, Redundancy } from "../pool/index.ts";
import type { Manifest } from "./manifest.ts";

/** The blobs that the current head relies on and that lie on enough hosts already: they are not sent again. */
export function placesOf(pool: Pool, namespace: NamespaceId, manifest: Manifest | undefined, copies: Copies): Map<BlobId, Extent> {
  const places = new Map<BlobId, Extent>();
  for (const { pack, blobs } of sufficing(pool, namespace, manifest, copies)) for (const { id, offset, length } of blobs) places.set(id, { pack, offset, length });
  return places;
}

/** The packs in which those blobs lie. */
export function placedPacks(pool: Pool, namespace: NamespaceId, manifest: Manifest | undefined, copies: Copies): ReadonlySet<PackId> {
  return new Set([...sufficing(pool, namespace, manifest, copies)].map(({ pack }) => pack));
}

function* sufficing(pool: Pool, namespace: NamespaceId, manifest: Manifest | undefined, copies: Copies): Generator<PackInfo> {
  for (const pack of manifest?.packs ?? []) {
    const info = pool.info(namespace, pack);
    if (info !== undefined && info.holders.length > 0 && suffices(info.redundancy, copies)) yield info;
  }
}

function suffices(had: Redundancy, wanted: Copies): boolean {
  return had.kind === "copies" && (had.copies === "all" || (wanted !== "all" && had.copies >= wanted));
}
