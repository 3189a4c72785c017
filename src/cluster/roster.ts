import type { AccountId, HostId, InviteId } from "../codec/index.ts";
import { compareBytes } from "../codec/index.ts";
import type { Audits } from "./audits.ts";
import { isSuspect, provenBytes } from "./audits.ts";
import { losersOfInvites, signedFor, sparedOf } from "./contested.ts";
import type { Admission, Invite, Removal, VoterConfiguration } from "./entries.ts";
import { votersCodec } from "./entries.ts";
import type { Network } from "./network.ts";
import type { Member, NetworkSettings, Person, Roster } from "./port.ts";
import type { Grant } from "./quotas.ts";
import { quotas } from "./quotas.ts";
import { invitesOf } from "./offers.ts";
import type { Collected, Departed, NetworkEntry } from "./roster-reading.ts";
import { readingOf, strictest } from "./roster-reading.ts";
import { isNext } from "./voters.ts";

/** The roster, and what the rules need beyond it. */
export interface Register extends Roster {
  readonly invites: ReadonlyMap<InviteId, Invite>;
  /** Every admission ever, the removed and the expelled included. */
  readonly admissions: ReadonlyMap<HostId, Admission>;
  readonly removals: ReadonlyMap<HostId, Removal>;
  /** By "account/host". */
  readonly revocations: ReadonlyMap<string, Removal>;
  /** Of each host that was ever declared gone the departure under the greatest number of returns. */
  readonly departures: ReadonlyMap<HostId, Departed>;
  readonly attested: Collected["attested"];
  readonly audits: Audits;
  /** Hosts whose invite another one had used first, or is not here: it is on its way, or whoever made it was removed by somebody who had not heard of it. */
  readonly expelled: ReadonlySet<HostId>;
  /** What is honoured of those of the expelled of which anything may be. */
  readonly spared: ReadonlyMap<HostId, Removal>;
  readonly settings: NetworkSettings;
  readonly configuration: VoterConfiguration;
  /** All configurations of voters by number: of each number usually one. */
  readonly configurations: ReadonlyMap<number, readonly VoterConfiguration[]>;
}

/** Which keys the roster follows from. */
export const ROSTER_PREFIXES = ["administrator/", "attested/", "audit/", "draining/", "gone/", "host/", "invite/", "member/", "quota/", "removed/", "revoked/", "setting/", "spared/", "voters/"] as const;

/** Derives who takes part from the network's records. Pure: the same records give the same roster, in any order. */
export function buildRegister(network: Network, entries: Iterable<NetworkEntry>): Register {
  const collected: Collected = {
    admissions: new Map(),
    cards: new Map(),
    offers: new Map(),
    removals: new Map(),
    revocations: new Map(),
    spared: new Map(),
    departures: new Map(),
    attested: new Map(),
    draining: new Set(),
    audits: new Map(),
    quotas: new Map(),
    settings: new Map(),
    administrators: new Set([network.founder]),
    configurations: new Map(),
  };
  for (const entry of entries) readingOf(entry)(collected);
  const invites = invitesOf(collected);
  const signed = signedFor(collected);
  const expelled = new Set([...losersOfInvites(collected.admissions, signed), ...withoutInvites(collected.admissions, invites, signed)]);
  const spared = sparedOf(collected, invites, expelled);
  for (const [host, admission] of collected.admissions) {
    if (admission.invite !== null && !expelled.has(host) && invites.get(admission.invite)?.role === "administrator") {
      collected.administrators.add(admission.account);
    }
  }
  const configuration = latest(collected.configurations);
  const members = membersOf(collected, invites, expelled);
  return {
    network: network.id,
    networkName: network.rules.name,
    founder: network.founder,
    maxHosts: network.rules.maxHosts,
    members,
    people: peopleOf(network, collected, { invites, expelled, spared, members }),
    voters: configuration.hosts,
    settings: settingsOf(collected.settings),
    configuration,
    configurations: collected.configurations,
    invites,
    admissions: collected.admissions,
    removals: new Map([...collected.removals].map(([host, each]) => [host, strictest(each)])),
    revocations: collected.revocations,
    departures: collected.departures,
    attested: collected.attested,
    audits: collected.audits,
    expelled,
    spared,
  };
}

/**
 * The last of an unbroken row of configurations. Of several with one number, which only administrators bring about who force one on both
 * sides of a partition, the latest term's counts, and of those the one whose bytes come first.
 */
function latest(configurations: ReadonlyMap<number, readonly VoterConfiguration[]>): VoterConfiguration {
  let current: VoterConfiguration = { number: 0, term: 0, hosts: [], approvals: [] };
  for (;;) {
    const following = (configurations.get(current.number + 1) ?? []).filter((each) => isNext(current, each));
    const next = following.sort((a, b) => b.term - a.term || compareBytes(votersCodec.encode(a), votersCodec.encode(b)))[0];
    if (next === undefined) return current;
    current = next;
  }
}

/**
 * Admitted by invites that are not known, or do not count. Whom the voters have signed for stays: or whoever made its invite could shut it out at
 * any time, by having that count no more.
 */
function withoutInvites(admissions: Collected["admissions"], invites: Register["invites"], signed: ReadonlyMap<HostId, number>): HostId[] {
  const isOut = (host: HostId, { invite }: Admission): boolean => invite !== null && !invites.has(invite) && !signed.has(host);
  return [...admissions].filter((each) => isOut(...each)).map(([host]) => host);
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export const SETTINGS: Readonly<Record<keyof NetworkSettings, { readonly name: string; readonly defaultMs: number }>> = {
  goneAfterMs: { name: "gone-after", defaultMs: 7 * DAY_MS },
  horizonMs: { name: "horizon", defaultMs: 180 * DAY_MS },
  repairAfterMs: { name: "repair-after", defaultMs: HOUR_MS },
  condemnedForMs: { name: "condemned-for", defaultMs: 30 * DAY_MS },
};

function settingsOf(chosen: ReadonlyMap<string, number>): NetworkSettings {
  const ms = (setting: keyof NetworkSettings): number => chosen.get(SETTINGS[setting].name) ?? SETTINGS[setting].defaultMs;
  return { goneAfterMs: ms("goneAfterMs"), horizonMs: ms("horizonMs"), repairAfterMs: ms("repairAfterMs"), condemnedForMs: ms("condemnedForMs") };
}

function membersOf(collected: Collected, invites: Register["invites"], expelled: ReadonlySet<HostId>): Map<HostId, Member> {
  const members = new Map<HostId, Member>();
  for (const [host, admission] of collected.admissions) {
    if (expelled.has(host) || collected.removals.has(host)) continue;
    const card = collected.cards.get(host);
    const returns = card?.returns ?? 0;
    members.set(host, {
      host,
      account: admission.account,
      name: admission.name,
      zone: zoneOf(admission, invites),
      capacityBytes: card?.capacityBytes ?? admission.capacityBytes,
      addresses: card?.addresses ?? [],
      version: card?.version ?? "",
      joinedMs: admission.joinedMs,
      invite: admission.invite,
      returns,
      isGone: (collected.departures.get(host)?.returns ?? -1) >= returns,
      isDraining: collected.draining.has(host),
      isSuspect: false,
      provenBytes: undefined,
    });
  }
  // Whose word counts follows from who takes part.
  for (const [host, member] of members) members.set(host, { ...member, isSuspect: isSuspect(host, collected.audits, members), provenBytes: provenBytes(host, collected.audits, members) });
  return members;
}

function zoneOf({ zone, name, invite }: Admission, invites: ReadonlyMap<InviteId, Invite>): string {
  const granted = invite === null ? null : (invites.get(invite)?.zone ?? null);
  return granted ?? (zone === "" ? name : zone);
}

function peopleOf(network: Network, collected: Collected, { invites, expelled, spared, members }: Pick<Register, "invites" | "expelled" | "spared" | "members">): Map<AccountId, Person> {
  const names = new Map<AccountId, string>();
  const grants: Grant[] = [];
  // A person outlives their hosts: the founder whose host was lost goes on from another.
  for (const [host, { account, name, invite }] of collected.admissions) {
    if (expelled.has(host) && (spared.get(host)?.honoured ?? []).length === 0) continue;
    if (!names.has(account)) names.set(account, name);
    grants.push({ account, invite: invite === null ? undefined : invites.get(invite) });
  }
  for (const account of collected.administrators) if (!names.has(account)) names.set(account, account === network.founder ? "founder" : "administrator");
  const active = [...members.values()].filter(({ isGone }) => !isGone);
  const offeredBytes = active.reduce((sum, { capacityBytes }) => sum + capacityBytes, 0);
  const quotaOf = quotas({ set: collected.quotas, grants, administrators: collected.administrators, shareBytes: Math.floor(offeredBytes / names.size) });
  return new Map([...names].map(([account, name]) => [account, { account, name, isAdministrator: collected.administrators.has(account), ...quotaOf(account) }]));
}
