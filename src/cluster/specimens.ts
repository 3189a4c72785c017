// For the format tests only: one value of every format of this room, with how it is written and read.
import type { AccountId, Codec, HostId, InviteId } from "../codec/index.ts";
import { fromUtf8, idFromBytes, utf8 } from "../codec/index.ts";
import { keyPairFromSeed, sha256 } from "../crypto/index.ts";
import { admittanceCodec, applicationCodec, introductionCodec, nonceCodec } from "./application.ts";
import { absencesCodec } from "./absences.ts";
import { proposalAnswerCodec, proposalCodec } from "./appointment.ts";
import { attest } from "./attestation.ts";
import { attestAnswerCodec, attestQuestionCodec } from "./attestations.ts";
import { auditCodec } from "./audits.ts";
import { ballotCodec } from "./ballots.ts";
import { beatsCodec, signBeat } from "./beats.ts";
import { delegate, delegationCodec } from "./delegation.ts";
import { signAbsence } from "./departure.ts";
import { absentAnswerCodec, absentQuestionCodec } from "./departures.ts";
import { recallCodec, recollectionCodec, termCodec, voteAnswerCodec, voteCodec } from "./election-messages.ts";
import { admissionCodec, attestationCodec, departureCodec, drainingCodec, hostCardCodec, inviteCodec, quotaCodec, removalCodec, settingCodec, votersCodec } from "./entries.ts";
import { readInviteCode, signInvite, writeInviteCode } from "./invite.ts";
import { genesisCodec } from "./namespace.ts";
import { certificateCodec, foundNetwork, readCertificate } from "./network.ts";
import { redeemAnswerCodec, redeemRequestCodec } from "./redeem.ts";
import { approve } from "./voters.ts";

const digest = (words: string): Uint8Array => sha256(utf8(words));
const person = keyPairFromSeed(digest("specimen person"));
const hostKey = keyPairFromSeed(digest("specimen host"));
const inviteKey = keyPairFromSeed(digest("specimen invite"));
const account = idFromBytes<AccountId>(person.publicKey);
const host = idFromBytes<HostId>(hostKey.publicKey);
const other = idFromBytes<HostId>(digest("specimen other host"));
const invite = idFromBytes<InviteId>(inviteKey.publicKey);
const signature = new Uint8Array(64).fill(7);
const ms = 1_763_700_000_000;

const certificate = foundNetwork(person, { name: "friends", maxHosts: 20, createdMs: ms }, { fraction: () => 0, bytes: (length) => new Uint8Array(length).fill(9) });
const { id: network, genesis } = readCertificate(certificate)!;
const addresses = ["/ip4/192.0.2.1/tcp/4281"];
const entrances = [{ host, addresses }];
const asked = { account, name: "attic", zone: "home", capacityBytes: 20_000_000_000 };
const approved = { number: 3, term: 6, hosts: [host, other] };
const ballot = { term: 7, vote: host, approved };
const beat = { freeBytes: 5_000_000, usedBytes: 1_000, addresses, httpPort: 4280, processId: 77 };
const absent = { host: other, returns: 1, number: 3 };
const terms = { inviter: account, expiresMs: ms, zone: "home", quotaBytes: 1_000_000, role: "administrator" } as const;

export interface Specimen<T = unknown> {
  readonly value: T;
  readonly codec: Pick<Codec<T>, "encode" | "decode">;
}

function specimen<T>(codec: Pick<Codec<T>, "encode" | "decode">, value: T): Specimen {
  return { codec, value } as Specimen;
}

/** An invite's code is a text. */
const codeCodec = { encode: (code: ReturnType<typeof readInviteCode>) => utf8(writeInviteCode(code)), decode: (bytes: Uint8Array) => readInviteCode(fromUtf8(bytes)) };

/** By the names of their fixtures. */
export const specimens: Readonly<Record<string, Specimen>> = {
  "absences.v1": specimen(absencesCodec, [{ host, heardWallMs: ms }]),
  "absent-question.v1": specimen(absentQuestionCodec, absent),
  "absent-answer.v1": specimen(absentAnswerCodec, { signature: signAbsence(hostKey, network, absent) }),
  "admittance.v1": specimen(admittanceCodec, { code: "hf1abc" }),
  "application.v1": specimen(applicationCodec, { host: "attic", commitment: digest("specimen commitment") }),
  "approve-question.v1": specimen(proposalCodec, approved),
  "approve-question-promise.v1": specimen(proposalCodec, { ...approved, hosts: null }),
  "approve-answer.v1": specimen(proposalAnswerCodec, { former: { term: 5, hosts: [host] }, signature: approve(hostKey, host, network, approved).signature }),
  "attest-question.v1": specimen(attestQuestionCodec, { host, number: 3 }),
  "attest-answer.v1": specimen(attestAnswerCodec, { signature: attest(hostKey, network, { host: other, invite, number: 3 }) }),
  "attested.v1": specimen(attestationCodec, { number: 3, signatures: [{ host, signature: attest(hostKey, network, { host: other, invite, number: 3 }) }] }),
  "audit.v1": specimen(auditCodec, { provenBytes: 30_000_000_000, failures: 3, isSuspect: true, toldMs: ms }),
  "ballot.v2": specimen(ballotCodec, { ...ballot, learntAt: 2 }),
  "beats.v1": specimen(beatsCodec, [signBeat(hostKey, network, { host, number: 12, beat })]),
  "certificate.v1": specimen(certificateCodec, certificate),
  "delegation.v1": specimen(delegationCodec, delegate(person, { network, account, host, issuedMs: ms })),
  "draining.v1": specimen(drainingCodec, { sinceMs: ms }),
  "genesis.v1": specimen(genesisCodec, genesis),
  "gone.v1": specimen(departureCodec, { returns: 1, number: 3, signatures: [{ host, signature: signAbsence(hostKey, network, absent) }] }),
  "host.v1": specimen(hostCardCodec, { addresses, capacityBytes: 20_000_000_000, version: "0.1.0", returns: 1 }),
  "introduction.v1": specimen(introductionCodec, { network: "friends", host: "attic" }),
  "invite.v1": specimen(inviteCodec, signInvite(inviteKey, network, terms)),
  "invite-code.v1": specimen(codeCodec, { network, networkName: "friends", seed: digest("specimen invite"), expiresMs: ms, entrances }),
  "lead.v1": specimen(termCodec, { term: 7 }),
  "member.v1": specimen(admissionCodec, { ...asked, joinedMs: ms, invite, proof: signature, consent: signature }),
  "nonce.v1": specimen(nonceCodec, { nonce: digest("specimen nonce") }),
  "quota.v1": specimen(quotaCodec, { bytes: 50_000_000_000 }),
  "recall-question.v1": specimen<object>(recallCodec, {}),
  "recall-answer.v1": specimen(recollectionCodec, { number: 3, ballot: { term: 7, approved } }),
  "redeem-question.v1": specimen(redeemRequestCodec, { host, ...asked, proof: signature, consent: signature }),
  "redeem-answer.v1": specimen(redeemAnswerCodec, { certificate, entrances }),
  "removed.v1": specimen(removalCodec, { honoured: [{ incarnation: 7_766_279_631_452_241, batch: 12 }] }),
  "setting.v1": specimen(settingCodec, { ms: 3_600_000 }),
  "vote-question.v1": specimen(voteCodec, { term: 7, number: 3, isTrial: true }),
  "vote-answer.v1": specimen(voteAnswerCodec, { term: 7, isGranted: false }),
  "voters.v1": specimen(votersCodec, { ...approved, approvals: [approve(hostKey, host, network, approved)] }),
};

/** What earlier versions of this program wrote, and what it is read as now. */
export const formerSpecimens: Readonly<Record<string, Specimen>> = {
  "ballot.v1": specimen(ballotCodec, { ...ballot, learntAt: null }),
};
