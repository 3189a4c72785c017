import type { NamespaceId, PackId } from "../../codec/index.ts";
import { codec, struct, uint } from "../../codec/index.ts";
import { abortedKey, condemnedKey, packKey } from "./keys.ts";
import type { PoolRecords } from "../parts.ts";

/** The value of `condemned/<pack>` and of `aborted/<pack>`: since when, by the clock of the host that wrote it. Decoration for people, and what a delay is counted from. */
export interface Mark {
  readonly sinceMs: number;
}

export const condemnedCodec = codec<Mark>("A condemned pack", 1, 64, struct({ sinceMs: uint() }));
export const abortedCodec = codec<Mark>("An aborted pack", 1, 64, struct({ sinceMs: uint() }));

type View = Pick<PoolRecords, "local">;

/**
 * Whether the owner's word lets the pack's pieces go: its tombstone, or that it was given up before it was committed. Nothing else does. Either
 * counts whatever stands beside it, so a commit that comes late changes nothing.
 */
export function mayGo(records: View & Pick<PoolRecords, "deleted">, namespace: NamespaceId, pack: PackId): boolean {
  return records.deleted(namespace, packKey(pack)) || isGivenUp(records, namespace, pack);
}

/** Whether its writer has given the pack up. */
export function isGivenUp(records: View, namespace: NamespaceId, pack: PackId): boolean {
  return isThere(records, namespace, abortedKey(pack));
}

/** Whether the owner means to delete the pack, which is there until they do. */
export function isCondemned(records: View, namespace: NamespaceId, pack: PackId): boolean {
  return isThere(records, namespace, condemnedKey(pack));
}

function isThere(records: View, namespace: NamespaceId, key: string): boolean {
  return records.local(namespace, key)?.siblings.some(({ value }) => value !== null) === true;
}
