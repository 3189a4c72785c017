import type { Cluster, Liveness, Member } from "../cluster/index.ts";
import type { AccountId, HostId, PackId } from "../codec/index.ts";
import type { PartingRow, PoolHostRow, PoolRow, WherePack, WhereRow } from "../door/index.ts";
import { counted } from "../door/index.ts";
import type { Entries } from "../drive/index.ts";
import { isEntryId } from "../drive/index.ts";
import type { Census, HostPool, PoolUpkeep, Redundancy, RepairStanding, Whereabouts } from "../pool/index.ts";
import { PoolError } from "../pool/index.ts";
import type { RunningRecords } from "../records/index.ts";
import type { Sites } from "../site/index.ts";
import type { PieceStore } from "../store/index.ts";
import { copiesHealth } from "./health.ts";

export interface PoolViewParts {
  readonly cluster: Cluster;
  readonly liveness: Liveness;
  readonly records: Pick<RunningRecords, "standing">;
  readonly pool: Pick<HostPool, "repairStanding"> & { readonly upkeep: Pick<PoolUpkeep, "census" | "knownCensus" | "whereabouts" | "whereaboutsIn"> };
  readonly entries: Pick<Entries, "packsOf">;
  readonly sites: Pick<Sites, "find">;
  readonly store: Pick<PieceStore, "capacityBytes" | "usedBytes" | "availableBytes">;
}

/** A tree of very many files has its list in many packs. */
const ENTRY_MS = 15_000;
/** Packs of one answer; a site with a long history has thousands. */
const LISTED_MAX = 200;
const ID = /^[a-z2-7]{52}$/;
const NOTHING = { pieces: 0, pieceBytes: 0, solePacks: 0, soleBytes: 0, riskyPacks: 0, awaitedPieces: 0 };

/** The pool as people ask for it. */
export class PoolView {
  readonly #parts: PoolViewParts;

  constructor(parts: PoolViewParts) {
    this.#parts = parts;
  }

  /** How much all pieces of each person's packs take; undefined while they are counted for the first time. */
  async used(): Promise<ReadonlyMap<AccountId, number> | undefined> {
    const { isWhole, people } = await this.#parts.pool.upkeep.knownCensus();
    return isWhole ? people : undefined;
  }

  async pool(): Promise<PoolRow> {
    const { cluster, pool, store } = this.#parts;
    const [census, repair] = await Promise.all([pool.upkeep.knownCensus(), pool.repairStanding()]);
    const members = [...cluster.register.members.values()].filter(({ isGone }) => !isGone);
    const hosts = members.map((member) => this.#hostRow(member, census)).sort((a, b) => a.name.localeCompare(b.name));
    const people = [...cluster.register.people.values()].map(({ account, name, quotaBytes }) => ({ id: account, name, usedBytes: census.people.get(account) ?? 0, quotaBytes }));
    const staying = hosts.filter(({ isDraining }) => !isDraining);
    const { isWhole, packs, contentBytes, pieceBytes, survives, survivesNow, shortPacks, shortPieces, shortBytes, unreadablePacks } = census;
    return {
      offeredBytes: staying.reduce((sum, { capacityBytes }) => sum + capacityBytes, 0),
      usedBytes: hosts.reduce((sum, { usedBytes, pieceBytes: claimed }) => sum + (usedBytes ?? claimed), 0),
      freeBytes: this.#freeBytes(members, await store.availableBytes()),
      isCounting: !isWhole,
      packs,
      contentBytes,
      pieceBytes,
      survives,
      survivesNow,
      health: this.#health(census),
      repair: { shortPacks, shortPieces, shortBytes, unreadablePacks, secondsLeft: secondsLeft(repair) },
      hosts,
      people: people.sort((a, b) => b.usedBytes - a.usedBytes || a.name.localeCompare(b.name)),
    };
  }

  #health({ isWhole, packs, survives, survivesNow, unreadablePacks, shortPieces }: Census): string {
    const { cluster, liveness } = this.#parts;
    const hosts = [...cluster.register.members.values()].map(({ host, name }) => ({ name, presence: liveness.presence(host) }));
    return `${copiesHealth({ hosts, survives, survivesNow, unreadablePacks, ...(isWhole ? {} : { countedPacks: packs }), isAlone: hosts.length <= 1 })}${shortWords(shortPieces)}`;
  }

  #freeBytes(members: readonly Member[], ownBytes: number): number {
    const { cluster, liveness } = this.#parts;
    const taking = members.filter(({ host, isDraining, isSuspect }) => !isDraining && !isSuspect && liveness.presence(host) === "online");
    return Math.floor(taking.reduce((sum, { host }) => sum + (host === cluster.self ? ownBytes : (liveness.lastBeat(host)?.freeBytes ?? 0)), 0));
  }

  #hostRow({ host, name, zone, capacityBytes, isDraining, isSuspect }: Member, census: Census): PoolHostRow {
    const { cluster, liveness, store } = this.#parts;
    const usedBytes = host === cluster.self ? store.usedBytes : (liveness.lastBeat(host)?.usedBytes ?? null);
    const { pieces, pieceBytes, awaitedPieces } = census.hosts.get(host) ?? NOTHING;
    return { id: host, name, zone, presence: liveness.presence(host), capacityBytes, usedBytes, pieces, pieceBytes, isDraining, isSuspect, awaitedPieces: census.isWhole ? awaitedPieces : null };
  }

  /** Null for a host that is no member. */
  async parting(host: HostId): Promise<PartingRow | null> {
    const member = this.#parts.cluster.member(host);
    if (member === undefined) return null;
    const census = await this.#parts.pool.upkeep.census();
    return { host, name: member.name, ...NOTHING, ...census.hosts.get(host), awaitedShards: this.#awaitedShards(host), isDraining: member.isDraining };
  }

  /** Shards of which fewer others than should have a complete copy, as far as there are others. */
  #awaitedShards(host: HostId): number {
    const { cluster, records } = this.#parts;
    const { replicas, shards } = records.standing();
    const others = cluster.active().filter((each) => each !== host && cluster.member(each)?.isDraining !== true).length;
    const isAwaited = (ready: readonly HostId[]): boolean => ready.includes(host) && ready.filter((each) => each !== host).length < Math.min(replicas, others);
    return shards.filter(({ ready }) => isAwaited(ready)).length;
  }

  /** @throws PoolError UNKNOWN_PACK */
  async where(id: string): Promise<WhereRow> {
    const { pool, sites, entries } = this.#parts;
    const site = sites.find(id);
    if (site !== undefined) {
      return this.#listed("site", site.name, pool.upkeep.whereaboutsIn(site.namespace));
    }
    if (isEntryId(id)) {
      const packs = await entries.packsOf(id, AbortSignal.timeout(ENTRY_MS));
      return this.#listed("entry", id, [...packs].map((pack) => pool.upkeep.whereabouts(pack)).filter((each) => each !== undefined));
    }
    const found = ID.test(id) ? pool.upkeep.whereabouts(id as PackId) : undefined;
    if (found === undefined) throw new PoolError("UNKNOWN_PACK", `There is no site, no pack and no entry "${id}" here. "holdfast sites" lists the sites.`);
    return { what: "pack", id, survives: found.survives, packs: [this.#packRow(found)], more: 0 };
  }

  #listed(what: "site" | "entry", id: string, found: Iterable<Whereabouts>): WhereRow {
    const packs: WherePack[] = [];
    let [survives, more]: [number | null, number] = [null, 0];
    for (const each of found) {
      survives = Math.min(survives ?? each.survives, each.survives);
      if (packs.length < LISTED_MAX) packs.push(this.#packRow(each));
      else more += 1;
    }
    return { what, id, survives, packs, more };
  }

  #packRow({ pack, sizeBytes, pieceBytes, redundancy, survives, isCondemned, places }: Whereabouts): WherePack {
    const { cluster, liveness } = this.#parts;
    const rows = places.map(({ host, index, stay }) => ({ host, name: cluster.member(host)?.name ?? `host ${host.slice(0, 8)}`, piece: index, presence: liveness.presence(host), standing: stay }));
    return { pack, sizeBytes, pieceBytes, redundancy: redundancyWords(redundancy), survives, isCondemned, places: rows };
  }
}

/** At the rate of late; null when nothing was made lately, or nobody plans repair. */
function secondsLeft(repair: RepairStanding | undefined): number | null {
  if (repair === undefined || repair.bytesPerSecond === null || repair.bytesPerSecond === 0) return null;
  return Math.ceil(repair.shortBytes / repair.bytesPerSecond);
}

function redundancyWords(redundancy: Redundancy): string {
  if (redundancy.kind === "code") return `${redundancy.k}+${redundancy.m}`;
  return redundancy.copies === "all" ? "on all hosts" : counted(redundancy.copies, "copy", "copies");
}

export function shortWords(shortPieces: number): string {
  if (shortPieces === 0) return "";
  const are = shortPieces === 1 ? "is" : "are";
  return ` ${counted(shortPieces, "piece")} ${are} missing and ${are} made anew.`;
}
