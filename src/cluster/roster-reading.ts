import type { AccountId, HostId, InviteId } from "../codec/index.ts";
import { CodecError, compareBytes, idFromText } from "../codec/index.ts";
import type { Audit } from "./audits.ts";
import { auditCodec, readAuditKey } from "./audits.ts";
import type { Admission, Departure, HostCard, Invite, LastHonoured, Removal, VoterConfiguration } from "./entries.ts";
import { admissionCodec, attestationCodec, departureCodec, drainingCodec, hostCardCodec, inviteCodec, quotaCodec, removalCodec, settingCodec, votersCodec } from "./entries.ts";

/** One key of the network's namespace with the values of all its siblings, in an order that is the same on all hosts. */
export interface NetworkEntry {
  readonly key: string;
  readonly values: readonly Uint8Array[];
}

/** What the entries say, before it is weighed against each other. */
export interface Collected {
  readonly admissions: Map<HostId, Admission>;
  readonly cards: Map<HostId, HostCard>;
  /** The terms of each invite, by all who have signed some. */
  readonly offers: Map<InviteId, Invite[]>;
  /** What each removal of a host honours: every remover has a key of its own, so that none can hide another's. */
  readonly removals: Map<HostId, Removal[]>;
  readonly revocations: Map<string, Removal>;
  /** What members held of hosts that lost their invite. */
  readonly spared: Map<HostId, Removal[]>;
  /** Of each host the departure under the greatest number of returns. */
  readonly departures: Map<HostId, Departed>;
  /** The least number of a configuration whose majority has attested a host. */
  readonly attested: Map<HostId, number>;
  readonly draining: Set<HostId>;
  readonly audits: Map<HostId, Map<HostId, Audit>>;
  /** What administrators have set. */
  readonly quotas: Map<AccountId, number>;
  readonly settings: Map<string, number>;
  readonly administrators: Set<AccountId>;
  readonly configurations: Map<number, readonly VoterConfiguration[]>;
}

/** That a host was declared gone, and by which configuration of voters. */
export type Departed = Pick<Departure, "returns" | "number">;

/** Puts what one entry says where it belongs. */
type Reading = (into: Collected) => void;

const NOTHING: Reading = () => {};

/** What was read of each entry: the roster follows from hundreds, of which one at a time changes. */
const readings = new WeakMap<NetworkEntry, Reading>();

export function readingOf(entry: NetworkEntry): Reading {
  const known = readings.get(entry) ?? readIfReadable(entry);
  readings.set(entry, known);
  return known;
}

/** The rules refuse what cannot be read. Should one let something through, that entry counts for nothing, instead of no host ever starting again. */
function readIfReadable(entry: NetworkEntry): Reading {
  try {
    return read(entry);
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    return NOTHING;
  }
}

function read({ key, values }: NetworkEntry): Reading {
  // The least sibling is as good as any, and the same everywhere; rewriting one's own entry supersedes all.
  const inOrder = [...values].sort(compareBytes);
  const value = inOrder[0];
  if (value === undefined) return NOTHING;
  const [kind, name = "", second = ""] = key.split("/");
  switch (kind) {
    case "member": {
      const [host, admission] = [idFromText<HostId>(name), admissionCodec.decode(value)];
      return ({ admissions }) => admissions.set(host, admission);
    }
    case "host": {
      // A host that lost its disk may have written one that knows of no return yet.
      const [host, card] = [idFromText<HostId>(name), inOrder.map((each) => hostCardCodec.decode(each)).sort((a, b) => b.returns - a.returns)[0]!];
      return ({ cards }) => cards.set(host, card);
    }
    case "invite": {
      const [id, invite] = [idFromText<InviteId>(name), inviteCodec.decode(value)];
      return ({ offers }) => offers.set(id, [...(offers.get(id) ?? []), invite]);
    }
    case "administrator": {
      const account = idFromText<AccountId>(name);
      return ({ administrators }) => administrators.add(account);
    }
    case "removed": {
      const host = idFromText<HostId>(name);
      // Each is read before any is taken: one that cannot be read counts for nothing.
      const decoded = values.map((each) => removalCodec.decode(each));
      return ({ removals }) => removals.set(host, [...(removals.get(host) ?? []), ...decoded]);
    }
    case "spared": {
      const host = idFromText<HostId>(name);
      const decoded = values.map((each) => removalCodec.decode(each));
      return ({ spared }) => spared.set(host, [...(spared.get(host) ?? []), ...decoded]);
    }
    case "revoked": {
      const removal = strictest(values.map((each) => removalCodec.decode(each)));
      return ({ revocations }) => revocations.set(`${name}/${second}`, removal);
    }
    default:
      return readNumbers(kind, key, name, inOrder);
  }
}

/** Of several siblings these have a rule of their own. @param values in order, one at least */
function readNumbers(kind: string | undefined, key: string, name: string, values: readonly Uint8Array[]): Reading {
  switch (kind) {
    case "gone": {
      const [host, departed] = [idFromText<HostId>(name), values.map((each) => departureCodec.decode(each)).sort((a, b) => b.returns - a.returns || b.number - a.number)[0]!];
      return ({ departures }) => departures.set(host, departed);
    }
    case "attested": {
      const [host, number] = [idFromText<HostId>(name), Math.min(...values.map((each) => attestationCodec.decode(each).number))];
      return ({ attested }) => attested.set(host, number);
    }
    case "draining": {
      values.forEach((each) => drainingCodec.decode(each));
      const host = idFromText<HostId>(name);
      return ({ draining }) => draining.add(host);
    }
    case "audit": {
      const [{ auditor, host }, audit] = [readAuditKey(key), auditCodec.decode(values[0]!)];
      return ({ audits }) => audits.set(host, (audits.get(host) ?? new Map<HostId, Audit>()).set(auditor, audit));
    }
    case "quota": {
      // Of several the largest: it takes nothing from anybody.
      const [account, bytes] = [idFromText<AccountId>(name), Math.max(...values.map((each) => quotaCodec.decode(each).bytes))];
      return (into) => into.quotas.set(account, bytes);
    }
    case "setting": {
      // Of several the longest: it is the one that takes nothing from anybody.
      const ms = Math.max(...values.map((each) => settingCodec.decode(each).ms));
      return ({ settings }) => settings.set(name, ms);
    }
    case "voters": {
      const configurations = values.map((each) => votersCodec.decode(each));
      return (into) => into.configurations.set(Number(name), configurations);
    }
    default:
      return NOTHING;
  }
}

/** What all of several removals of one host honour: removal beats anything concurrent, another removal that honours more included. */
export function strictest(removals: readonly Removal[]): Removal {
  const [first, ...others] = removals.map((removal) => new Map(removal.honoured.map(({ incarnation, batch }) => [incarnation, batch])));
  const least = ([incarnation, batch]: readonly [number, number]): LastHonoured => ({ incarnation, batch: Math.min(batch, ...others.map((other) => other.get(incarnation) ?? 0)) });
  return { honoured: [...(first ?? [])].map(least).filter(({ batch }) => batch > 0) };
}

/** What any of several removals honours. */
export function mostGenerous(removals: readonly Removal[]): Removal {
  const most = new Map<number, number>();
  for (const { incarnation, batch } of removals.flatMap(({ honoured }) => honoured)) most.set(incarnation, Math.max(batch, most.get(incarnation) ?? 0));
  return { honoured: [...most].sort(([a], [b]) => a - b).map(([incarnation, batch]) => ({ incarnation, batch })) };
}
