import type { AccountId, HostId, NetworkId } from "../codec/index.ts";
import { bytesOfId, codec, concatBytes, fixedBytes, id, struct, uint, utf8 } from "../codec/index.ts";
import type { KeyPair } from "../crypto/index.ts";
import { sign, verify } from "../crypto/index.ts";

/** A person's word that a host may sign for them in one network, until they revoke it. */
export interface Delegation {
  readonly network: NetworkId;
  readonly account: AccountId;
  readonly host: HostId;
  /** When the person said so. Decoration, and it tells two delegations of one host apart. */
  readonly issuedMs: number;
  readonly signature: Uint8Array;
}

export const delegationCodec = codec<Delegation>(
  "A delegation",
  1,
  256,
  struct({ network: id<NetworkId>(), account: id<AccountId>(), host: id<HostId>(), issuedMs: uint(), signature: fixedBytes(64) }),
);

const unsigned = codec("A delegation", 1, 256, struct({ network: id<NetworkId>(), account: id<AccountId>(), host: id<HostId>(), issuedMs: uint() }));

function signedBytes(delegation: Omit<Delegation, "signature">): Uint8Array {
  return concatBytes(utf8("holdfast delegation"), unsigned.encode(delegation));
}

/** @param account the person's key pair; `said.account` must be its public key */
export function delegate(account: KeyPair, said: Omit<Delegation, "signature">): Delegation {
  return { ...said, signature: sign(account, signedBytes(said)) };
}

export function isGenuine(delegation: Delegation): boolean {
  return verify(bytesOfId(delegation.account), signedBytes(delegation), delegation.signature);
}
