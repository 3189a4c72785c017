// How private content is written anew. A pack of which less than half is used any more, packs that are small and many, and packs that survive fewer
// losses than would be chosen today: what is used of them is read as it lies there, sealed, and stored again in full packs. That is all. Which of two packs
// is used for a blob follows from the records (usage.ts), so the old ones are unused from then on, and the owner's sweep condemns them when the new
// ones are whole. Whoever stops in between, or is cut off, has made packs that are used already, and the next time goes on with the rest.

import type { BlobId, NamespaceId, PackId } from "../codec/index.ts";
import { RAW, blobIdOf, concatBytes } from "../codec/index.ts";
import { sha256 } from "../crypto/index.ts";
import { Limiter, codeOf } from "../platform/index.ts";
import type { Extent, PackContent, PackedBlob, Pool, Redundancy, StoredPack } from "../pool/index.ts";
import { MAX_PACK_BLOBS, MAX_PACK_BYTES, Packer } from "../pool/index.ts";
import { damaged } from "./content.ts";
import { suffices, toleranceOf } from "./suffices.ts";
import type { Usage, UsedPack } from "./usage.ts";

/** Packs below it are better joined with others, unless they have so many blobs that few more would fit in, */
const SMALL_BYTES = MAX_PACK_BYTES / 4;
const SMALL_BLOBS = MAX_PACK_BLOBS / 4;
/** when there are so many, or what each put leaves would be written again with each put. */
const SMALL_MIN = 4;
/** One pack is sent while the next is read. */
const UNDER_WAY_BYTES = MAX_PACK_BYTES;

/** Packs whose content is to be written anew, all in one way. */
export interface Batch {
  readonly redundancy: Redundancy;
  readonly packs: readonly UsedPack[];
}

export interface RewriterParts {
  readonly pool: Pick<Pool, "store" | "read">;
  readonly namespace: NamespaceId;
  /** Told of each pack that has been stored. */
  readonly onStored: (stored: StoredPack) => void;
  /** Told of each pack that is passed over because it cannot be read now, or not as it was put. */
  readonly onUnread: (pack: PackId, error: unknown) => void;
}

/** The packs that survive fewer losses than `today`'s choice. */
export async function toUpgrade(usage: Usage, today: Redundancy, signal: AbortSignal): Promise<Batch> {
  const packs = await Array.fromAsync(usage.packs(signal));
  return { redundancy: today, packs: packs.filter(({ redundancy, isCondemned, isUnderWay }) => !isCondemned && !isUnderWay && !suffices(redundancy, today)) };
}

/** The packs of which little is used, and the small ones where there are several; each kind as it is kept, or as is chosen today if that is more. */
export async function toRewrite(usage: Pick<Usage, "packs">, today: Redundancy, signal: AbortSignal): Promise<Batch[]> {
  const groups = new Map<string, { readonly redundancy: Redundancy; readonly packs: UsedPack[] }>();
  for await (const used of usage.packs(signal)) {
    if (used.isCondemned || used.isUnderWay || !(isSparse(used) || isSmall(used))) continue;
    const redundancy = toleranceOf(used.redundancy) >= toleranceOf(today) ? used.redundancy : today;
    const name = JSON.stringify(redundancy);
    groups.set(name, groups.get(name) ?? { redundancy, packs: [] });
    groups.get(name)!.packs.push(used);
  }
  return [...groups.values()]
    .map(({ redundancy, packs }) => ({ redundancy, packs: packs.filter((used) => isSparse(used) || packs.length >= SMALL_MIN) }))
    .filter(({ packs }) => packs.length > 0);
}

function isSparse({ sizeBytes, neededBytes }: UsedPack): boolean {
  return neededBytes * 2 < sizeBytes;
}

function isSmall({ sizeBytes, blobs }: UsedPack): boolean {
  return sizeBytes < SMALL_BYTES && blobs < SMALL_BLOBS;
}

/** Whether the packs that could be read are better kept anew. Of small ones that were to be joined all but one may be out of reach, and be so for days. */
function isWorthIt(read: ReadonlySet<UsedPack>, { redundancy }: Batch): boolean {
  return read.size > 1 || [...read].some((used) => isSparse(used) || !suffices(used.redundancy, redundancy));
}

/** What so many bytes of content take together on all hosts; without "all", which depends on the hosts to come. */
export function takenBytes(contentBytes: number, { redundancy }: Pick<Batch, "redundancy">): number {
  if (redundancy.kind === "code") return Math.ceil((contentBytes * (redundancy.k + redundancy.m)) / redundancy.k);
  return contentBytes * (redundancy.copies === "all" ? 1 : redundancy.copies);
}

/**
 * Stores what is used of the batch's packs again, and gives, now and then, the bytes of content that are stored by then; at last all of them.
 * One pack that cannot be read keeps no other from it; a single one that is only small stays as it is.
 * @param maxBytes it begins with no further pack when so much has been read
 * @throws PoolError NO_SPACE, OVER_QUOTA: what was stored by then stays, and is used
 */
export async function* rewrite({ pool, namespace, onStored, onUnread }: RewriterParts, usage: Usage, batch: Batch, { signal, maxBytes = Number.POSITIVE_INFINITY }: { readonly signal: AbortSignal; readonly maxBytes?: number }): AsyncGenerator<number> {
  let [readBytes, storedBytes] = [0, 0];
  const read = new Set<UsedPack>();
  const store = async (content: PackContent): Promise<StoredPack> => {
    const stored = await pool.store(namespace, content, batch.redundancy, signal);
    storedBytes += content.bytes.length;
    onStored(stored);
    return stored;
  };
  const packer = new Packer({ places: new Map<BlobId, Extent>(), flights: new Limiter(UNDER_WAY_BYTES), signal, store });
  try {
    for (const [group, used] of batch.packs.entries()) {
      const { pack, neededBytes } = used;
      if (readBytes >= maxBytes) break;
      try {
        for await (const { id, sealed } of contentOf(pool, namespace, pack, usage.needed(pack), signal)) {
          await packer.put(id, sealed, group);
          read.add(used);
        }
        readBytes += neededBytes;
      } catch (error) {
        if (!isUnreadable(error)) throw error;
        onUnread(pack, error);
      }
      yield storedBytes;
    }
    if (isWorthIt(read, batch)) await packer.flush();
    yield storedBytes;
  } finally {
    await packer.settle();
  }
}

function isUnreadable(error: unknown): boolean {
  const code = codeOf(error);
  return code === "UNAVAILABLE" || code === "DAMAGED_ENTRY";
}

/** The blobs with their bytes; neighbours are read in one go. */
async function* contentOf(pool: Pick<Pool, "read">, namespace: NamespaceId, pack: PackId, blobs: readonly PackedBlob[], signal: AbortSignal): AsyncGenerator<{ readonly id: BlobId; readonly sealed: Uint8Array }> {
  for (const run of runsOf(blobs)) {
    const first = run[0]!.offset;
    const length = run.at(-1)!.offset + run.at(-1)!.length - first;
    const bytes = concatBytes(...(await Array.fromAsync(pool.read(namespace, pack, first, length, { signal }))));
    for (const { id, offset, length: each } of run) {
      const sealed = bytes.subarray(offset - first, offset - first + each);
      if (blobIdOf(RAW, sha256(sealed)) !== id) throw damaged("a blob is not what its id says");
      yield { id, sealed };
    }
  }
}

function runsOf(blobs: readonly PackedBlob[]): PackedBlob[][] {
  const runs: PackedBlob[][] = [];
  for (const blob of blobs) {
    const last = runs.at(-1)?.at(-1);
    if (last !== undefined && last.offset + last.length === blob.offset) runs.at(-1)!.push(blob);
    else runs.push([blob]);
  }
  return runs;
}
