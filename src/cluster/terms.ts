import type { HostId } from "../codec/index.ts";
import type { Ballot } from "./ballots.ts";
import type { VoterConfiguration } from "./entries.ts";

// What a voter may promise: pure, so that it can be tried in all orders. The rules are those of Raft's election (Ongaro 2014, chapters 3 and 4),
// with the numbered configurations of voters in place of its log.
//
// Two coordinators never have one term. A term's coordinator has the votes of a majority of the configuration that it knows, and each voter
// votes once in a term. Configurations that follow each other differ by one host, so their majorities meet; and a candidate whose
// configuration is two or more behind another's finds in each of its majorities a voter that has approved what it does not know, and
// a voter is for nobody who knows less than itself. A configuration that an administrator forced need not meet the ones before: it begins an era
// of terms of its own, which no candidate takes without knowing it.

/** A forced configuration begins with the term of its number times this. So many elections fit into an era. */
export const TERMS_PER_ERA = 1_000_000_000;

export function eraOf(term: number): number {
  return Math.floor(term / TERMS_PER_ERA);
}

/** The term in which to stand next; undefined for a host that has heard of terms whose configuration it does not know. */
export function nextTerm(ballot: Ballot, configuration: VoterConfiguration): number | undefined {
  const term = Math.max(ballot.term, configuration.term) + 1;
  return eraOf(term) === eraOf(configuration.term) ? term : undefined;
}

/** The ballot of a voter that is asked for its vote: for the candidate when it may be, else as it was, or with the higher term. */
export function voteFor(candidate: HostId, term: number, ballot: Ballot): Ballot {
  if (term < ballot.term) return ballot;
  if (term > ballot.term) return { ...ballot, term, vote: candidate };
  return ballot.vote === null ? { ...ballot, vote: candidate } : ballot;
}

/** The ballot of a voter that hears of a term: it takes part in no lower one from now on. */
export function raised(term: number, ballot: Ballot): Ballot {
  return term > ballot.term ? { ...ballot, term, vote: null } : ballot;
}

/** Whether a host may give its vote in this term: what it has learnt from others says nothing of an era that they did not know of. */
export function isCertain(term: number, { learntAt }: Ballot): boolean {
  return learntAt === null || eraOf(term) <= learntAt;
}

/** So many of a number of voters that each majority of them has one of these. */
export function witnessesOf(count: number): number {
  return Math.ceil(count / 2);
}

/** The ballot of a host that has lost it, made from the others': it may have voted for somebody in any term that they know of, and approved what they did. */
export function recalled(self: HostId, learntAt: number | null, others: readonly Pick<Ballot, "term" | "approved">[]): Ballot {
  const approvals = others.map(({ approved }) => approved).filter((approved) => approved !== null);
  const latest = approvals.sort((a, b) => b.number - a.number || b.term - a.term)[0];
  return { term: Math.max(0, ...others.map(({ term }) => term)), vote: self, approved: latest ?? null, learntAt };
}
