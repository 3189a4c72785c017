import type { AccountId, HostId, InviteId } from "../codec/index.ts";
import { choice, codec, fixedBytes, id, list, nullable, struct, text, uint } from "../codec/index.ts";

// The records of the network's namespace that this room reads. Keys are "<kind>/<id>"; docs/FORMATS.md lists them.

export const MAX_NAME_BYTES = 128;
const MAX_ADDRESSES = 16;
const address = text(256);

/** `member/<host>`: a host's admission. Written once, by the host at which the invite was redeemed. */
export interface Admission {
  readonly account: AccountId;
  readonly name: string;
  /** As the host asked for it: what its invite grants goes first, and "" stands for the host's name. */
  readonly zone: string;
  readonly capacityBytes: number;
  readonly joinedMs: number;
  /** Null for a host that an administrator let in by their own word: the founder's first. */
  readonly invite: InviteId | null;
  /** The invite key's signature over network, host and account; zeros without an invite. */
  readonly proof: Uint8Array;
  /** The host's own signature over what it asked for, so that nobody else renames or moves it; zeros without an invite. */
  readonly consent: Uint8Array;
}

export const admissionCodec = codec<Admission>(
  "A host's admission",
  1,
  1024,
  struct({
    account: id<AccountId>(),
    name: text(MAX_NAME_BYTES),
    zone: text(MAX_NAME_BYTES),
    capacityBytes: uint(),
    joinedMs: uint(),
    invite: nullable(id<InviteId>()),
    proof: fixedBytes(64),
    consent: fixedBytes(64),
  }),
);

/** `host/<host>`: what a host says of itself; it alone writes it. */
export interface HostCard {
  readonly addresses: readonly string[];
  readonly capacityBytes: number;
  readonly version: string;
  /** How often it has come back after it was declared gone. */
  readonly returns: number;
}

export const hostCardCodec = codec<HostCard>("A host's card", 1, 8192, struct({ addresses: list(address, MAX_ADDRESSES), capacityBytes: uint(), version: text(32), returns: uint() }));

/** What an invite says, signed by its own key: of its terms nobody but its maker has a say. */
export interface InviteTerms {
  readonly inviter: AccountId;
  readonly expiresMs: number;
  readonly zone: string | null;
  readonly quotaBytes: number | null;
  readonly role: "member" | "administrator";
}

/** `invite/<invite>/<account>`: who holds the key's seed may join once. Under `invite/<invite>` by earlier versions of this program. */
export interface Invite extends InviteTerms {
  readonly signature: Uint8Array;
}

const nothing = struct({});
const terms = { inviter: id<AccountId>(), expiresMs: uint(), zone: nullable(text(MAX_NAME_BYTES)), quotaBytes: nullable(uint()), role: choice({ member: nothing, administrator: nothing }) };
const termsBytes = codec("An invite's terms", 1, 512, struct(terms));
const inviteBytes = codec("An invite", 1, 512, struct({ ...terms, signature: fixedBytes(64) }));

export function encodeTerms({ inviter, expiresMs, zone, quotaBytes, role }: InviteTerms): Uint8Array {
  return termsBytes.encode({ inviter, expiresMs, zone, quotaBytes, role: { kind: role, value: {} } });
}

export const inviteCodec = {
  encode: (invite: Invite): Uint8Array => inviteBytes.encode({ ...invite, role: { kind: invite.role, value: {} } }),
  decode(bytes: Uint8Array): Invite {
    const decoded = inviteBytes.decode(bytes);
    return { ...decoded, role: decoded.role.kind };
  },
};

/** The last batch of one incarnation that is still honoured. */
export interface LastHonoured {
  readonly incarnation: number;
  readonly batch: number;
}

/** A host takes a new incarnation at many of its starts, and may live for years. */
const MAX_HONOURED = 10_000;

const lastHonoured = struct({ incarnation: uint(), batch: uint() });

/** `removed/<host>/<account>`, by whom it was removed, and `revoked/<account>/<host>`: later batches of the host, in that person's name or at all, count for nothing. */
export interface Removal {
  readonly honoured: readonly LastHonoured[];
}

export const removalCodec = codec<Removal>("A removal", 1, 256 * 1024, struct({ honoured: list(lastHonoured, MAX_HONOURED) }));

/** One voter's consent to a configuration: its signature over network, number, term and hosts. */
export interface Approval {
  readonly host: HostId;
  readonly signature: Uint8Array;
}

/** `gone/<host>`: so many voters have not heard of the host for so long that nothing is to be kept for it until it returns. */
export interface Departure {
  /** What the host's card said; it returns by a card that says more. */
  readonly returns: number;
  /** The configuration whose majority has signed. */
  readonly number: number;
  readonly signatures: readonly Approval[];
}

/** `attested/<host>`: so many voters knew the host as the one that came by its invite. */
export interface Attestation {
  /** The configuration whose majority has signed. */
  readonly number: number;
  readonly signatures: readonly Approval[];
}

/** `setting/<name>`: what administrators have chosen for the whole network. */
export interface Setting {
  readonly ms: number;
}

/** `draining/<host>`: the host is being emptied, so that it may leave. */
export interface Draining {
  readonly sinceMs: number;
}

export const drainingCodec = codec<Draining>("A host's draining", 1, 64, struct({ sinceMs: uint() }));

/** `quota/<account>`: how much of all hosts' disks a person's content may take, by an administrator's word. */
export interface Quota {
  readonly bytes: number;
}

export const quotaCodec = codec<Quota>("A quota", 1, 64, struct({ bytes: uint() }));

/** Shortest and longest time that may be set: a second, for trials; a hundred years. */
export const SETTING_MS = { least: 1_000, most: 100 * 365 * 24 * 3_600_000 } as const;

export const settingCodec = codec<Setting>("A setting", 1, 64, struct({ ms: uint(SETTING_MS.most) }));

/** `voters/<number>`: a numbered configuration, approved by a majority of the one before. Each number has a key of its own, so that a newcomer can follow them all. */
export interface VoterConfiguration {
  readonly number: number;
  /** The coordinator's that proposed it. One that an administrator forced begins an era of terms: terms.ts. */
  readonly term: number;
  readonly hosts: readonly HostId[];
  /** None when it was forced. */
  readonly approvals: readonly Approval[];
}

export const MAX_VOTERS = 7;

const signatures = list(struct({ host: id<HostId>(), signature: fixedBytes(64) }), MAX_VOTERS);

export const departureCodec = codec<Departure>("A host's departure", 1, 1024, struct({ returns: uint(), number: uint(), signatures }));

export const attestationCodec = codec<Attestation>("A host's attestation", 1, 1024, struct({ number: uint(), signatures }));

export const votersCodec = codec<VoterConfiguration>(
  "The configuration of voters",
  1,
  4096,
  struct({ number: uint(), term: uint(), hosts: list(id<HostId>(), MAX_VOTERS), approvals: signatures }),
);
