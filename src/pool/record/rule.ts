import type { Genesis, JudgedRecord, Register, Verdict } from "../../cluster/index.ts";
import { ACCEPT, refuse } from "../../cluster/index.ts";
import type { AccountId, Codec, PackId } from "../../codec/index.ts";
import { CodecError } from "../../codec/index.ts";
import { claimCodec, isByHolder } from "./claim.ts";
import type { Mark } from "./fate.ts";
import { abortedCodec, condemnedCodec } from "./fate.ts";
import type { PoolKey } from "./keys.ts";
import { readKey } from "./keys.ts";
import { decodeBody, decodePackRecord, isByOwner, packIdOf } from "./pack-record.ts";

/** Who has ever been let in: a host that was removed, or has lost its invite to another one, was somebody's all the same. */
export interface Somebody {
  readonly people: Pick<Register["people"], "has">;
  readonly admissions: ReadonlyMap<unknown, { readonly account: AccountId }>;
}

/**
 * The rules of this room's keys (`isPoolKey`), for the rules of each type of namespace that has packs.
 *
 * A pack record carries its owner's signature in its value, so any member may bring it, as holders do when the replicas have lost it;
 * only the owner deletes it. What belongs to nobody takes no space: with a key made a moment ago for an owner it would count against no quota,
 * be repaired for ever, and nobody could delete it. So a pack waits until its owner is known. A claim carries its holder's signature, so the writer of a pack commits it together with the claims; it is
 * deleted by the holder or the owner. That a pack is condemned, or given up before it was committed, is the owner's to say and to take back.
 */
export function poolRule(record: JudgedRecord, genesis: Genesis, somebody: Somebody): Verdict {
  try {
    const key = readKey(record.key);
    if (key === undefined) return refuse("UNKNOWN_KIND", "this program knows no such record of a pack; update it");
    switch (key.kind) {
      case "pack":
        return judgePack(record, key.pack, genesis, somebody);
      case "claim":
        return judgeClaim(record, key, genesis);
      case "condemned":
        return judgeMark(record, condemnedCodec, genesis);
      case "aborted":
        return judgeMark(record, abortedCodec, genesis);
    }
  } catch (error) {
    if (error instanceof CodecError) return refuse("MALFORMED", error.message);
    throw error;
  }
}

function isOwners(record: JudgedRecord, genesis: Genesis): boolean {
  return genesis.owner !== null && record.author === genesis.owner;
}

function judgePack(record: JudgedRecord, id: PackId, genesis: Genesis, somebody: Somebody): Verdict {
  if (record.value === null) return isOwners(record, genesis) ? ACCEPT : refuse("NOT_OWNER", "only the namespace's owner deletes a pack");
  const pack = decodePackRecord(record.value);
  decodeBody(pack.body);
  if (packIdOf(pack.body) !== id) return refuse("WRONG_ID", "the pack's id is not the hash of its record");
  if (!isByOwner(pack, record.namespace, genesis)) return refuse("NOT_OWNER", "the namespace's owner did not sign this pack");
  return isSomebody(genesis.owner, somebody) ? ACCEPT : { kind: "later", why: "the pack's owner is not known here yet" };
}

function isSomebody(owner: AccountId | null, { people, admissions }: Somebody): boolean {
  return owner !== null && (people.has(owner) || [...admissions.values()].some(({ account }) => account === owner));
}

function judgeMark(record: JudgedRecord, mark: Codec<Mark>, genesis: Genesis): Verdict {
  if (!isOwners(record, genesis)) return refuse("NOT_OWNER", "only the namespace's owner says this of a pack");
  if (record.value !== null) mark.decode(record.value);
  return ACCEPT;
}

function judgeClaim(record: JudgedRecord, key: PoolKey & { kind: "claim" }, genesis: Genesis): Verdict {
  if (record.value === null) return record.host === key.host || isOwners(record, genesis) ? ACCEPT : refuse("NOT_HOLDER", "only the holder or the owner withdraws a claim");
  const claim = claimCodec.decode(record.value);
  if (claim.pack !== key.pack || claim.index !== key.index || claim.host !== key.host) return refuse("WRONG_ID", "the claim is not what its key says");
  return isByHolder(record.namespace, claim) ? ACCEPT : refuse("NOT_HOLDER", "the holder did not sign this claim");
}
