import type { JudgedRecord, Rule, Verdict } from "../cluster/index.ts";
import { ACCEPT, refuse } from "../cluster/index.ts";
import type { NetworkId } from "../codec/index.ts";
import { CodecError } from "../codec/index.ts";
import { isPoolKey, poolRule } from "../pool/index.ts";
import { DOMAIN_KIND, claimedDomainCodec, domainInKey, givenDomainCodec } from "./domains/domain-records.ts";
import { readClaim, readNameKey, voteCodec } from "./claim.ts";
import { VISITS_KIND, hostInVisitsKey, visitsCodec } from "./visits/visit-records.ts";
import { HEAD_KEY, HISTORY_PREFIX, headCodec, historyKey } from "./head.ts";

/** Malformed bytes are refused like anything else that a peer should not have sent. */
function refusingMalformed(judge: () => Verdict): Verdict {
  try {
    return judge();
  } catch (error) {
    if (error instanceof CodecError) return refuse("MALFORMED", error.message);
    throw error;
  }
}

/**
 * The rule of the `name/` keys in the network's namespace: people claim for themselves, hosts vote for themselves. That both take part is
 * judged before. Any host may vote; only the votes of the present voters count, so that a change of voters never makes hosts disagree
 * about which records to store.
 */
export const nameRule: Rule = (record) =>
  refusingMalformed(() => {
    const key = readNameKey(record.key);
    if (key === undefined) return refuse("UNKNOWN_KIND", "this is no record about a site's name");
    if (key.kind === "vote") return judgeVote(record, key.host);
    if (record.author !== key.account) return refuse("NOT_OWN", "people claim names for themselves only");
    // The id of a network is also that of its namespace, in which these records lie.
    const network = record.namespace as string as NetworkId;
    if (record.value !== null && readClaim(record.value, network, key.account) === undefined) return refuse("NOT_OWN", "the claim is for another's site, or for one of another network");
    return ACCEPT;
  });

function judgeVote(record: JudgedRecord, host: string): Verdict {
  if (record.host !== host || record.author !== null) return refuse("NOT_OWN", "a host votes for itself only, and in its own name");
  if (record.value !== null) voteCodec.decode(record.value);
  return ACCEPT;
}

/** The rule of the `domain/` keys in the network's namespace: an administrator says whose a domain is. */
export const domainRule: Rule = (record, _genesis, register) =>
  refusingMalformed(() => {
    if (domainInKey(record.key) === undefined) return refuse("UNKNOWN_KIND", "this is no record about a domain");
    if (record.value !== null) givenDomainCodec.decode(record.value);
    const isAdministrator = record.author !== null && register.people.get(record.author)?.isAdministrator === true;
    return isAdministrator ? ACCEPT : refuse("NOT_ADMINISTRATOR", "only administrators give domains to sites; the domain's owner does it by DNS");
  });

/** The rule of a site's namespace: its owner writes heads, nobody else; each host says what it has counted; what concerns packs is the pool's to judge. */
export const siteRule: Rule = (record, genesis, register) => {
  const [kind] = record.key.split("/");
  // Each host keeps the genesis for ever, and sends it along with each page of records.
  if (genesis.rules.length > 0) return refuse("MALFORMED", "the genesis of a site says no more than whose it is");
  if (isPoolKey(record.key)) return poolRule(record, genesis, register);
  if (kind === VISITS_KIND) return refusingMalformed(() => judgeVisits(record));
  if (kind !== HEAD_KEY && kind !== DOMAIN_KIND) return refuse("UNKNOWN_KIND", "this program knows no such record of a site; update it");
  if (genesis.owner === null || record.author !== genesis.owner) return refuse("NOT_OWNER", "only the site's owner publishes");
  return refusingMalformed(() => (kind === DOMAIN_KIND ? judgeDomain(record) : judgeHead(record)));
};

function judgeVisits({ key, value, host, author }: JudgedRecord): Verdict {
  if (hostInVisitsKey(key) !== host || author !== null) return refuse("NOT_OWN", "a host says in its own name what it has counted itself");
  if (value !== null) visitsCodec.decode(value);
  return ACCEPT;
}

function judgeHead({ key, value }: JudgedRecord): Verdict {
  if (value === null) return ACCEPT;
  const { sequence } = headCodec.decode(value);
  if (key === HEAD_KEY || (key.startsWith(HISTORY_PREFIX) && key === historyKey(sequence))) return ACCEPT;
  return refuse("OTHER_SEQUENCE", "the key names another sequence than the head");
}

function judgeDomain({ key, value }: JudgedRecord): Verdict {
  if (domainInKey(key) === undefined) return refuse("MALFORMED", "the key names no domain");
  if (value !== null) claimedDomainCodec.decode(value);
  return ACCEPT;
}
