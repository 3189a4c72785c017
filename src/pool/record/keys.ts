import type { HostId, PackId } from "../../codec/index.ts";
import { CodecError, idFromText } from "../../codec/index.ts";
import { MAX_PIECES } from "./pack-record.ts";

// The keys of this room in the namespace to which a pack belongs.

export const PACK_PREFIX = "pack/";
export const CLAIM_PREFIX = "claim/";
export const CONDEMNED_PREFIX = "condemned/";
export const ABORTED_PREFIX = "aborted/";

export function packKey(pack: PackId): string {
  return PACK_PREFIX + pack;
}

export function claimKey(pack: PackId, index: number, host: HostId): string {
  return `${CLAIM_PREFIX}${pack}/${index}/${host}`;
}

export function claimsOf(pack: PackId): string {
  return `${CLAIM_PREFIX}${pack}/`;
}

export function condemnedKey(pack: PackId): string {
  return CONDEMNED_PREFIX + pack;
}

export function abortedKey(pack: PackId): string {
  return ABORTED_PREFIX + pack;
}

export type PoolKey = { readonly kind: "pack" | "condemned" | "aborted"; readonly pack: PackId } | { readonly kind: "claim"; readonly pack: PackId; readonly index: number; readonly host: HostId };

const OF_PACKS = { pack: PACK_PREFIX, condemned: CONDEMNED_PREFIX, aborted: ABORTED_PREFIX } as const;

/** Whether a key is this room's, for the rules of namespaces that have other records beside packs. */
export function isPoolKey(key: string): boolean {
  return key.startsWith(CLAIM_PREFIX) || Object.values(OF_PACKS).some((prefix) => key.startsWith(prefix));
}

/**
 * Reads a key of this room; undefined for keys of other rooms.
 * @throws CodecError for one that begins like ours and goes on otherwise
 */
export function readKey(key: string): PoolKey | undefined {
  for (const kind of ["pack", "condemned", "aborted"] as const) {
    if (key.startsWith(OF_PACKS[kind])) return { kind, pack: idFromText<PackId>(key.slice(OF_PACKS[kind].length)) };
  }
  if (!key.startsWith(CLAIM_PREFIX)) return undefined;
  const [pack = "", index = "", host = "", ...rest] = key.slice(CLAIM_PREFIX.length).split("/");
  const number = Number(index);
  if (rest.length > 0 || String(number) !== index || !Number.isInteger(number) || number < 0 || number >= MAX_PIECES) throw new CodecError("A claim's key is claim/<pack>/<index>/<host>.");
  return { kind: "claim", pack: idFromText<PackId>(pack), index: number, host: idFromText<HostId>(host) };
}
