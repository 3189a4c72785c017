import { hash } from "node:crypto";
import type { KeyPair } from "../../../src/crypto/index.ts";

// In place of src/crypto/signature.ts. A signature is a hash that anybody could make: hosts in a simulation break, and do not lie. A signature
// over other bytes or by another key is still none.

const HALF = new Uint8Array(32);
let seeds = 0;

/** New keys are the same in each run of a seed. */
export function resetSeeds(): void {
  seeds = 0;
}

export function newSeed(): Uint8Array {
  seeds += 1;
  return digest(Buffer.from(`seed ${seeds}`));
}

export function keyPairFromSeed(seed: Uint8Array): KeyPair {
  return { seed, publicKey: digest(Buffer.concat([Buffer.from("public key of "), seed])), privateKey: undefined as unknown as KeyPair["privateKey"] };
}

export function sign(key: KeyPair, message: Uint8Array): Uint8Array {
  return Buffer.concat([digest(Buffer.concat([key.publicKey, message])), HALF]);
}

export function verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  return Buffer.compare(digest(Buffer.concat([publicKey, message])), signature.subarray(0, 32)) === 0;
}

function digest(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(hash("sha256", bytes, "buffer"));
}
