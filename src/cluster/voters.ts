import type { HostId, NetworkId } from "../codec/index.ts";
import { bytesOfId, codec, concatBytes, id, list, struct, uint, utf8 } from "../codec/index.ts";
import type { KeyPair } from "../crypto/index.ts";
import { sign, verify } from "../crypto/index.ts";
import type { Approval, VoterConfiguration } from "./entries.ts";
import { MAX_VOTERS } from "./entries.ts";
import type { Register } from "./roster.ts";

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

/** Which voters should follow, or undefined when they are as they should be: one that was removed goes, one that is present comes. */
export function nextVoters(current: readonly HostId[], { members }: Pick<Register, "members">, present: readonly HostId[]): readonly HostId[] | undefined {
  const removed = current.find((host) => !members.has(host));
  if (removed !== undefined) return current.length === 1 ? undefined : current.filter((host) => host !== removed);
  if (current.length >= MAX_VOTERS) return undefined;
  const newcomer = present.find((host) => members.has(host) && !current.includes(host));
  return newcomer === undefined ? undefined : [...current, newcomer];
}

/**
 * Whether a voter should consent: one host more that was admitted, or one less that was removed. No member can have another one dropped
 * while that takes part. A host that was removed after it had been proposed may still come, to be dropped by the next configuration: else
 * the number would stay with a proposal that nobody may complete.
 */
export function isSensible(next: readonly HostId[], current: readonly HostId[], { members, admissions }: Pick<Register, "members" | "admissions">): boolean {
  const added = next.filter((host) => !current.includes(host));
  const dropped = current.filter((host) => !next.includes(host));
  if (next.length === 0 || added.length + dropped.length !== 1 || new Set(next).size !== next.length) return false;
  return added.every((host) => admissions.has(host)) && dropped.every((host) => !members.has(host));
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
