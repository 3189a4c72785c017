import { createCipheriv, createDecipheriv, createHmac } from "node:crypto";
import { CryptoError } from "./errors.ts";

/** What sealing adds to a text's length. */
export const TAG_BYTES = 16;
export const NONCE_BYTES = 12;
export const KEY_BYTES = 32;

const CIPHER = "aes-256-gcm";

/**
 * Encrypts and authenticates with AES-256-GCM (NIST SP 800-38D).
 * @param nonce never twice with one key: random where a key seals few texts, fixed where it seals only one
 * @param about what the text is and whose: it is authenticated with it and not contained in the result
 * @returns the ciphertext and the tag behind it
 */
export function seal(key: Uint8Array, nonce: Uint8Array, about: Uint8Array, text: Uint8Array): Uint8Array {
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(about);
  const sealed = Buffer.allocUnsafeSlow(text.length + TAG_BYTES);
  // GCM is a stream cipher: all that goes in comes out at once, and `final` has nothing left to give.
  sealed.set(cipher.update(text), 0);
  cipher.final();
  sealed.set(cipher.getAuthTag(), text.length);
  return new Uint8Array(sealed.buffer, 0, sealed.length);
}

/**
 * The text that was sealed with the same key, nonce and words about it.
 * @throws CryptoError TAMPERED
 */
export function unseal(key: Uint8Array, nonce: Uint8Array, about: Uint8Array, sealed: Uint8Array): Uint8Array {
  if (sealed.length < TAG_BYTES) throw tampered();
  const end = sealed.length - TAG_BYTES;
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(about);
  decipher.setAuthTag(sealed.subarray(end));
  const text = decipher.update(sealed.subarray(0, end));
  try {
    decipher.final();
  } catch (error) {
    throw tampered(error);
  }
  return new Uint8Array(text.buffer, text.byteOffset, text.length);
}

function tampered(cause?: unknown): CryptoError {
  return new CryptoError("TAMPERED", "Sealed bytes are not what was sealed, or the key is another one. Read them from another host, or import the key that they were sealed with.", { cause });
}

/** HMAC-SHA256 (RFC 2104). */
export function hmac(key: Uint8Array, message: Uint8Array): Uint8Array {
  return new Uint8Array(createHmac("sha256", key).update(message).digest());
}
