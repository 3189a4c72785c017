import type { HostId, InviteId, NetworkId } from "../codec/index.ts";
import { bytesOfId, codec, concatBytes, id, struct, uint, utf8 } from "../codec/index.ts";
import type { KeyPair } from "../crypto/index.ts";
import { sign, verify } from "../crypto/index.ts";
import type { Attestation, VoterConfiguration } from "./entries.ts";
import { signedByMajority } from "./voters.ts";

/** What a voter signs when it knows a host as the one that came by an invite. */
export interface Attested {
  readonly host: HostId;
  readonly invite: InviteId;
  /** Of the configuration that the voter knows. */
  readonly number: number;
}

const attestedBytes = codec("An attested host", 1, 256, struct({ network: id<NetworkId>(), host: id<HostId>(), invite: id<InviteId>(), number: uint() }));

function bytesToSign(network: NetworkId, { host, invite, number }: Attested): Uint8Array {
  return concatBytes(utf8("holdfast attested"), attestedBytes.encode({ network, host, invite, number }));
}

export function attest(voter: KeyPair, network: NetworkId, attested: Attested): Uint8Array {
  return sign(voter, bytesToSign(network, attested));
}

/** Whether a majority of one of the configurations has attested a host; "forged" when it can never be so. */
export function isAttested(network: NetworkId, host: HostId, invite: InviteId, { number, signatures }: Attestation, configurations: readonly VoterConfiguration[]): "yes" | "no" | "forged" {
  const bytes = bytesToSign(network, { host, invite, number });
  return signedByMajority(signatures, ({ host: voter, signature }) => verify(bytesOfId(voter), bytes, signature), configurations);
}
