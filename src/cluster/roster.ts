import type { AccountId, HostId, InviteId } from "../codec/index.ts";
import { CodecError, bytesOfId, compareBytes, concatBytes, idFromText, utf8 } from "../codec/index.ts";
import { sha256 } from "../crypto/index.ts";
import type { Admission, HostCard, Invite, LastHonoured, Removal, VoterConfiguration } from "./entries.ts";
import { admissionCodec, hostCardCodec, inviteCodec, removalCodec, votersCodec } from "./entries.ts";
import type { Network } from "./network.ts";
import type { Member, Person, Roster } from "./port.ts";

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
  /** Hosts that used an invite that another one had used first. */
  readonly expelled: ReadonlySet<HostId>;
  readonly configuration: VoterConfiguration;
  /** All configurations of voters by number, the current one included. */
  readonly configurations: ReadonlyMap<number, VoterConfiguration>;
}

interface Collected {
  readonly admissions: Map<HostId, Admission>;
  readonly cards: Map<HostId, HostCard>;
  readonly invites: Map<InviteId, Invite>;
  readonly removals: Map<HostId, Removal>;
  readonly revocations: Map<string, Removal>;
  readonly administrators: Set<AccountId>;
  readonly configurations: Map<number, VoterConfiguration>;
}

/** Which keys the roster follows from. */
export const ROSTER_PREFIXES = ["administrator/", "host/", "invite/", "member/", "removed/", "revoked/", "voters/"] as const;

/** Derives who takes part from the network's records. Pure: the same records give the same roster, in any order. */
export function buildRegister(network: Network, entries: Iterable<NetworkEntry>): Register {
  const collected: Collected = {
    admissions: new Map(),
    cards: new Map(),
    invites: new Map(),
    removals: new Map(),
    revocations: new Map(),
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
  return {
    network: network.id,
    networkName: network.rules.name,
    founder: network.founder,
    maxHosts: network.rules.maxHosts,
    members: membersOf(collected, expelled),
    people: peopleOf(network, collected, expelled),
    voters: configuration.hosts,
    configuration,
    configurations: collected.configurations,
    invites: collected.invites,
    admissions: collected.admissions,
    removals: collected.removals,
    revocations: collected.revocations,
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
      into.cards.set(idFromText<HostId>(name), hostCardCodec.decode(value));
      break;
    case "invite":
      into.invites.set(idFromText<InviteId>(name), inviteCodec.decode(value));
      break;
    case "administrator":
      into.administrators.add(idFromText<AccountId>(name));
      break;
    case "removed":
      into.removals.set(idFromText<HostId>(name), strictest(values));
      break;
    case "revoked":
      into.revocations.set(`${name}/${second}`, strictest(values));
      break;
    case "voters":
      into.configurations.set(Number(name), votersCodec.decode(value));
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

/** The last of an unbroken row of configurations. */
function latest(configurations: ReadonlyMap<number, VoterConfiguration>): VoterConfiguration {
  let current: VoterConfiguration = { number: 0, hosts: [], approvals: [] };
  for (let next = configurations.get(1); next !== undefined; next = configurations.get(next.number + 1)) current = next;
  return current;
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

function membersOf(collected: Collected, expelled: ReadonlySet<HostId>): Map<HostId, Member> {
  const members = new Map<HostId, Member>();
  for (const [host, admission] of collected.admissions) {
    if (expelled.has(host) || collected.removals.has(host)) continue;
    const card = collected.cards.get(host);
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
    });
  }
  return members;
}

function zoneOf({ zone, name, invite }: Admission, invites: ReadonlyMap<InviteId, Invite>): string {
  const granted = invite === null ? null : (invites.get(invite)?.zone ?? null);
  return granted ?? (zone === "" ? name : zone);
}

function peopleOf(network: Network, collected: Collected, expelled: ReadonlySet<HostId>): Map<AccountId, Person> {
  const people = new Map<AccountId, Person>();
  const add = (account: AccountId, name: string): void => {
    if (!people.has(account)) people.set(account, { account, name, isAdministrator: collected.administrators.has(account) });
  };
  // A person outlives their hosts: the founder whose host was lost goes on from another.
  for (const [host, admission] of collected.admissions) if (!expelled.has(host)) add(admission.account, admission.name);
  for (const account of collected.administrators) add(account, account === network.founder ? "founder" : "administrator");
  return people;
}
