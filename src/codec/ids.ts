import { base32, fromBase32 } from "./bytes.ts";
import { CodecError } from "./errors.ts";

/** A host's Ed25519 public key. */
export type HostId = string & { readonly __id: "host" };
/** A person's Ed25519 public key. */
export type AccountId = string & { readonly __id: "account" };
/** SHA-256 of the network's genesis. */
export type NetworkId = string & { readonly __id: "network" };
/** SHA-256 of the namespace's genesis. A network's id is also that of its namespace. */
export type NamespaceId = string & { readonly __id: "namespace" };
/** SHA-256 of the pack's record. */
export type PackId = string & { readonly __id: "pack" };
/** An invite's Ed25519 public key. */
export type InviteId = string & { readonly __id: "invite" };
/** Random; a store has a new one after any loss or restore of its contents. */
export type StoreId = string & { readonly __id: "store" };

type AnyId = HostId | AccountId | NetworkId | NamespaceId | PackId | InviteId | StoreId;

const ID_BYTES = 32;
const ID_LETTERS = 52;

/** All ids of Holdfast are 32 bytes; in memory and for people they are base32 text, 52 letters. */
export function idFromBytes<Id extends AnyId>(bytes: Uint8Array): Id {
  if (bytes.length !== ID_BYTES) throw new CodecError(`An id has ${ID_BYTES} bytes, not ${bytes.length}.`);
  return base32(bytes) as Id;
}

/** @throws CodecError when the text is not an id */
export function idFromText<Id extends AnyId>(text: string): Id {
  if (text.length !== ID_LETTERS) throw new CodecError(`"${text.slice(0, 80)}" is not an id: ids have ${ID_LETTERS} letters.`);
  return base32(fromBase32(text)) as Id;
}

export function bytesOfId(id: AnyId): Uint8Array {
  return fromBase32(id);
}

/** The first letters, for people and logs. */
export function shortId(id: AnyId): string {
  return id.slice(0, 8);
}
