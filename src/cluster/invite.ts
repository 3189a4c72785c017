import type { AccountId, HostId, InviteId, NetworkId } from "../codec/index.ts";
import { CodecError, base32, bytesOfId, codec, concatBytes, fixedBytes, fromBase32, id, idFromBytes, list, struct, text, uint, utf8 } from "../codec/index.ts";
import type { KeyPair } from "../crypto/index.ts";
import { checkWords, keyPairFromSeed, sha256, sign, verify } from "../crypto/index.ts";
import type { Invite, InviteTerms } from "./entries.ts";
import { encodeTerms } from "./entries.ts";
import { ClusterError } from "./errors.ts";

/** A way into the network: a member host and where it listens. */
export interface Entrance {
  readonly host: HostId;
  readonly addresses: readonly string[];
}

/** What an invite's code holds. The seed is a secret until it is used. */
export interface InviteCode {
  readonly network: NetworkId;
  readonly networkName: string;
  readonly seed: Uint8Array;
  readonly expiresMs: number;
  readonly entrances: readonly Entrance[];
}

const PREFIX = "hf1";
const CHECKSUM_BYTES = 4;
const MAX_ENTRANCES = 4;

const inviteCode = codec<InviteCode>(
  "An invite",
  1,
  4096,
  struct({
    network: id<NetworkId>(),
    networkName: text(128),
    seed: fixedBytes(32),
    expiresMs: uint(),
    entrances: list(struct({ host: id<HostId>(), addresses: list(text(256), 8) }), MAX_ENTRANCES),
  }),
);

/** The code as one word of lower-case letters and digits, with a checksum against slips of the hand. */
export function writeInviteCode(code: InviteCode): string {
  const bytes = inviteCode.encode({ ...code, entrances: code.entrances.slice(0, MAX_ENTRANCES) });
  return PREFIX + base32(concatBytes(bytes, sha256(bytes).subarray(0, CHECKSUM_BYTES)));
}

/**
 * Reads a code as it comes out of a mail: with white space, line breaks and any case.
 * @throws ClusterError BAD_INVITE
 */
export function readInviteCode(typed: string): InviteCode {
  const word = typed.replaceAll(/\s+/g, "").toLowerCase();
  if (!word.startsWith(PREFIX)) throw new ClusterError("BAD_INVITE", `This is not an invite: a code begins with "${PREFIX}". Copy the last line of what your friend sent, all of it.`);
  try {
    const bytes = fromBase32(word.slice(PREFIX.length));
    const [body, checksum] = [bytes.subarray(0, -CHECKSUM_BYTES), bytes.subarray(-CHECKSUM_BYTES)];
    if (Buffer.compare(sha256(body).subarray(0, CHECKSUM_BYTES), checksum) !== 0) throw new CodecError("The checksum differs.");
    return inviteCode.decode(body);
  } catch (error) {
    throw new ClusterError("BAD_INVITE", "The invite's code is damaged: a letter is missing or wrong. Copy it again, or ask for a new one.", { cause: error });
  }
}

export function inviteIdOf(code: InviteCode): InviteId {
  return idFromBytes<InviteId>(keyPairFromSeed(code.seed).publicKey);
}

/** Three words that show two people on the telephone that they hold the same invite to the same network. */
export function inviteCheckWords(network: NetworkId, invite: InviteId): string {
  return checkWords(sha256(concatBytes(utf8("holdfast check words"), bytesOfId(network), bytesOfId(invite))));
}

function termsBytes(network: NetworkId, terms: InviteTerms): Uint8Array {
  return concatBytes(utf8("holdfast invite"), bytesOfId(network), encodeTerms(terms));
}

/** The record of an invite. @param key the invite's own */
export function signInvite(key: KeyPair, network: NetworkId, terms: InviteTerms): Invite {
  return { ...terms, signature: sign(key, termsBytes(network, terms)) };
}

export function inviteIsSigned(id: InviteId, invite: Invite, network: NetworkId): boolean {
  return verify(bytesOfId(id), termsBytes(network, invite), invite.signature);
}

function provenBytes(network: NetworkId, host: HostId, account: AccountId): Uint8Array {
  return concatBytes(utf8("holdfast admission"), bytesOfId(network), bytesOfId(host), bytesOfId(account));
}

/** The invite's word for a host and its person. */
export function proveAdmission(invite: KeyPair, network: NetworkId, host: HostId, account: AccountId): Uint8Array {
  return sign(invite, provenBytes(network, host, account));
}

export function admissionIsProven(invite: InviteId, proof: Uint8Array, network: NetworkId, host: HostId, account: AccountId): boolean {
  return verify(bytesOfId(invite), provenBytes(network, host, account), proof);
}
