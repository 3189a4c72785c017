import type { KeyObject } from "node:crypto";
import { createPrivateKey, createPublicKey, randomBytes, sign as signWith, verify as verifyWith } from "node:crypto";
import { concatBytes, fromHex } from "../codec/index.ts";
import { CryptoError } from "./errors.ts";

/** An Ed25519 key pair (RFC 8032). The seed never leaves the object but by `seed`. */
export interface KeyPair {
  readonly publicKey: Uint8Array;
  readonly seed: Uint8Array;
  readonly privateKey: KeyObject;
}

// The fixed heads of PKCS #8 and SubjectPublicKeyInfo for Ed25519, RFC 8410.
const PRIVATE_HEAD = fromHex("302e020100300506032b657004220420");
const PUBLIC_HEAD = fromHex("302a300506032b6570032100");
const SEED_BYTES = 32;
const CACHED_KEYS = 4096;

export function newSeed(): Uint8Array {
  return new Uint8Array(randomBytes(SEED_BYTES));
}

/** @throws CryptoError BAD_KEY for a seed that has not 32 bytes */
export function keyPairFromSeed(seed: Uint8Array): KeyPair {
  if (seed.length !== SEED_BYTES) throw new CryptoError("BAD_KEY", `A key's seed has ${SEED_BYTES} bytes, not ${seed.length}.`);
  const privateKey = createPrivateKey({ key: Buffer.from(concatBytes(PRIVATE_HEAD, seed)), format: "der", type: "pkcs8" });
  const spki = createPublicKey(privateKey).export({ format: "der", type: "spki" });
  return { publicKey: new Uint8Array(spki.subarray(PUBLIC_HEAD.length)), seed, privateKey };
}

export function sign(key: KeyPair, message: Uint8Array): Uint8Array {
  return new Uint8Array(signWith(null, message, key.privateKey));
}

const publicKeys = new Map<string, KeyObject>();

function publicKeyObject(publicKey: Uint8Array): KeyObject {
  const name = Buffer.from(publicKey).toString("latin1");
  const known = publicKeys.get(name);
  if (known !== undefined) return known;
  const parsed = createPublicKey({ key: Buffer.from(concatBytes(PUBLIC_HEAD, publicKey)), format: "der", type: "spki" });
  if (publicKeys.size >= CACHED_KEYS) publicKeys.delete(publicKeys.keys().next().value!);
  publicKeys.set(name, parsed);
  return parsed;
}

/** Whether `signature` is by the owner of `publicKey`. False, never an exception, for malformed input. */
export function verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  try {
    return verifyWith(null, message, publicKeyObject(publicKey), signature);
  } catch {
    return false;
  }
}
