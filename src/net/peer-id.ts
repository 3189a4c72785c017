import { generateKeyPairFromSeed, publicKeyFromRaw } from "@libp2p/crypto/keys";
import type { Ed25519PrivateKey, PeerId } from "@libp2p/interface";
import { peerIdFromPublicKey } from "@libp2p/peer-id";
import type { HostId } from "../codec/index.ts";
import { bytesOfId, idFromBytes } from "../codec/index.ts";
import { NetError } from "./errors.ts";

const SEED_BYTES = 32;

/** @throws NetError BAD_KEY for a seed that has not 32 bytes */
export function privateKeyOf(seed: Uint8Array): Promise<Ed25519PrivateKey> {
  if (seed.length !== SEED_BYTES) throw new NetError("BAD_KEY", `A host's seed has ${SEED_BYTES} bytes, not ${seed.length}. Restore the data directory's key from a copy.`);
  return generateKeyPairFromSeed("Ed25519", seed);
}

/** libp2p's name of a host. Spec: https://github.com/libp2p/specs/blob/master/peer-ids/peer-ids.md */
export function peerIdOf(host: HostId): PeerId {
  return peerIdFromPublicKey(publicKeyFromRaw(bytesOfId(host)));
}

/** Our name of a libp2p peer; undefined for one whose key is not Ed25519, who therefore is nobody here. */
export function hostIdOf(peer: PeerId): HostId | undefined {
  return peer.type === "Ed25519" ? idFromBytes<HostId>(peer.publicKey.raw) : undefined;
}
