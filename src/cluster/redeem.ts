import type { AccountId, HostId, InviteId } from "../codec/index.ts";
import { bytesOfId, codec, concatBytes, fixedBytes, id, list, struct, text, uint, utf8 } from "../codec/index.ts";
import type { KeyPair } from "../crypto/index.ts";
import { sign, verify } from "../crypto/index.ts";
import { MAX_NAME_BYTES } from "./entries.ts";
import type { Admission } from "./entries.ts";
import { ClusterError } from "./errors.ts";
import { admissionIsProven } from "./invite.ts";
import type { Entrance } from "./invite.ts";
import { checkHostName } from "./names.ts";
import type { Network, NetworkCertificate } from "./network.ts";
import { certificateCodec } from "./network.ts";
import type { Register } from "./roster.ts";

/** What a joining host says over the connection that its invite opened. */
export interface RedeemRequest {
  readonly host: HostId;
  readonly account: AccountId;
  readonly name: string;
  /** "" asks for the default: the host's name. */
  readonly zone: string;
  readonly capacityBytes: number;
  /** The invite's word for host and account. */
  readonly proof: Uint8Array;
  /** The host's own signature over all that: it has its key, and wants to join. */
  readonly consent: Uint8Array;
}

const asked = {
  host: id<HostId>(),
  account: id<AccountId>(),
  name: text(MAX_NAME_BYTES),
  zone: text(MAX_NAME_BYTES),
  capacityBytes: uint(),
  proof: fixedBytes(64),
};

const unsignedRequest = codec("A request to join", 1, 2048, struct(asked));
export const redeemRequestCodec = codec<RedeemRequest>("A request to join", 1, 2048, struct({ ...asked, consent: fixedBytes(64) }));

/** What the joiner needs for its first connections; everything else it learns from the records. */
export interface RedeemAnswer {
  readonly certificate: NetworkCertificate;
  readonly entrances: readonly Entrance[];
}

const MAX_ENTRANCES = 256;

const answerCodec = codec<RedeemAnswer>(
  "The answer to a request to join",
  1,
  1024 * 1024,
  struct({ certificate: certificateCodec.shape, entrances: list(struct({ host: id<HostId>(), addresses: list(text(256), 16) }), MAX_ENTRANCES) }),
);

export const redeemAnswerCodec = answerCodec;

function consentBytes(request: Omit<RedeemRequest, "consent">): Uint8Array {
  return concatBytes(utf8("holdfast consent"), unsignedRequest.encode(request));
}

/** Whether the host itself asked to be admitted like this. */
export function consentIsGiven(host: HostId, admission: Admission): boolean {
  const { account, name, zone, capacityBytes, proof, consent } = admission;
  return verify(bytesOfId(host), consentBytes({ host, account, name, zone, capacityBytes, proof }), consent);
}

export function consentTo(request: Omit<RedeemRequest, "consent">, host: KeyPair): Uint8Array {
  return sign(host, consentBytes(request));
}

export function writeRedeemRequest(host: KeyPair, request: Omit<RedeemRequest, "consent">): Uint8Array {
  return redeemRequestCodec.encode({ ...request, consent: consentTo(request, host) });
}

/**
 * Judges a request to join against the register.
 * @param signers the hosts that wrote the invite's terms in its maker's name
 * @returns the admission to be recorded, or undefined when this very host was admitted by this invite before: the
 * first answer was lost on its way, and saying it again does no harm
 * @throws ClusterError saying why the host cannot join
 */
export function judgeRedemption(invite: InviteId, body: Uint8Array, network: Network, register: Register, nowMs: number, signers: readonly HostId[]): { readonly host: HostId; readonly admission: Admission | undefined } {
  const request = redeemRequestCodec.decode(body);
  const granted = register.invites.get(invite);
  if (granted === undefined) throw new ClusterError("INVITE_UNKNOWN", "This network does not know the invite: it was withdrawn, or this host has not heard of it yet. Ask for a new one.");
  if (!admissionIsProven(invite, request.proof, network.id, request.host, request.account) || !verify(bytesOfId(request.host), consentBytes(request), request.consent)) {
    throw new ClusterError("BAD_INVITE", "The request to join is not signed by the invite and the host. Copy the invite again.");
  }
  const admitted = [...register.admissions].filter(([, admission]) => admission.invite === invite).map(([host]) => host);
  const isSame = admitted.includes(request.host) && register.members.get(request.host)?.account === request.account;
  if (isSame) return { host: request.host, admission: undefined };
  if (admitted.length > 0) throw new ClusterError("INVITE_USED", "The invite has been used. Each works once; ask for a new one.");
  if (register.admissions.has(request.host)) throw new ClusterError("INVITE_USED", "This host has been admitted by another invite before. Join with an empty data folder, so that it has a key of its own.");
  // Or whoever is removed comes back by an invite that they made before. Not a rule of records: who was let in by a host that had not heard of it stays.
  // A host that came with another account may act for the maker since their own was lost; it wrote the invite then.
  if (![...register.members.values()].some(({ host, account }) => account === granted.inviter || signers.includes(host))) {
    throw new ClusterError("INVITER_REMOVED", "Whoever made the invite has no host in this network any more. Ask somebody who has one for a new invite.");
  }
  if (nowMs > granted.expiresMs) throw new ClusterError("INVITE_EXPIRED", "The invite has expired. Ask for a new one.");
  if (register.members.size >= register.maxHosts) throw new ClusterError("NETWORK_FULL", `The network has its ${register.maxHosts} hosts. An administrator must remove one before another can join.`);
  checkHostName(request.name);
  if ([...register.members.values()].some((member) => member.name === request.name)) {
    throw new ClusterError("HOST_NAME_TAKEN", `A host named "${request.name}" is in the network already. Choose another with --host.`);
  }
  const { host, account, name, zone, capacityBytes, proof, consent } = request;
  return { host, admission: { account, name, zone, capacityBytes, joinedMs: nowMs, invite, proof, consent } };
}
