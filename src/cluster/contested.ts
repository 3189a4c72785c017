import type { HostId, InviteId } from "../codec/index.ts";
import { bytesOfId, compareBytes, concatBytes, utf8 } from "../codec/index.ts";
import { sha256 } from "../crypto/index.ts";
import type { Invite, Removal } from "./entries.ts";
import type { Collected } from "./roster-reading.ts";
import { mostGenerous } from "./roster-reading.ts";
import type { Register } from "./roster.ts";
import { isForced } from "./voters.ts";

// Several hosts may be admitted by one invite: on two sides of a partition, or by whoever made it and knows its key still. Only one stays, on all
// hosts the same, whatever the order in which they hear of them.

/**
 * Of whom a majority of the voters has signed that it knew them, as voters or as those who came by their invites, and by which number first. Whom an
 * administrator has put in the place of lost voters came by one word, which counts no more when that administrator came by the very invite that is
 * contested: until a majority takes them in anew nothing is signed of them. And what follows a configuration that counts no more says nothing either.
 */
export function signedFor({ attested, configurations }: Pick<Register, "attested" | "configurations">): ReadonlyMap<HostId, number> {
  const signed = new Map(attested);
  let formers: ReadonlySet<HostId> = new Set();
  for (let number = 1; configurations.has(number); number += 1) {
    const each = configurations.get(number)!;
    const added = each.filter((configuration) => !isForced(configuration)).flatMap(({ hosts }) => hosts.filter((host) => !formers.has(host)));
    for (const host of added) signed.set(host, Math.min(number, signed.get(host) ?? Infinity));
    formers = new Set(each.flatMap(({ hosts }) => hosts));
  }
  return signed;
}

/**
 * Of those admitted by one invite the one stays that voted first, or that the voters attested first: a majority of them has signed either, by numbers
 * that grow, so that who comes afterwards comes too late. Of those of whom nothing is signed, a hash decides.
 */
export function losersOfInvites(admissions: Collected["admissions"], signed: ReadonlyMap<HostId, number>): Set<HostId> {
  const isBefore = (invite: InviteId, host: HostId, other: HostId): boolean => {
    const [own, others] = [signed.get(host) ?? Infinity, signed.get(other) ?? Infinity];
    return own === others ? compareBytes(lot(invite, host), lot(invite, other)) < 0 : own < others;
  };
  const winners = new Map<InviteId, HostId>();
  for (const [host, { invite }] of admissions) {
    if (invite === null) continue;
    const other = winners.get(invite);
    if (other === undefined || isBefore(invite, host, other)) winners.set(invite, host);
  }
  return new Set([...admissions].filter(([host, { invite }]) => invite !== null && winners.get(invite) !== host).map(([host]) => host));
}

function lot(invite: InviteId, host: HostId): Uint8Array {
  return sha256(concatBytes(utf8("holdfast lot"), bytesOfId(invite), bytesOfId(host)));
}

/**
 * What is honoured of those that lost their invite: whatever any member held of it. A member that makes up more takes nothing from others: it could
 * have invited that host itself. That is not so of an invite for administrators, of whose losers nothing counts.
 */
export function sparedOf({ spared, admissions }: Collected, invites: ReadonlyMap<InviteId, Invite>, expelled: ReadonlySet<HostId>): ReadonlyMap<HostId, Removal> {
  const sparable = [...expelled].filter((host) => {
    const invite = admissions.get(host)?.invite ?? null;
    return invite !== null && invites.get(invite)?.role !== "administrator";
  });
  return new Map(sparable.map((host) => [host, mostGenerous(spared.get(host) ?? [])]));
}
