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

export const ID_BYTES = 32;
const ID_LETTERS = 52;

/** The same few ids come again and again; remembered, they are also the same strings, which compare at once. */
const REMEMBERED = 4096;
const texts = new Map<string, string>();
const bytesOf = new Map<string, Uint8Array>();

/** All ids of Holdfast are 32 bytes; in memory and for people they are base32 text, 52 letters. */
export function idFromBytes<Id extends AnyId>(bytes: Uint8Array): Id {
  if (bytes.length !== ID_BYTES) throw new CodecError(`An id has ${ID_BYTES} bytes, not ${bytes.length}.`);
  return idFromLatin1(Buffer.from(bytes.buffer, bytes.byteOffset, ID_BYTES).toString("latin1"));
}

/** @param name the 32 bytes, a character for each */
export function idFromLatin1<Id extends AnyId>(name: string): Id {
  const known = texts.get(name);
  if (known !== undefined) return known as Id;
  const text = base32(Buffer.from(name, "latin1"));
  if (texts.size >= REMEMBERED) texts.delete(texts.keys().next().value!);
  texts.set(name, text);
  return text as Id;
}

/** @throws CodecError when the text is not an id */
export function idFromText<Id extends AnyId>(text: string): Id {
  if (text.length !== ID_LETTERS) throw new CodecError(`"${text.slice(0, 80)}" is not an id: ids have ${ID_LETTERS} letters.`);
  return base32(fromBase32(text)) as Id;
}

/** @returns bytes that others are given too: not to be changed */
export function bytesOfId(id: AnyId): Uint8Array {
  const known = bytesOf.get(id);
  if (known !== undefined) return known;
  const bytes = fromBase32(id);
  if (bytesOf.size >= REMEMBERED) bytesOf.delete(bytesOf.keys().next().value!);
  bytesOf.set(id, bytes);
  return bytes;
}

/** The first letters, for people and logs. */
export function shortId(id: AnyId): string {
  return id.slice(0, 8);
}
