import type { BlobId, PackId } from "../codec/index.ts";
import { CodecError, blobId, bytesOfBlobId, codec, compareBytes, id, nullable, struct, uint } from "../codec/index.ts";
import { MAX_BLOB_BYTES, MAX_PACK_BYTES } from "../pool/index.ts";
import type { KeyState } from "../records/index.ts";
import type { HeadInfo } from "./port.ts";

export const HEAD_KEY = "head";
export const HISTORY_PREFIX = "head/";
const SEQUENCE_DIGITS = 12;
const MAX_SEQUENCE = 10 ** SEQUENCE_DIGITS - 1;

/** Where a blob lies. */
export interface BlobPlace {
  readonly id: BlobId;
  readonly pack: PackId;
  readonly offset: number;
  readonly length: number;
}

/** What the site is from now on, until a greater head comes. */
export interface Head extends HeadInfo {
  /** The index of the manifest, which leads to everything else. */
  readonly manifest: BlobPlace;
  /** The sequence of the head that this one replaced. */
  readonly previous: number | null;
}

export const headCodec = codec<Head>(
  "A site's head",
  1,
  256,
  struct({
    sequence: uint(MAX_SEQUENCE),
    root: blobId,
    manifest: struct({ id: blobId, pack: id<PackId>(), offset: uint(MAX_PACK_BYTES), length: uint(MAX_BLOB_BYTES) }),
    files: uint(),
    sizeBytes: uint(),
    publishedMs: uint(),
    previous: nullable(uint(MAX_SEQUENCE)),
  }),
);

/** The key under which a head stays in the history. */
export function historyKey(sequence: number): string {
  return HISTORY_PREFIX + sequence.toString().padStart(SEQUENCE_DIGITS, "0");
}

/**
 * The head among the siblings that concurrent publications leave: the greatest sequence, then the greatest root, then the greatest bytes.
 * The same on every host. What cannot be read is passed over.
 */
export function greatestHead(state: KeyState | undefined): Head | undefined {
  let best: { readonly head: Head; readonly bytes: Uint8Array } | undefined;
  for (const { value } of state?.siblings ?? []) {
    const head = value === null ? undefined : readable(value);
    if (value === null || head === undefined) continue;
    if (best === undefined || compare(head, value, best.head, best.bytes) > 0) best = { head, bytes: value };
  }
  return best?.head;
}

/** Every head that concurrent publications left under one key. @throws CodecError for one that this program cannot read */
export function allHeads(state: KeyState | undefined): readonly Head[] {
  return (state?.siblings ?? []).flatMap(({ value }) => (value === null ? [] : [headCodec.decode(value)]));
}

function readable(bytes: Uint8Array): Head | undefined {
  try {
    return headCodec.decode(bytes);
  } catch (error) {
    if (error instanceof CodecError) return undefined;
    throw error;
  }
}

function compare(a: Head, aBytes: Uint8Array, b: Head, bBytes: Uint8Array): number {
  return a.sequence - b.sequence || compareBytes(bytesOfBlobId(a.root), bytesOfBlobId(b.root)) || compareBytes(aBytes, bBytes);
}

export function headInfo({ sequence, root, files, sizeBytes, publishedMs }: Head): HeadInfo {
  return { sequence, root, files, sizeBytes, publishedMs };
}
