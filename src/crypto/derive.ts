import { hkdfSync } from "node:crypto";
import { utf8 } from "../codec/index.ts";

/** A key of `lengthBytes` for one purpose, from a secret with full entropy. HKDF-SHA256, RFC 5869. */
export function derive(secret: Uint8Array, purpose: string, lengthBytes = 32): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", secret, new Uint8Array(0), utf8(`holdfast ${purpose}`), lengthBytes));
}
