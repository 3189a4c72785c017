import type { Cluster, Person } from "../cluster/index.ts";
import { ClusterError, drainingCodec, quotaCodec } from "../cluster/index.ts";
import type { AccountId, HostId, NamespaceId } from "../codec/index.ts";
import type { Acknowledged, CapacityRow, MirrorsRow, PartingRow, PersonRow, PoolRow, Upkeep, WhereRow } from "../door/index.ts";
import { counted } from "../door/index.ts";
import type { Env } from "../platform/index.ts";
import type { HostPool } from "../pool/index.ts";
import type { Records } from "../records/index.ts";
import type { Sites } from "../site/index.ts";
import { SiteError } from "../site/index.ts";
import type { PieceStore } from "../store/index.ts";
import { checkCapacity } from "../store/index.ts";
import type { DataDirectory, HostIdentity } from "./directory.ts";
import type { LiveSettings } from "./live-settings.ts";
import type { Membership } from "./membership.ts";
import type { MirrorChoice } from "./mirror-choice.ts";
import type { PoolView } from "./pool-view.ts";

export interface UpkeepParts {
  readonly directory: DataDirectory;
  readonly identity: HostIdentity;
  readonly settings: LiveSettings;
  readonly cluster: Cluster;
  readonly records: Records;
  readonly membership: Membership;
  readonly store: Pick<PieceStore, "usedBytes" | "resize">;
  readonly mirrors: MirrorChoice;
  readonly sites: Pick<Sites, "list" | "find">;
  readonly pool: Pick<HostPool, "reconsider">;
  readonly view: Pick<PoolView, "pool" | "used" | "where" | "parting">;
}

/** What people do about hosts and their space: empty one, offer more or less of its disk, say who may take how much. */
export class HostUpkeep implements Upkeep {
  readonly #env: Env;
  readonly #parts: UpkeepParts;

  constructor(env: Env, parts: UpkeepParts) {
    this.#env = env;
    this.#parts = parts;
  }

  pool(): Promise<PoolRow> {
    return this.#parts.view.pool();
  }

  where(id: string): Promise<WhereRow> {
    return this.#parts.view.where(id);
  }

  async parting(host: HostId): Promise<PartingRow> {
    return (await this.#parts.view.parting(host)) ?? unknownHost(host);
  }

  async leave(isNow: boolean): Promise<Acknowledged> {
    const { identity, membership } = this.#parts;
    const { isDraining, awaitedPieces, awaitedShards } = await this.parting(identity.host);
    if (!isNow && !isDraining) throw new ClusterError("NOT_DRAINED", 'The host is not emptied yet, and what lies only here would be lost. Empty it first: "holdfast drain".');
    if (!isNow && awaitedPieces + awaitedShards > 0) {
      throw new ClusterError("NOT_DRAINED", `Of ${counted(awaitedPieces, "piece")} and ${counted(awaitedShards, "shard")} of records too little is elsewhere yet. Wait until it is, as "holdfast drain" tells, or start the hosts that are away.`);
    }
    return membership.leave();
  }

  async drain(host: HostId, isDraining: boolean): Promise<Acknowledged> {
    const { cluster, identity, records } = this.#parts;
    if (!cluster.register.members.has(host)) unknownHost(host);
    const value = isDraining ? drainingCodec.encode({ sinceMs: this.#env.clock.wallMs() }) : null;
    // About itself a host may speak whether or not it acts for anybody.
    return records.write([{ namespace: identity.network.namespace, key: `draining/${host}`, value }], host === identity.host ? { as: "host" } : {});
  }

  async resize(capacityBytes: number): Promise<CapacityRow> {
    const { directory, settings, store, membership, pool } = this.#parts;
    await checkCapacity(directory.path, capacityBytes);
    await settings.change({ capacityBytes });
    store.resize(capacityBytes);
    membership.card.nudge();
    pool.reconsider();
    return { capacityBytes, usedBytes: store.usedBytes };
  }

  mirrored(): MirrorsRow {
    const { mirrors, sites } = this.#parts;
    const named = (isMeant: (namespace: NamespaceId) => boolean): string[] => sites.list().filter(({ namespace }) => isMeant(namespace)).map(({ name }) => name);
    const releasing = new Set(mirrors.releasing());
    return { isAll: mirrors.isAll, sites: named((namespace) => mirrors.isMirrored(namespace)), releasing: named((namespace) => releasing.has(namespace)) };
  }

  async mirror(name: string | null, isMirrored: boolean): Promise<MirrorsRow> {
    const { mirrors, sites, pool } = this.#parts;
    const what = name === null ? "all" : sites.find(name)?.namespace;
    if (what === undefined) throw new SiteError("NO_SITE", `No site is called ${JSON.stringify(name)}. "holdfast sites" lists those there are.`);
    if (isMirrored) await mirrors.add(what);
    else await mirrors.end(what, sites.list().map(({ namespace }) => namespace));
    pool.reconsider();
    return this.mirrored();
  }

  async people(): Promise<readonly PersonRow[]> {
    const { cluster, view } = this.#parts;
    const used = await view.used();
    const { people, members } = cluster.register;
    const hostsOf = (person: AccountId): string[] => [...members.values()].filter(({ account }) => account === person).map(({ name }) => name);
    const row = ({ account, name, isAdministrator, quotaBytes, quotaFrom }: Person): PersonRow => ({ id: account, name, hosts: hostsOf(account), isAdministrator, usedBytes: used === undefined ? null : (used.get(account) ?? 0), quotaBytes, quotaFrom });
    return [...people.values()].map(row).sort((a, b) => a.name.localeCompare(b.name));
  }

  async setQuota(account: AccountId, quotaBytes: number | null): Promise<Acknowledged> {
    const { cluster, identity, records } = this.#parts;
    if (!cluster.register.people.has(account)) throw new ClusterError("NO_SUCH_PERSON", `Nobody with the account ${account} takes part in this network. "holdfast quota" lists the people.`);
    return records.write([{ namespace: identity.network.namespace, key: `quota/${account}`, value: quotaBytes === null ? null : quotaCodec.encode({ bytes: quotaBytes }) }]);
  }
}

function unknownHost(host: HostId): never {
  throw new ClusterError("NO_SUCH_HOST", `No host ${host} is in this network. "holdfast hosts" lists them.`);
}
