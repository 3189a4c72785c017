import { NONCE_BYTES, hmac, seal, sha256, unseal } from "../crypto/index.ts";

// Apart from all else of this room, because the thread that seals loads it too, and each room that it loads is in memory once more.

/** A blob's key seals one text only, so its nonce need not differ. */
const ONLY_NONCE = new Uint8Array(NONCE_BYTES);

/** What sealing blobs of one purpose takes; it can be handed to a thread. */
export interface BlobKey {
  readonly key: Uint8Array;
  /** What is authenticated with each blob. */
  readonly about: Uint8Array;
}

export interface SealedText {
  /** SHA-256 of the text. */
  readonly digest: Uint8Array;
  /** SHA-256 of what was made of it. */
  readonly idDigest: Uint8Array;
  readonly sealed: Uint8Array;
}

/** Seals a text under a key that follows from the purpose's and from the text itself. */
export function sealText({ key, about }: BlobKey, text: Uint8Array): SealedText {
  const digest = sha256(text);
  const sealed = seal(hmac(key, digest), ONLY_NONCE, about, text);
  return { digest, idDigest: sha256(sealed), sealed };
}

/** @throws CryptoError TAMPERED */
export function unsealText({ key, about }: BlobKey, digest: Uint8Array, sealed: Uint8Array): Uint8Array {
  return unseal(hmac(key, digest), ONLY_NONCE, about, sealed);
}
