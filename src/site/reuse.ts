import type { BlobId, NamespaceId, PackId } from "../codec/index.ts";
import type { Copies, Extent, PackInfo, Pool, Redundancy } from "../pool/index.ts";
import { isCondemned, isReadable } from "../pool/index.ts";
import type { Records } from "../records/index.ts";
import type { Manifest } from "./manifest.ts";

/** Of packs that the current head does not rely on, no more blobs than that are looked through. */
const SPARE_BLOBS_MAX = 200_000;

/**
 * The packs of a site that its current head does not rely on: of older versions, and of publications that were cut off. What lies in them
 * need not be sent again, as long as nobody has begun to let them go.
 */
export function sparePacks(pool: Pool, records: Records, namespace: NamespaceId, manifest: Manifest | undefined): readonly PackInfo[] {
  const relied = new Set(manifest?.packs);
  const spare: PackInfo[] = [];
  let blobs = 0;
  for (const info of pool.packs(namespace)) {
    if (relied.has(info.pack) || !isReadable(info) || isCondemned(records, namespace, info.pack)) continue;
    blobs += info.blobs.length;
    if (blobs > SPARE_BLOBS_MAX) break;
    spare.push(info);
  }
  return spare;
}

/** The blobs that lie on enough hosts already, in packs of the current head before others: they are not sent again. */
export function placesOf(pool: Pool, namespace: NamespaceId, manifest: Manifest | undefined, copies: Copies, spare: readonly PackInfo[]): Map<BlobId, Extent> {
  const places = new Map<BlobId, Extent>();
  for (const { pack, blobs, redundancy } of spare) if (suffices(redundancy, copies)) for (const { id, offset, length } of blobs) places.set(id, { pack, offset, length });
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
    if (info !== undefined && isReadable(info) && suffices(info.redundancy, copies)) yield info;
  }
}

function suffices(had: Redundancy, wanted: Copies): boolean {
  return had.kind === "copies" && (had.copies === "all" || (wanted !== "all" && had.copies >= wanted));
}
