import type { Genesis, JudgedRecord, Verdict } from "../cluster/index.ts";
import { ACCEPT, refuse } from "../cluster/index.ts";
import { CodecError } from "../codec/index.ts";
import { claimCodec, isByHolder } from "./claim.ts";
import type { PoolKey } from "./keys.ts";
import { readKey } from "./keys.ts";
import { decodeBody, decodePackRecord, isByOwner, packIdOf } from "./pack-record.ts";

/**
 * The rules of `pack/` and `claim/` keys, for the rules of each type of namespace that has packs.
 *
 * A pack record carries its owner's signature in its value, so any member may bring it, as holders do when the replicas have lost it;
 * only the owner deletes it. A claim carries its holder's signature, so the writer of a pack commits it together with the claims; it is
 * deleted by the holder or the owner.
 */
export function poolRule(record: JudgedRecord, genesis: Genesis): Verdict {
  try {
    const key = readKey(record.key);
    if (key === undefined) return refuse("UNKNOWN_KIND", "this program knows no such record of a pack; update it");
    return key.kind === "pack" ? judgePack(record, key, genesis) : judgeClaim(record, key, genesis);
  } catch (error) {
    if (error instanceof CodecError) return refuse("MALFORMED", error.message);
    throw error;
  }
}

function isOwners(record: JudgedRecord, genesis: Genesis): boolean {
  return genesis.owner !== null && record.author === genesis.owner;
}

function judgePack(record: JudgedRecord, key: PoolKey, genesis: Genesis): Verdict {
  if (record.value === null) return isOwners(record, genesis) ? ACCEPT : refuse("NOT_OWNER", "only the namespace's owner deletes a pack");
  const pack = decodePackRecord(record.value);
  decodeBody(pack.body);
  if (packIdOf(pack.body) !== key.pack) return refuse("WRONG_ID", "the pack's id is not the hash of its record");
  return isByOwner(pack, record.namespace, genesis) ? ACCEPT : refuse("NOT_OWNER", "the namespace's owner did not sign this pack");
}

function judgeClaim(record: JudgedRecord, key: PoolKey & { kind: "claim" }, genesis: Genesis): Verdict {
  if (record.value === null) return record.host === key.host || isOwners(record, genesis) ? ACCEPT : refuse("NOT_HOLDER", "only the holder or the owner withdraws a claim");
  const claim = claimCodec.decode(record.value);
  if (claim.pack !== key.pack || claim.index !== key.index || claim.host !== key.host) return refuse("WRONG_ID", "the claim is not what its key says");
  return isByHolder(record.namespace, claim) ? ACCEPT : refuse("NOT_HOLDER", "the holder did not sign this claim");
}
