import { createHash, hash } from "node:crypto";

export function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(hash("sha256", bytes, "buffer"));
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
