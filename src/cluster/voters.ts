import type { HostId, NetworkId } from "../codec/index.ts";
import { bytesOfId, codec, concatBytes, id, list, struct, uint, utf8 } from "../codec/index.ts";
import type { KeyPair } from "../crypto/index.ts";
import { sign, verify } from "../crypto/index.ts";
import type { Approved, Ballot } from "./ballots.ts";
import type { Approval, VoterConfiguration } from "./entries.ts";
import { MAX_VOTERS } from "./entries.ts";
import type { Register } from "./roster.ts";
import { TERMS_PER_ERA, isCertain } from "./terms.ts";

const approvedBytes = codec<Approved & { readonly network: NetworkId }>("A configuration", 1, 1024, struct({ network: id<NetworkId>(), number: uint(), term: uint(), hosts: list(id<HostId>(), MAX_VOTERS) }));

function bytesToApprove(network: NetworkId, { number, term, hosts }: Approved): Uint8Array {
  return concatBytes(utf8("holdfast voters"), approvedBytes.encode({ network, number, term, hosts }));
}

export function approve(voter: KeyPair, self: HostId, network: NetworkId, proposed: Approved): Approval {
  return { host: self, signature: sign(voter, bytesToApprove(network, proposed)) };
}

/** Whether a host has approved this, whoever votes. */
export function isApproval(network: NetworkId, { host, signature }: Approval, proposed: Approved): boolean {
  return verify(bytesOfId(host), bytesToApprove(network, proposed), signature);
}

/** More than half. */
export function majority(count: number): number {
  return Math.floor(count / 2) + 1;
}

export function isOnlyVoter({ hosts }: Pick<VoterConfiguration, "hosts">, self: HostId): boolean {
  return hosts.length === 1 && hosts[0] === self;
}

/** Whether a host knows what it gave its word for up to this term. The only voter meets nobody but itself: what it may have forgotten nobody counts. */
export function remembers(ballot: Ballot | undefined, term: number, configuration: Pick<VoterConfiguration, "hosts">, self: HostId): ballot is Ballot {
  return ballot !== undefined && (isOnlyVoter(configuration, self) || isCertain(term, ballot));
}

/** The founder's first voter. */
export function firstConfiguration(host: HostId): VoterConfiguration {
  return { number: 1, term: 0, hosts: [host], approvals: [] };
}

/** An administrator's word in place of the voters': those without a lost one. @param successor who votes when it was the last */
export function forcedConfiguration(current: VoterConfiguration, lost: HostId, successor?: HostId): VoterConfiguration {
  const number = current.number + 1;
  const left = current.hosts.filter((host) => host !== lost);
  return { number, term: number * TERMS_PER_ERA, hosts: left.length === 0 && successor !== undefined ? [successor] : left, approvals: [] };
}

export function isForced({ number, term, approvals }: VoterConfiguration): boolean {
  return number > 1 && term === number * TERMS_PER_ERA && approvals.length === 0;
}

/** Whether a majority of one of the configurations has signed; "forged" when it can never be so. */
export function signedByMajority(signatures: readonly Approval[], isGenuine: (signature: Approval) => boolean, configurations: readonly VoterConfiguration[]): "yes" | "no" | "forged" {
  if (signatures.length === 0 || !signatures.every(isGenuine)) return "forged";
  const signing = new Set(signatures.map(({ host }) => host));
  return configurations.some(({ hosts }) => hosts.filter((voter) => signing.has(voter)).length >= majority(hosts.length)) ? "yes" : "no";
}

type Roll = Pick<Register, "members">;

function takesPart({ members }: Roll, host: HostId): boolean {
  return members.get(host)?.isGone === false;
}

/** Which voters should follow, or undefined when they are as they should be: one that was removed or is gone goes, one that is present and stays comes. */
export function nextVoters(current: readonly HostId[], roll: Roll, present: readonly HostId[]): readonly HostId[] | undefined {
  const dropped = current.find((host) => !takesPart(roll, host));
  if (dropped !== undefined) return current.length === 1 ? undefined : current.filter((host) => host !== dropped);
  if (current.length >= MAX_VOTERS) return undefined;
  const newcomer = present.find((host) => takesPart(roll, host) && roll.members.get(host)?.isDraining !== true && !current.includes(host));
  return newcomer === undefined ? undefined : [...current, newcomer];
}

/**
 * Whether a voter should consent: one host more that was admitted, or one less that was removed, or that was declared gone while it voted. No member
 * can have another one dropped that has always taken part. A host that was removed after it had been proposed may still come, and one that has
 * come back after that may still go, to be dropped, or taken back, by the next configuration: else the number would stay with a proposal
 * that nobody may complete. A coordinator that means ill gains nothing by it: while the host was gone it could have dropped it as well, and not
 * taken it back either. Once a host has been taken back, it must be declared gone anew.
 */
export function isSensible(next: readonly HostId[], register: Roll & Pick<Register, "admissions" | "departures" | "configuration" | "configurations">): boolean {
  const { added, dropped } = difference(register.configuration.hosts, next);
  if (next.length === 0 || added.length + dropped.length !== 1 || new Set(next).size !== next.length) return false;
  const mayGo = (host: HostId): boolean => !takesPart(register, host) || (register.departures.get(host)?.number ?? 0) >= votesSince(host, register);
  return added.every((host) => register.admissions.has(host)) && dropped.every(mayGo);
}

/** The number of the configuration with which a present voter came. */
function votesSince(host: HostId, { configuration, configurations }: Pick<Register, "configuration" | "configurations">): number {
  let since = configuration.number;
  while (configurations.get(since - 1)?.some(({ hosts }) => hosts.includes(host)) === true) since -= 1;
  return since;
}

function difference(current: readonly HostId[], next: readonly HostId[]): { readonly added: readonly HostId[]; readonly dropped: readonly HostId[] } {
  return { added: next.filter((host) => !current.includes(host)), dropped: current.filter((host) => !next.includes(host)) };
}

/** Whether `next` stands in the row after `current`: forced, or one host more or less (Raft's single-server change: Ongaro 2014, section 4.1), and of no earlier term. */
export function isNext(current: VoterConfiguration, next: VoterConfiguration): boolean {
  if (next.number !== current.number + 1 || next.term < current.term || next.hosts.length === 0 || new Set(next.hosts).size !== next.hosts.length) return false;
  const { added, dropped } = difference(current.hosts, next.hosts);
  return isForced(next) || added.length + dropped.length === 1;
}

/** Whether a majority of the current voters has approved that `next` follows them. */
export function mayFollow(network: NetworkId, current: VoterConfiguration, next: VoterConfiguration): boolean {
  if (!isNext(current, next)) return false;
  const approving = next.approvals.filter((approval) => current.hosts.includes(approval.host) && isApproval(network, approval, next));
  return new Set(approving.map(({ host }) => host)).size >= majority(current.hosts.length);
}
