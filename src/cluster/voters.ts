import type { HostId, NetworkId } from "../codec/index.ts";
import { bytesOfId, codec, concatBytes, id, list, struct, uint, utf8 } from "../codec/index.ts";
import type { KeyPair } from "../crypto/index.ts";
import { sign, verify } from "../crypto/index.ts";
import type { Approval, VoterConfiguration } from "./entries.ts";
import { MAX_VOTERS } from "./entries.ts";

const approvedBytes = codec("A configuration", 1, 1024, struct({ network: id<NetworkId>(), number: uint(), hosts: list(id<HostId>(), MAX_VOTERS) }));

function bytesToApprove(network: NetworkId, number: number, hosts: readonly HostId[]): Uint8Array {
  return concatBytes(utf8("holdfast voters"), approvedBytes.encode({ network, number, hosts: [...hosts] }));
}

export function approve(voter: KeyPair, self: HostId, network: NetworkId, number: number, hosts: readonly HostId[]): Approval {
  return { host: self, signature: sign(voter, bytesToApprove(network, number, hosts)) };
}

/** More than half. */
export function majority(count: number): number {
  return Math.floor(count / 2) + 1;
}

/**
 * Whether `next` may follow `current`: the next number, one host more or less, and approved by a majority of the
 * current voters. (Raft's single-server membership change: Ongaro 2014, section 4.1.)
 */
export function mayFollow(network: NetworkId, current: VoterConfiguration, next: VoterConfiguration): boolean {
  if (next.number !== current.number + 1 || new Set(next.hosts).size !== next.hosts.length) return false;
  const added = next.hosts.filter((host) => !current.hosts.includes(host)).length;
  const dropped = current.hosts.filter((host) => !next.hosts.includes(host)).length;
  if (added + dropped !== 1) return false;
  const message = bytesToApprove(network, next.number, next.hosts);
  const approving = new Set(next.approvals.filter(({ host, signature }) => current.hosts.includes(host) && verify(bytesOfId(host), message, signature)).map(({ host }) => host));
  return approving.size >= majority(current.hosts.length);
}
