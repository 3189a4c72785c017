import type { HostId, NamespaceId, PackId } from "../../codec/index.ts";
import { bytesOfId, codec, concatBytes, fixedBytes, id, struct, uint, utf8 } from "../../codec/index.ts";
import type { KeyPair } from "../../crypto/index.ts";
import { sign, verify } from "../../crypto/index.ts";
import { MAX_PIECES } from "./pack-record.ts";
import { MAX_PACK_BYTES } from "../port.ts";

/** A host's own word that it holds a piece, whole, checked and synced to its disk. The value of `claim/<pack>/<index>/<host>`. */
export interface Claim {
  readonly pack: PackId;
  readonly index: number;
  readonly host: HostId;
  /** Of the piece. */
  readonly sizeBytes: number;
  readonly signature: Uint8Array;
}

const said = { pack: id<PackId>(), index: uint(MAX_PIECES - 1), host: id<HostId>(), sizeBytes: uint(MAX_PACK_BYTES) };
const MAX_CLAIM_BYTES = 256;
const unsigned = codec<Omit<Claim, "signature">>("A claim", 1, MAX_CLAIM_BYTES, struct(said));

export const claimCodec = codec<Claim>("A claim", 1, MAX_CLAIM_BYTES, struct({ ...said, signature: fixedBytes(64) }));

function signedBytes(namespace: NamespaceId, claim: Omit<Claim, "signature">): Uint8Array {
  return concatBytes(utf8("holdfast claim"), bytesOfId(namespace), unsigned.encode(claim));
}

export function signClaim(namespace: NamespaceId, claim: Omit<Claim, "signature">, hostKey: KeyPair): Claim {
  return { ...claim, signature: sign(hostKey, signedBytes(namespace, claim)) };
}

export function isByHolder(namespace: NamespaceId, claim: Claim): boolean {
  return verify(bytesOfId(claim.host), signedBytes(namespace, claim), claim.signature);
}
