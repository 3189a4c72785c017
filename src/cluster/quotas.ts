import type { AccountId } from "../codec/index.ts";
import type { Invite } from "./entries.ts";
import type { Person } from "./port.ts";

/** One admission of a person's host, and the invite that it came by, if any. */
export interface Grant {
  readonly account: AccountId;
  readonly invite: Pick<Invite, "inviter" | "quotaBytes"> | undefined;
}

export interface QuotaFacts {
  /** What administrators have set for people. */
  readonly set: ReadonlyMap<AccountId, number>;
  readonly grants: readonly Grant[];
  readonly administrators: ReadonlySet<AccountId>;
  /** What everybody has of whom nothing is said: what the hosts offer, divided by the number of people. */
  readonly shareBytes: number;
}

/**
 * How much each person's content may take: what an administrator has set, else the most that an invite of theirs grants, else an equal share.
 * An invite of somebody who is no administrator grants no more than that share, or a member could invite themselves and be given everything.
 */
export function quotas({ set, grants, administrators, shareBytes }: QuotaFacts): (account: AccountId) => Pick<Person, "quotaBytes" | "quotaFrom"> {
  const granted = new Map<AccountId, number>();
  const unlimited = new Set<AccountId>();
  for (const { account, invite } of grants) {
    if (invite === undefined || invite.quotaBytes === null) unlimited.add(account);
    else granted.set(account, Math.max(granted.get(account) ?? 0, administrators.has(invite.inviter) ? invite.quotaBytes : Math.min(invite.quotaBytes, shareBytes)));
  }
  return (account) => {
    const own = set.get(account);
    if (own !== undefined) return { quotaBytes: own, quotaFrom: "administrator" };
    const most = granted.get(account);
    return most === undefined || (unlimited.has(account) && most < shareBytes) ? { quotaBytes: shareBytes, quotaFrom: "share" } : { quotaBytes: most, quotaFrom: "invite" };
  };
}
