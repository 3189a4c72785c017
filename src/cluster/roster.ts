import type { AccountId, HostId, InviteId } from "../codec/index.ts";
import { CodecError, bytesOfId, compareBytes, concatBytes, idFromText, utf8 } from "../codec/index.ts";
import { sha256 } from "../crypto/index.ts";
import type { Audit, Audits } from "./audits.ts";
import { auditCodec, isSuspect, provenBytes, readAuditKey } from "./audits.ts";
import type { Admission, HostCard, Invite, LastHonoured, Removal, VoterConfiguration } from "./entries.ts";
import { admissionCodec, departureCodec, drainingCodec, hostCardCodec, inviteCodec, quotaCodec, removalCodec, settingCodec, votersCodec } from "./entries.ts";
import type { Network } from "./network.ts";
import type { Member, NetworkSettings, Person, Roster } from "./port.ts";
import type { Grant } from "./quotas.ts";
import { quotas } from "./quotas.ts";
import { isNext } from "./voters.ts";

/** One key of the network's namespace with the values of all its siblings, in an order that is the same on all hosts. */
export interface NetworkEntry {
  readonly key: string;
  readonly values: readonly Uint8Array[];
}

/** The roster, and what the rules need beyond it. */
export interface Register extends Roster {
  readonly invites: ReadonlyMap<InviteId, Invite>;
  /** Every admission ever, the removed and the expelled included. */
  readonly admissions: ReadonlyMap<HostId, Admission>;
  readonly removals: ReadonlyMap<HostId, Removal>;
  /** By "account/host". */
  readonly revocations: ReadonlyMap<string, Removal>;
  /** The greatest number of returns under which a host was declared gone. */
  readonly departures: ReadonlyMap<HostId, number>;
  readonly audits: Audits;
  /** Hosts that used an invite that another one had used first. */
  readonly expelled: ReadonlySet<HostId>;
  readonly settings: NetworkSettings;
  readonly configuration: VoterConfiguration;
  /** All configurations of voters by number: of each number usually one. */
  readonly configurations: ReadonlyMap<number, readonly VoterConfiguration[]>;
}

interface Collected {
  readonly admissions: Map<HostId, Admission>;
  readonly cards: Map<HostId, HostCard>;
  readonly invites: Map<InviteId, Invite>;
  /** What each removal of a host honours: every remover has a key of its own, so that none can hide another's. */
  readonly removals: Map<HostId, Uint8Array[]>;
  readonly revocations: Map<string, Removal>;
  /** The greatest number of returns that a host was declared gone under. */
  readonly departures: Map<HostId, number>;
  readonly draining: Set<HostId>;
  readonly audits: Map<HostId, Map<HostId, Audit>>;
  /** What administrators have set. */
  readonly quotas: Map<AccountId, number>;
  readonly settings: Map<string, number>;
  readonly administrators: Set<AccountId>;
  readonly configurations: Map<number, readonly VoterConfiguration[]>;
}

/** Which keys the roster follows from. */
export const ROSTER_PREFIXES = ["administrator/", "audit/", "draining/", "gone/", "host/", "invite/", "member/", "quota/", "removed/", "revoked/", "setting/", "voters/"] as const;

/** Derives who takes part from the network's records. Pure: the same records give the same roster, in any order. */
export function buildRegister(network: Network, entries: Iterable<NetworkEntry>): Register {
  const collected: Collected = {
    admissions: new Map(),
    cards: new Map(),
    invites: new Map(),
    removals: new Map(),
    revocations: new Map(),
    departures: new Map(),
    draining: new Set(),
    audits: new Map(),
    quotas: new Map(),
    settings: new Map(),
    administrators: new Set([network.founder]),
    configurations: new Map(),
  };
  for (const entry of entries) collectIfReadable(collected, entry);
  const expelled = losersOfInvites(collected.admissions);
  for (const [host, admission] of collected.admissions) {
    if (admission.invite !== null && !expelled.has(host) && collected.invites.get(admission.invite)?.role === "administrator") {
      collected.administrators.add(admission.account);
    }
  }
  const configuration = latest(collected.configurations);
  const members = membersOf(collected, expelled);
  return {
    network: network.id,
    networkName: network.rules.name,
    founder: network.founder,
    maxHosts: network.rules.maxHosts,
    members,
    people: peopleOf(network, collected, expelled, members),
    voters: configuration.hosts,
    settings: settingsOf(collected.settings),
    configuration,
    configurations: collected.configurations,
    invites: collected.invites,
    admissions: collected.admissions,
    removals: new Map([...collected.removals].map(([host, values]) => [host, strictest(values)])),
    revocations: collected.revocations,
    departures: collected.departures,
    audits: collected.audits,
    expelled,
  };
}

/** The rules refuse what cannot be read. Should one let something through, that entry counts for nothing, instead of no host ever starting again. */
function collectIfReadable(into: Collected, entry: NetworkEntry): void {
  try {
    collect(into, entry);
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
  }
}

function collect(into: Collected, { key, values }: NetworkEntry): void {
  // The least sibling is as good as any, and the same everywhere; rewriting one's own entry supersedes all.
  const value = [...values].sort(compareBytes)[0];
  if (value === undefined) return;
  const [kind, name = "", second = ""] = key.split("/");
  switch (kind) {
    case "member":
      into.admissions.set(idFromText<HostId>(name), admissionCodec.decode(value));
      break;
    case "host":
      // A host that lost its disk may have written one that knows of no return yet.
      into.cards.set(idFromText<HostId>(name), [...values].sort(compareBytes).map((each) => hostCardCodec.decode(each)).sort((a, b) => b.returns - a.returns)[0]!);
      break;
    case "invite":
      into.invites.set(idFromText<InviteId>(name), inviteCodec.decode(value));
      break;
    case "administrator":
      into.administrators.add(idFromText<AccountId>(name));
      break;
    case "removed":
      // Each is read before any is taken: one that cannot be read counts for nothing.
      strictest(values);
      into.removals.set(idFromText<HostId>(name), [...(into.removals.get(idFromText<HostId>(name)) ?? []), ...values]);
      break;
    case "revoked":
      into.revocations.set(`${name}/${second}`, strictest(values));
      break;
    case "gone":
      into.departures.set(idFromText<HostId>(name), Math.max(...values.map((each) => departureCodec.decode(each).returns)));
      break;
    case "draining":
      values.forEach((each) => drainingCodec.decode(each));
      into.draining.add(idFromText<HostId>(name));
      break;
    case "audit": {
      const { auditor, host } = readAuditKey(key);
      into.audits.set(host, (into.audits.get(host) ?? new Map<HostId, Audit>()).set(auditor, auditCodec.decode(value)));
      break;
    }
    case "quota":
      // Of several the largest: it takes nothing from anybody.
      into.quotas.set(idFromText<AccountId>(name), Math.max(...values.map((each) => quotaCodec.decode(each).bytes)));
      break;
    case "setting":
      // Of several the longest: it is the one that takes nothing from anybody.
      into.settings.set(name, Math.max(...values.map((each) => settingCodec.decode(each).ms)));
      break;
    case "voters":
      into.configurations.set(Number(name), values.map((each) => votersCodec.decode(each)));
      break;
    default:
      break;
  }
}

/** What all of several removals of one host honour: removal beats anything concurrent, another removal that honours more included. */
function strictest(values: readonly Uint8Array[]): Removal {
  const [first, ...others] = values.map((value) => new Map(removalCodec.decode(value).honoured.map(({ incarnation, batch }) => [incarnation, batch])));
  const least = ([incarnation, batch]: readonly [number, number]): LastHonoured => ({ incarnation, batch: Math.min(batch, ...others.map((other) => other.get(incarnation) ?? 0)) });
  return { honoured: [...(first ?? [])].map(least).filter(({ batch }) => batch > 0) };
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
 * Of several hosts admitted by one invite only one stays. Which one follows from a hash, so that two sides of a
 * partition that each let one in come to the same answer.
 */
function losersOfInvites(admissions: ReadonlyMap<HostId, Admission>): Set<HostId> {
  const winners = new Map<InviteId, HostId>();
  for (const [host, { invite }] of admissions) {
    if (invite === null) continue;
    const other = winners.get(invite);
    if (other === undefined || compareBytes(lot(invite, host), lot(invite, other)) < 0) winners.set(invite, host);
  }
  return new Set([...admissions].filter(([host, { invite }]) => invite !== null && winners.get(invite) !== host).map(([host]) => host));
}

function lot(invite: InviteId, host: HostId): Uint8Array {
  return sha256(concatBytes(utf8("holdfast lot"), bytesOfId(invite), bytesOfId(host)));
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

function membersOf(collected: Collected, expelled: ReadonlySet<HostId>): Map<HostId, Member> {
  const members = new Map<HostId, Member>();
  for (const [host, admission] of collected.admissions) {
    if (expelled.has(host) || collected.removals.has(host)) continue;
    const card = collected.cards.get(host);
    const returns = card?.returns ?? 0;
    members.set(host, {
      host,
      account: admission.account,
      name: admission.name,
      zone: zoneOf(admission, collected.invites),
      capacityBytes: card?.capacityBytes ?? admission.capacityBytes,
      addresses: card?.addresses ?? [],
      version: card?.version ?? "",
      joinedMs: admission.joinedMs,
      invite: admission.invite,
      returns,
      isGone: (collected.departures.get(host) ?? -1) >= returns,
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

function peopleOf(network: Network, collected: Collected, expelled: ReadonlySet<HostId>, members: ReadonlyMap<HostId, Member>): Map<AccountId, Person> {
  const names = new Map<AccountId, string>();
  const grants: Grant[] = [];
  // A person outlives their hosts: the founder whose host was lost goes on from another.
  for (const [host, { account, name, invite }] of collected.admissions) {
    if (expelled.has(host)) continue;
    if (!names.has(account)) names.set(account, name);
    grants.push({ account, invite: invite === null ? undefined : collected.invites.get(invite) });
  }
  for (const account of collected.administrators) if (!names.has(account)) names.set(account, account === network.founder ? "founder" : "administrator");
  const active = [...members.values()].filter(({ isGone }) => !isGone);
  const offeredBytes = active.reduce((sum, { capacityBytes }) => sum + capacityBytes, 0);
  const quotaOf = quotas({ set: collected.quotas, grants, administrators: collected.administrators, shareBytes: Math.floor(offeredBytes / names.size) });
  return new Map([...names].map(([account, name]) => [account, { account, name, isAdministrator: collected.administrators.has(account), ...quotaOf(account) }]));
}
