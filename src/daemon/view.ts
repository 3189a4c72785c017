import type { Cluster, Liveness, Member, Register } from "../cluster/index.ts";
import type { AccountId, HostId, InviteId, NamespaceId } from "../codec/index.ts";
import { idFromText } from "../codec/index.ts";
import type { Acknowledged, Applicants, CreatedInvite, Gauge, HostRow, InviteGrants, InviteRow, Layout, NetworkSettings, Node, PeerAddresses, SettingChanges, Status, Upkeep } from "../door/index.ts";
import type { Transport } from "../net/index.ts";
import { localNetworkHost } from "../net/index.ts";
import type { Env, Worker, WorkerStatus } from "../platform/index.ts";
import type { Pool, PoolUpkeep } from "../pool/index.ts";
import type { Entries } from "../drive/index.ts";
import type { Kv } from "../kv/index.ts";
import type { RunningRecords } from "../records/index.ts";
import type { Sites } from "../site/index.ts";
import type { PieceStore } from "../store/index.ts";
import type { AddressBook } from "./address-book.ts";
import type { HostIdentity, Settings } from "./directory.ts";
import type { OwnStanding } from "./health.ts";
import { healthOf, nextStepOf } from "./health.ts";
import { layoutOf } from "./layout-view.ts";
import type { Membership } from "./membership.ts";

export interface ViewParts {
  readonly identity: HostIdentity;
  readonly settings: Settings;
  /** The person for whom this host acts, if there is one. */
  readonly account: AccountId | undefined;
  readonly version: string;
  readonly processId: number;
  readonly httpPort: () => number;
  /** The site's port on the local network, once it has one. Left out where sites are not shown there. */
  readonly lanPort?: (site: NamespaceId) => number | undefined;
  readonly cluster: Cluster;
  readonly liveness: Liveness;
  readonly upkeep: Upkeep;
  readonly applicants: Applicants;
  readonly membership: Membership;
  readonly records: RunningRecords;
  readonly pool: Pool & { readonly upkeep: Pick<PoolUpkeep, "knownCensus"> };
  readonly sites: Sites;
  readonly kv: Kv;
  readonly entries: Entries;
  readonly store: PieceStore;
  readonly transport: Transport;
  readonly addressBook: AddressBook;
  readonly workers: readonly Worker[];
  readonly gauges: () => readonly Gauge[];
}

const WEEK_MS = 7 * 24 * 3_600_000;

/** Two figures of it, and at least 1: what varies by less is no news to whoever watches. */
function roughly(ms: number): number {
  return Math.max(1, Math.round(Number(ms.toPrecision(2))));
}

/** The running host as the doors see it. */
export class View implements Node {
  readonly self: { readonly id: HostId; readonly name: string };
  readonly version: string;
  readonly sites: Sites;
  readonly kv: Kv;
  readonly entries: Entries;
  readonly pool: Pool;
  readonly upkeep: Upkeep;
  readonly applicants: Applicants;
  readonly #env: Env;
  readonly #parts: ViewParts;
  readonly #startedMs: number;

  constructor(env: Env, parts: ViewParts) {
    this.#env = env;
    this.#parts = parts;
    this.#startedMs = env.clock.wallMs();
    this.self = { id: parts.identity.host, name: parts.settings.hostName };
    this.version = parts.version;
    this.sites = parts.sites;
    this.kv = parts.kv;
    this.entries = parts.entries;
    this.pool = parts.pool;
    this.upkeep = parts.upkeep;
    this.applicants = parts.applicants;
  }

  lanAddress(site: NamespaceId): string | undefined {
    const port = this.#parts.lanPort?.(site);
    const address = port === undefined ? undefined : localNetworkHost();
    return address === undefined ? undefined : `http://${address}:${port}/`;
  }

  async status(): Promise<Status> {
    const { identity, settings, version, processId, httpPort, store, transport, cluster } = this.#parts;
    const hosts = this.hosts();
    const { isWhole, packs, survives, survivesNow, unreadablePacks } = await this.#parts.pool.upkeep.knownCensus();
    const coordinator = this.coordinator();
    const why = this.#whyNoCoordinator();
    const removedVoter = cluster.register.voters.find((host) => !cluster.register.members.has(host));
    const facts = { mayCoordinate: coordinator !== null || why === null, removedVoter, standing: this.#standing(), hosts, survives, survivesNow, unreadablePacks, ...(isWhole ? {} : { countedPacks: packs }), isAlone: cluster.register.members.size <= 1, asking: this.applicants.list().map(({ host }) => host) };
    return {
      network: { id: identity.network.id, name: identity.network.rules.name },
      host: { id: identity.host, name: settings.hostName, zone: cluster.member(identity.host)?.zone ?? settings.zone },
      version,
      pid: processId,
      startedMs: this.#startedMs,
      httpPort: httpPort(),
      peerAddresses: [...transport.addresses()],
      lan: this.#parts.lanPort === undefined ? null : { host: localNetworkHost() ?? null },
      capacityBytes: settings.capacityBytes,
      usedBytes: store.usedBytes,
      hosts: { total: hosts.length, online: hosts.filter(({ presence }) => presence === "online").length },
      coordinator,
      whyNoCoordinator: coordinator === null ? why : null,
      sites: this.sites.list().filter(({ head }) => head !== undefined).length,
      isCounting: !isWhole,
      survives,
      survivesNow,
      health: healthOf(facts),
      nextStep: nextStepOf(facts),
    };
  }

  hosts(): readonly HostRow[] {
    const { members } = this.#parts.cluster.register;
    const rows = [...members.values()].map((member) => this.#row(member));
    return rows.sort((a, b) => Number(b.isSelf) - Number(a.isSelf) || a.name.localeCompare(b.name));
  }

  #row(member: Member): HostRow {
    const { identity, liveness, store, processId, transport, httpPort } = this.#parts;
    const isSelf = member.host === identity.host;
    const beat = liveness.lastBeat(member.host);
    const usedBytes = isSelf ? store.usedBytes : beat?.usedBytes;
    const pid = isSelf ? processId : beat?.processId;
    const port = isSelf ? httpPort() : beat?.httpPort;
    const roundTripMs = transport.roundTripMs(member.host);
    return {
      id: member.host,
      name: member.name,
      zone: member.zone,
      presence: liveness.presence(member.host),
      capacityBytes: member.capacityBytes,
      ...(usedBytes === undefined ? {} : { usedBytes }),
      address: isSelf ? (transport.addresses()[0] ?? null) : (transport.remoteAddress(member.host) ?? member.addresses[0] ?? null),
      ...(pid === undefined ? {} : { pid }),
      ...(port === undefined || port === 0 ? {} : { httpPort: port }),
      version: member.version,
      ...(roundTripMs === undefined ? {} : { roundTripMs: roughly(roundTripMs) }),
      isDraining: member.isDraining,
      isSuspect: member.isSuspect,
      lastSeenMs: isSelf ? this.#env.clock.wallMs() : (liveness.lastSeenMs(member.host) ?? null),
      isSelf,
    };
  }

  async layout(): Promise<Layout> {
    const { cluster, records } = this.#parts;
    const stock = await records.stock();
    return layoutOf(cluster, records.standing(), stock);
  }

  workers(): readonly WorkerStatus[] {
    return this.#parts.workers.map((worker) => worker.status());
  }

  gauges(): readonly Gauge[] {
    return this.#parts.gauges();
  }

  async createInvite(grants: InviteGrants): Promise<CreatedInvite> {
    const { membership, cluster } = this.#parts;
    const { zone, role, quotaBytes, expiresInMs = WEEK_MS } = grants;
    const made = await membership.invite({ expiresInMs, ...(zone === undefined ? {} : { zone }), ...(role === undefined ? {} : { role }), ...(quotaBytes === undefined ? {} : { quotaBytes }) });
    return { invite: this.#inviteRow(made.invite, cluster.register), code: made.code, words: made.checkWords.split(" ") };
  }

  invites(): readonly InviteRow[] {
    const { register } = this.#parts.cluster;
    return [...register.invites.keys()].map((id) => this.#inviteRow(id, register));
  }

  #inviteRow(id: InviteId, register: Register): InviteRow {
    const invite = register.invites.get(id)!;
    const usedBy = [...register.members.values()].find((member) => member.invite === id)?.name ?? null;
    const isUsed = [...register.admissions.values()].some((admission) => admission.invite === id);
    const state = isUsed ? "used" : invite.expiresMs < this.#env.clock.wallMs() ? "expired" : "open";
    return { id, state, zone: invite.zone, role: invite.role, quotaBytes: invite.quotaBytes, expiresMs: invite.expiresMs, usedBy };
  }

  removeHost(host: HostId, isLost: boolean): Promise<Acknowledged> {
    return this.#parts.membership.remove(host, { isLost });
  }

  settings(): NetworkSettings {
    return this.#parts.cluster.settings;
  }

  async changeSettings(changes: SettingChanges): Promise<Acknowledged> {
    const { membership } = this.#parts;
    const done = [];
    for (const setting of ["goneAfterMs", "horizonMs", "repairAfterMs", "condemnedForMs"] as const) {
      const ms = changes[setting];
      if (ms !== undefined) done.push(await membership.set(setting, ms));
    }
    return { safe: done.every(({ safe }) => safe) };
  }

  coordinator(): Status["coordinator"] {
    const { cluster } = this.#parts;
    const found = cluster.coordinator();
    return found === undefined ? null : { ...found, name: cluster.member(found.host)?.name ?? found.host };
  }

  /** Null when there may be one in a moment. */
  #whyNoCoordinator(): string | null {
    const { cluster, identity } = this.#parts;
    const { voters, members, admissions } = cluster.register;
    const inReach = new Set([identity.host, ...cluster.online()]);
    const nameOf = (host: HostId): string => members.get(host)?.name ?? `${admissions.get(host)?.name ?? host} (removed)`;
    const away = voters.filter((host) => !inReach.has(host)).map(nameOf);
    if (voters.length === 0) return "the voters are not known here yet";
    return away.length * 2 < voters.length ? null : `no majority of the voters is in reach: ${away.join(", ")} ${away.length === 1 ? "is" : "are"} away`;
  }

  revokeHost(host: HostId): Promise<Acknowledged> {
    return this.#parts.membership.revoke(host);
  }

  addresses(): readonly PeerAddresses[] {
    const { cluster, addressBook, transport } = this.#parts;
    // What this host's own card says may be of before its last start.
    const known = ({ host, addresses }: Member): readonly string[] => (host === cluster.self ? transport.addresses() : [...addressBook.of(host), ...addresses]);
    return [...cluster.register.members.values()].map((member) => ({ host: member.host, name: member.name, addresses: [...new Set(known(member))].slice(0, 32) }));
  }

  learnAddresses(peers: readonly PeerAddresses[]): Promise<void> {
    const { members } = this.#parts.cluster.register;
    const known = peers.map(({ host, addresses }) => ({ host: idFromText<HostId>(host), addresses })).filter(({ host }) => members.has(host));
    return this.#parts.addressBook.learn(known);
  }

  #standing(): OwnStanding {
    const { cluster, identity, account } = this.#parts;
    const { members, removals, expelled, revocations } = cluster.register;
    if (removals.has(identity.host) || expelled.has(identity.host)) return "removed";
    if (!members.has(identity.host)) return "new";
    return account !== undefined && revocations.has(`${account}/${identity.host}`) ? "revoked" : "member";
  }
}
