import { createHash, hash } from "node:crypto";
import { zeros } from "../codec/index.ts";

const HASH_BYTES = 32;

/** Asked for as text with a letter a byte, since a buffer of its own takes as long as the hashing of some hundred bytes. */
export function sha256(bytes: Uint8Array): Uint8Array {
  const letters = hash("sha256", bytes, "binary");
  const digest = zeros(HASH_BYTES);
  for (let at = 0; at < HASH_BYTES; at += 1) digest[at] = letters.charCodeAt(at);
  return digest;
}

export interface Hasher {
  update(bytes: Uint8Array): void;
  /** May be called once. */
  digest(): Uint8Array;
}

/** SHA-256 of content that comes in parts. */
export function hasher(): Hasher {
  const state = createHash("sha256");
  return {
    update: (bytes) => void state.update(bytes),
    digest: () => new Uint8Array(state.digest()),
  };
}
