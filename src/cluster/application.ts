import type { HostId } from "../codec/index.ts";
import { bytesOfId, codec, concatBytes, fixedBytes, struct, text, utf8 } from "../codec/index.ts";
import { sha256 } from "../crypto/index.ts";
import { MAX_NAME_BYTES } from "./entries.ts";

// What a machine on which a host is being set up, the applicant, and a host of its local network, the sponsor, say to each other. The sponsor comes
// and says who it is; once a person has clicked, the applicant asks it to be let in; a person there compares six digits, and its answer is an
// invite's code. All else is as with a code that was pasted.

/** The kinds of requests. The first is the sponsor's, the others are the applicant's. */
export const APPLY = {
  introduce: "apply/introduce",
  ask: "apply/ask",
  open: "apply/open",
} as const;

export const NONCE_BYTES = 32;
const DIGITS = 6;

const name = text(MAX_NAME_BYTES);

/** Who comes: a host and its network, by their names. */
export const introductionCodec = codec("An introduction", 1, 512, struct({ network: name, host: name }));

/** The name that the new host is to have, and what binds the applicant to a number that it does not show yet. */
export const applicationCodec = codec("An application", 1, 512, struct({ host: name, commitment: fixedBytes(32) }));

/** A random number: the sponsor's in answer to an application, then the applicant's, which was committed to. */
export const nonceCodec = codec("A nonce", 1, 64, struct({ nonce: fixedBytes(NONCE_BYTES) }));

/** The code of an invite, once a person has let the applicant in. */
export const admittanceCodec = codec("An admittance", 1, 8192, struct({ code: text(8000) }));

/** The keys of both ends of the connection. */
export interface ApplicationEnds {
  readonly applicant: HostId;
  readonly sponsor: HostId;
}

const bytesOfEnds = ({ applicant, sponsor }: ApplicationEnds): Uint8Array => concatBytes(bytesOfId(applicant), bytesOfId(sponsor));

export function commitmentTo(nonce: Uint8Array, ends: ApplicationEnds): Uint8Array {
  return sha256(concatBytes(utf8("holdfast application"), bytesOfEnds(ends), nonce));
}

/**
 * Six digits that are the same at both ends of one connection. A machine that stands between the two has a connection with each: it must
 * choose its own numbers before it knows the other's, so the digits agree by chance only, once in a million. (Vaudenay, "Secure
 * Communications over Insecure Channels Based on Short Authenticated Strings", 2005; so does ZRTP, RFC 6189, section 4.4.1.)
 */
export function checkDigits(ends: ApplicationEnds, nonces: { readonly applicant: Uint8Array; readonly sponsor: Uint8Array }): string {
  const digest = sha256(concatBytes(utf8("holdfast check digits"), bytesOfEnds(ends), nonces.applicant, nonces.sponsor));
  const number = new DataView(digest.buffer, digest.byteOffset).getBigUint64(0) % BigInt(10 ** DIGITS);
  return number.toString().padStart(DIGITS, "0");
}
