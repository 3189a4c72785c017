// net: authenticated messages and bulk streams between hosts, over libp2p. Strangers are refused at the handshake, an invite's peer may
// make one kind of request. In: requests and frames for a host id. Out: answers, frames, and who is connected.
// Small requests share one long-lived stream per host; bulk has a connection of its own, and all that it may hold in memory is counted
// against one budget. `MemoryNetwork` is the simulator's twin.
export { MAX_BULK_FRAME, MAX_MESSAGE, REDEEM } from "./port.ts";
export type { Admission, AskAsInvite, BulkHandler, BulkStream, InviteAnswer, InviteRequest, PeerEvent, RequestHandler, RequestOptions, Standing, Transport } from "./port.ts";
export { NetError } from "./errors.ts";
export type { NetErrorCode } from "./errors.ts";
export { createTransport } from "./libp2p-transport.ts";
export type { TransportOptions } from "./libp2p-transport.ts";
export type { Liveness } from "./keepalive.ts";
export { askAsInvite } from "./redeem-connection.ts";
export { openApplicant } from "./applicant.ts";
export type { Applicant, ApplicantPlan } from "./applicant.ts";
export { openSponsor } from "./sponsor.ts";
export type { Sponsor, SponsorPlan } from "./sponsor.ts";
export type { AnswerCall, LocalCall } from "./local-call.ts";
export { hostAndPort, parseAddress, parseListenAddress } from "./address.ts";
export { addressSet } from "./address-set.ts";
export { isLanAddress, isLocalNetwork, localNetworkAddresses, localNetworkHost } from "./local-network.ts";
export { formatPeersFile, parsePeersFile } from "./peers-file.ts";
export type { KnownPeer } from "./peers-file.ts";
export { freePortPair, isFreePort } from "./free-port.ts";
export type { PortPair } from "./free-port.ts";
export { nameTexts } from "./name-texts.ts";
export { MemoryNetwork } from "./memory-network.ts";
export type { MemoryHostOptions, MemoryTransport } from "./memory-transport.ts";
export type { PathQuality } from "./memory-paths.ts";
