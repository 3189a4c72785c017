import type { AccountId, InviteId } from "../codec/index.ts";
import { compareBytes } from "../codec/index.ts";
import type { Invite } from "./entries.ts";
import { inviteCodec } from "./entries.ts";
import type { Collected } from "./roster-reading.ts";

// Whoever has seen an invite's code has its key, and can sign terms of their own for it, before it is used and afterwards. Each who does has a key of
// the network's namespace to themselves, so that nobody writes over another's terms, and all hosts choose the same ones of them.

/** The terms that count of each invite: an administrator's before any other's, those of its guests last, and of several that take least from anybody. */
export function invitesOf({ offers, admissions, administrators }: Pick<Collected, "offers" | "admissions" | "administrators">): Map<InviteId, Invite> {
  const guests = new Map<InviteId, Set<AccountId>>();
  const trusted = new Set(administrators);
  for (const { account, invite } of admissions.values()) {
    if (invite === null) continue;
    guests.set(invite, (guests.get(invite) ?? new Set()).add(account));
    // Only administrators write such an offer, so it is the invite's.
    if (offers.get(invite)?.some(makesAdministrators) === true) trusted.add(account);
  }
  const rank = (id: InviteId, offer: Invite): readonly number[] => [
    Number(makesAdministrators(offer)),
    Number(trusted.has(offer.inviter)),
    Number(guests.get(id)?.has(offer.inviter) !== true),
    offer.quotaBytes ?? Infinity,
  ];
  const better = (id: InviteId, a: Invite, b: Invite): Invite => {
    const [ofA, ofB] = [rank(id, a), rank(id, b)];
    const at = ofA.findIndex((each, index) => each !== ofB[index]);
    if (at !== -1) return ofA[at]! > ofB[at]! ? a : b;
    return compareBytes(inviteCodec.encode(a), inviteCodec.encode(b)) <= 0 ? a : b;
  };
  return new Map([...offers].map(([id, each]) => [id, each.reduce((a, b) => better(id, a, b))]));
}

function makesAdministrators({ role }: Invite): boolean {
  return role === "administrator";
}
