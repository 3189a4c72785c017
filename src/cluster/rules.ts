import type { AccountId, HostId, InviteId } from "../codec/index.ts";
import { CodecError, idFromText } from "../codec/index.ts";
import { isAttested } from "./attestation.ts";
import { auditCodec, readAuditKey } from "./audits.ts";
import { SETTING_MS, admissionCodec, attestationCodec, departureCodec, drainingCodec, hostCardCodec, inviteCodec, quotaCodec, removalCodec, settingCodec, votersCodec } from "./entries.ts";
import { isHonoured } from "./exclusion.ts";
import { isSignedByMajority } from "./departure.ts";
import { admissionIsProven, inviteIsSigned } from "./invite.ts";
import { isHostName } from "./names.ts";
import type { Genesis, JudgedRecord, Verdict } from "./namespace.ts";
import { ACCEPT } from "./namespace.ts";
import { consentIsGiven } from "./redeem.ts";
import type { Network } from "./network.ts";
import type { Register } from "./roster.ts";
import { SETTINGS } from "./roster.ts";
import { isApproval, isForced, mayFollow } from "./voters.ts";

/** The rules of one type of namespace, or of one kind of key in the network's. Pure. */
export type Rule = (record: JudgedRecord, genesis: Genesis, register: Register) => Verdict;

export function refuse(code: string, why: string): Verdict {
  return { kind: "refuse", code, why };
}

function later(why: string): Verdict {
  return { kind: "later", why };
}

/** What holds in every namespace: the signing host and the author take part, or did when they wrote this. */
export function judgeStanding(record: JudgedRecord, register: Register): Verdict {
  const spared = register.spared.get(record.host);
  if (spared === undefined && register.expelled.has(record.host)) return refuse("EXPELLED", "the host came by an invite that another host had used");
  // Not refused for good: somebody who was away may have had it before.
  if (!isHonoured(spared, record)) return later("the host's invite is another one's or does not count, and nobody has said that this was known before");
  if (!isHonoured(register.removals.get(record.host), record)) return refuse("REMOVED", "the host had been removed when it wrote this");
  if (record.author !== null) {
    if (!register.people.has(record.author)) return later("the author is not known here yet");
    if (!isHonoured(register.revocations.get(`${record.author}/${record.host}`), record)) return refuse("REVOKED", "the person has revoked this host's delegation; write in their name on another of their hosts");
  }
  if (!register.admissions.has(record.host) && !isFirstWord(record, register)) return later("the host is not known here yet");
  return ACCEPT;
}

/** The founder's first host admits itself: nobody else is there to do it. */
function isFirstWord(record: JudgedRecord, register: Register): boolean {
  return record.author === register.founder && record.key === `member/${record.host}`;
}

/** The peer chooses the name, which may be "constructor" or "__proto__". */
export function ruleNamed(rules: Readonly<Record<string, Rule>>, name: string): Rule | undefined {
  return Object.hasOwn(rules, name) ? rules[name] : undefined;
}

/** The rules of the keys that this room owns. Kinds that other rooms own are handed in by the daemon. */
export function networkRule(network: Network, others: Readonly<Record<string, Rule>>): Rule {
  const rules: Readonly<Record<string, Rule>> = {
    member: judgeMember(network),
    host: judgeHostCard,
    invite: judgeInvite(network),
    removed: judgeRemoval,
    revoked: judgeRevocation,
    spared: judgeSpared,
    administrator: judgeAdministrator,
    voters: judgeVoters(network),
    gone: judgeDeparture(network),
    attested: judgeAttestation(network),
    setting: judgeSetting,
    draining: judgeDraining,
    audit: judgeAudit,
    quota: judgeQuota,
    ...others,
  };
  return (record, genesis, register) => {
    const rule = ruleNamed(rules, record.key.split("/")[0]!);
    if (rule === undefined) return refuse("UNKNOWN_KIND", "this program knows no such record; update it");
    try {
      return rule(record, genesis, register);
    } catch (error) {
      if (error instanceof CodecError) return refuse("MALFORMED", error.message);
      throw error;
    }
  };
}

/** Of hosts that there are not anybody could say something without end, and all hosts would keep it for ever. */
function ofKnownHost(host: HostId, { admissions }: Register): Verdict {
  return admissions.has(host) ? ACCEPT : later("the host that this is about is not known here yet");
}

function isAdministrator(account: AccountId | null, register: Register): boolean {
  return account !== null && register.people.get(account)?.isAdministrator === true;
}

/** The id that makes up the rest of a key. @throws CodecError when it is none: the roster could not be read with such a key in it */
function idIn<Id extends AccountId | HostId | InviteId>(key: string): Id {
  return idFromText<Id>(key.slice(key.indexOf("/") + 1));
}

const judgeAdministrator: Rule = (record, _genesis, register) => {
  idIn<AccountId>(record.key);
  // Whoever joins later judges what an administrator did by what is known then.
  if (record.value === null) return refuse("NOT_DELETABLE", "an administrator stays one; remove their hosts");
  return isAdministrator(record.author, register) ? ACCEPT : refuse("NOT_ADMINISTRATOR", "only administrators write this");
};

function judgeMember(network: Network): Rule {
  return (record, _genesis, register) => {
    if (record.value === null) return refuse("NOT_DELETABLE", "an admission is ended by a removal");
    const host = idIn<HostId>(record.key);
    const admission = admissionCodec.decode(record.value);
    if (!isHostName(admission.name)) return refuse("MALFORMED", "the host's name is none");
    if (admission.invite === null) return isAdministrator(record.author, register) ? ACCEPT : refuse("NOT_ADMINISTRATOR", "only administrators admit without an invite");
    if (!admissionIsProven(admission.invite, admission.proof, network.id, host, admission.account)) return refuse("NOT_PROVEN", "the invite's key did not sign this");
    if (!consentIsGiven(host, admission)) return refuse("NOT_CONSENTED", "the host did not ask for this");
    const known = register.admissions.get(host);
    // The invite's key is known to whoever made it: it must not make the host another person's afterwards.
    if (known !== undefined && (known.invite !== admission.invite || known.account !== admission.account)) return refuse("ALREADY_MEMBER", "the host is a member already");
    return ACCEPT;
  };
}

const judgeHostCard: Rule = (record) => {
  if (record.key !== `host/${record.host}`) return refuse("NOT_OWN", "a host writes its own card only");
  if (record.value !== null) hostCardCodec.decode(record.value);
  return ACCEPT;
};

/** Earlier versions of this program had one key for all: who came by the invite has its key too, and may not make it better afterwards. */
function isChangedByGuest(id: InviteId, author: AccountId, { admissions, invites }: Register): boolean {
  const isGuests = [...admissions.values()].some((admission) => admission.invite === id && admission.account === author);
  return isGuests && invites.has(id) && invites.get(id)?.inviter !== author;
}

function judgeInvite(network: Network): Rule {
  return (record, _genesis, register) => {
    const [, name = "", maker, ...rest] = record.key.split("/");
    const id = idFromText<InviteId>(name);
    if (maker !== undefined) idFromText<AccountId>(maker);
    if (record.author === null) return refuse("NOT_A_PERSON", "people invite, hosts do not");
    // Whoever joins later follows the admissions by their invites.
    if (record.value === null) return refuse("NOT_DELETABLE", "an invite ends by being used or by its expiry");
    const invite = inviteCodec.decode(record.value);
    if (invite.inviter !== record.author || !inviteIsSigned(id, invite, network.id)) return refuse("NOT_PROVEN", "an invite is its maker's, and its own key signs its terms");
    const isOwn = maker === undefined ? !isChangedByGuest(id, record.author, register) : maker === record.author && rest.length === 0;
    if (!isOwn) return refuse("NOT_OWN", "each who signs terms for an invite says so under a key of their own");
    if (invite.role === "administrator" && !isAdministrator(record.author, register)) return refuse("NOT_ADMINISTRATOR", "only administrators invite administrators");
    return ACCEPT;
  };
}

const judgeRemoval: Rule = (record, _genesis, register) => {
  if (record.value === null) return refuse("NOT_DELETABLE", "a removed host joins again by a new invite");
  removalCodec.decode(record.value);
  const [, name = "", remover = "", ...rest] = record.key.split("/");
  const host = idFromText<HostId>(name);
  // Or whoever is removed could write over it, that more of theirs is to be honoured.
  if (record.author !== remover || rest.length > 0) return refuse("NOT_OWN", "each who removes a host says so under a key of their own");
  const isOwner = register.admissions.get(host)?.account === record.author;
  return isOwner || isAdministrator(record.author, register) ? ACCEPT : refuse("NOT_ADMINISTRATOR", "a host is removed by its person or an administrator");
};

const judgeRevocation: Rule = (record, _genesis, register) => {
  if (record.value === null) return refuse("NOT_DELETABLE", "a revocation stays; delegate anew from another host");
  removalCodec.decode(record.value);
  const account = record.key.split("/")[1] ?? "";
  const host = idFromText<HostId>(record.key.slice(`revoked/${account}/`.length));
  if (record.author !== account) return refuse("NOT_OWN", "people revoke their own delegations");
  // Or a stolen host could say beforehand that all it is going to write is to be honoured.
  if (record.host === host) return refuse("OWN_DELEGATION", "a host does not speak about its own delegation");
  return ofKnownHost(host, register);
};

const judgeSpared: Rule = (record, _genesis, register) => {
  if (record.value === null) return refuse("NOT_DELETABLE", "what was honoured once stays");
  removalCodec.decode(record.value);
  const [, name = "", witness = "", ...rest] = record.key.split("/");
  const host = idFromText<HostId>(name);
  if (record.host !== witness || record.author !== null || host === witness || rest.length > 0) return refuse("NOT_OWN", "a host says what it held of others, under a key of its own");
  const admission = register.admissions.get(host);
  if (admission === undefined) return ofKnownHost(host, register);
  return admission.invite === null ? refuse("NOT_APPROVED", "the host came by no invite, which it could lose") : ACCEPT;
};

function judgeVoters(network: Network): Rule {
  return (record, _genesis, register) => {
    if (record.value === null) return refuse("NOT_DELETABLE", "a network always has voters");
    const next = votersCodec.decode(record.value);
    if (record.key !== `voters/${next.number}`) return refuse("MALFORMED", "the key names another number");
    if (next.number === 1) {
      const isFirst = next.term === 0 && next.hosts.length === 1 && next.approvals.length === 0 && record.author === register.founder;
      return isFirst ? ACCEPT : refuse("NOT_APPROVED", "the first voter is the founder's, by their word alone");
    }
    if (isForced(next)) return isAdministrator(record.author, register) ? ACCEPT : refuse("NOT_ADMINISTRATOR", "only administrators appoint voters without the former ones");
    if (next.approvals.length === 0 || !next.approvals.every((approval) => isApproval(network.id, approval, next))) return refuse("NOT_APPROVED", "its approvals are not genuine");
    const formers = register.configurations.get(next.number - 1) ?? [];
    // A number may have two configurations when administrators forced one on both sides of a partition, and only one of them may be here so far.
    return formers.some((former) => mayFollow(network.id, former, next)) ? ACCEPT : later("no configuration is known here whose majority has approved it");
  };
}

function judgeDeparture(network: Network): Rule {
  return (record, _genesis, register) => {
    if (record.value === null) return refuse("NOT_DELETABLE", "a host returns by its own card");
    const host = idIn<HostId>(record.key);
    const departure = departureCodec.decode(record.value);
    const verdict = isSignedByMajority(network.id, host, departure, register.configurations.get(departure.number) ?? []);
    if (verdict === "forged") return refuse("NOT_APPROVED", "its signatures are not genuine");
    return verdict === "yes" ? ACCEPT : later("no configuration is known here whose majority has signed it");
  };
}

function judgeAttestation(network: Network): Rule {
  return (record, _genesis, register) => {
    if (record.value === null) return refuse("NOT_DELETABLE", "what the voters have attested stays");
    const host = idIn<HostId>(record.key);
    const attestation = attestationCodec.decode(record.value);
    const admission = register.admissions.get(host);
    if (admission === undefined) return ofKnownHost(host, register);
    if (admission.invite === null) return refuse("NOT_APPROVED", "the host came by no invite");
    const verdict = isAttested(network.id, host, admission.invite, attestation, register.configurations.get(attestation.number) ?? []);
    if (verdict === "forged") return refuse("NOT_APPROVED", "its signatures are not genuine");
    return verdict === "yes" ? ACCEPT : later("no configuration is known here whose majority has signed it");
  };
}

const judgeSetting: Rule = (record, _genesis, register) => {
  const name = record.key.slice("setting/".length);
  if (!Object.values(SETTINGS).some((setting) => setting.name === name)) return refuse("UNKNOWN_KIND", "this program knows no such setting; update it");
  if (record.value !== null && settingCodec.decode(record.value).ms < SETTING_MS.least) return refuse("MALFORMED", "the time is too short");
  return isAdministrator(record.author, register) ? ACCEPT : refuse("NOT_ADMINISTRATOR", "only administrators set this");
};

const judgeDraining: Rule = (record, _genesis, register) => {
  const host = idIn<HostId>(record.key);
  if (record.value !== null) drainingCodec.decode(record.value);
  const isOwn = record.host === host && record.author === null;
  const isOwner = register.admissions.get(host)?.account === record.author;
  return isOwn || isOwner || isAdministrator(record.author, register) ? ACCEPT : refuse("NOT_ADMINISTRATOR", "a host is emptied by itself, its person or an administrator");
};

const judgeQuota: Rule = (record, _genesis, register) => {
  idIn<AccountId>(record.key);
  if (record.value !== null) quotaCodec.decode(record.value);
  return isAdministrator(record.author, register) ? ACCEPT : refuse("NOT_ADMINISTRATOR", "only administrators set this");
};

const judgeAudit: Rule = (record, _genesis, register) => {
  const { auditor, host } = readAuditKey(record.key);
  if (record.host !== auditor || auditor === host) return refuse("NOT_OWN", "a host says what it has found out about others, under a key of its own");
  if (record.value !== null) auditCodec.decode(record.value);
  return ofKnownHost(host, register);
};
