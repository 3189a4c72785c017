import type { HostId, NetworkId } from "../codec/index.ts";
import { bytesOfId, codec, concatBytes, id, struct, uint, utf8 } from "../codec/index.ts";
import type { KeyPair } from "../crypto/index.ts";
import { sign, verify } from "../crypto/index.ts";
import type { Approval, Departure, VoterConfiguration } from "./entries.ts";
import { signedByMajority } from "./voters.ts";

/** What a voter signs when it has not heard of a host for as long as the network waits. */
export interface Absent {
  readonly host: HostId;
  readonly returns: number;
  readonly number: number;
}

const absentBytes = codec("An absence", 1, 128, struct({ network: id<NetworkId>(), host: id<HostId>(), returns: uint(), number: uint() }));

function bytesToSign(network: NetworkId, { host, returns, number }: Absent): Uint8Array {
  return concatBytes(utf8("holdfast gone"), absentBytes.encode({ network, host, returns, number }));
}

export function signAbsence(voter: KeyPair, network: NetworkId, absent: Absent): Uint8Array {
  return sign(voter, bytesToSign(network, absent));
}

function isSigned(network: NetworkId, absent: Absent, { host, signature }: Approval): boolean {
  return verify(bytesOfId(host), bytesToSign(network, absent), signature);
}

/** Whether a majority of one of the configurations has signed; "forged" when it can never be so. */
export function isSignedByMajority(network: NetworkId, host: HostId, { returns, number, signatures }: Departure, configurations: readonly VoterConfiguration[]): "yes" | "no" | "forged" {
  return signedByMajority(signatures, (signature) => isSigned(network, { host, returns, number }, signature), configurations);
}
