// cluster: who takes part and who holds what. Genesis and ids of namespaces, delegation, invites, the roster that follows from the
// network's records, the rules of the network's namespace, liveness, and the layout of shards over hosts.
// In: records of the network's namespace, connections coming and going. Out: the roster, presence, preference lists, verdicts.
export { ACCEPT, EVERYWHERE, ON_ALL_HOSTS, SHARDS, genesisCodec, groupsOf, namespaceIdOf, shardOf } from "./namespace.ts";
export type { Genesis, JudgedRecord, Verdict } from "./namespace.ts";
export { delegate, delegationCodec, isGenuine } from "./delegation.ts";
export type { Delegation } from "./delegation.ts";
export type { Member, Person, Presence, Roster } from "./port.ts";
export { ClusterError } from "./errors.ts";
export type { ClusterErrorCode } from "./errors.ts";
export { certificateCodec, foundNetwork, readCertificate } from "./network.ts";
export type { Network, NetworkCertificate, NetworkRules } from "./network.ts";
export { admissionCodec, hostCardCodec, inviteCodec, removalCodec, votersCodec } from "./entries.ts";
export type { Admission, Approval, HostCard, Invite, LastHonoured, Removal, VoterConfiguration } from "./entries.ts";
export { exclusionsOf, isExcluded } from "./exclusion.ts";
export type { Exclusion, Signed } from "./exclusion.ts";
export { ROSTER_PREFIXES, buildRegister } from "./roster.ts";
export type { NetworkEntry, Register } from "./roster.ts";
export { admissionIsProven, inviteCheckWords, inviteIdOf, proveAdmission, readInviteCode, signInvite, writeInviteCode } from "./invite.ts";
export type { Entrance, InviteCode } from "./invite.ts";
export { judgeRedemption, redeemAnswerCodec, writeRedeemRequest } from "./redeem.ts";
export type { RedeemAnswer, RedeemRequest } from "./redeem.ts";
export { checkHostName } from "./names.ts";
export { approve, isSensible, majority, mayFollow, nextVoters } from "./voters.ts";
export { preferenceList, weightOf } from "./layout.ts";
export type { Candidate } from "./layout.ts";
export { judgeStanding, networkRule, refuse } from "./rules.ts";
export type { Rule } from "./rules.ts";
export { Cluster } from "./cluster.ts";
export type { ClusterParts } from "./cluster.ts";
export { Liveness } from "./liveness.ts";
export type { Beat, LivenessParts } from "./liveness.ts";
export { Connector } from "./connector.ts";
export type { ConnectorParts } from "./connector.ts";
