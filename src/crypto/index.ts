// crypto: the primitives, each with one job. SHA-256, AES-256-GCM, Ed25519 signatures, Merkle trees over ordered leaves, key derivation
// and the recovery phrase. In: bytes and seeds. Out: digests, sealed bytes, signatures, proofs, words. Holds no state but a cache of parsed keys.
export { CryptoError } from "./errors.ts";
export type { CryptoErrorCode } from "./errors.ts";
export { sha256, hasher } from "./hash.ts";
export type { Hasher } from "./hash.ts";
export { keyPairFromSeed, newSeed, sign, verify } from "./signature.ts";
export type { KeyPair } from "./signature.ts";
export { leafHash, merklePath, merkleRoot, merkleRootFromPath, rangeProof, verifyRange } from "./merkle.ts";
export { phraseFromSeed, seedFromPhrase, checkWords } from "./phrase.ts";
export { derive } from "./derive.ts";
export { KEY_BYTES, NONCE_BYTES, TAG_BYTES, hmac, seal, unseal } from "./aead.ts";
