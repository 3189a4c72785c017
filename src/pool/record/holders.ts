import type { HostId, PackId } from "../../codec/index.ts";
import type { Member } from "../../cluster/index.ts";
import type { Catalog, PackFacts } from "./catalog.ts";
import type { PoolParts } from "../parts.ts";
import type { Candidate } from "../write/placement.ts";
import { rank, weightOf } from "../write/placement.ts";
import type { Holding, PackInfo } from "../port.ts";

/** What is looked up to judge hosts. */
export interface View extends Pick<PoolParts, "self" | "roster" | "presence" | "freeBytes" | "provenBytes"> {
  readonly store: Pick<PoolParts["store"], "availableBytes">;
}

/** Members that the network has not declared gone, reachable or not. */
export function activeMembers(view: View): HostId[] {
  return [...view.roster().members.keys()].filter((host) => view.presence(host) !== "gone");
}

/** Whether it can be reached now. */
export function isHere(view: Pick<View, "self" | "presence">, host: HostId): boolean {
  return host === view.self || view.presence(host) === "online";
}

/** More than half of the hosts that are not gone, this one included. */
export function majorityOf(view: View): { readonly count: number; readonly isInReach: boolean } {
  const active = activeMembers(view);
  const count = Math.floor(active.length / 2) + 1;
  return { count, isInReach: active.filter((host) => isHere(view, host)).length >= count };
}

/** Whether it should get pieces: active, not being emptied, not suspected of losing what it gets. Reachable or not. */
export function isUsable(view: View, { host, isDraining, isSuspect }: Member): boolean {
  return !isDraining && !isSuspect && view.presence(host) !== "gone";
}

/** How many zones have usable hosts. */
export function usableZones(view: View): number {
  return new Set([...view.roster().members.values()].filter((member) => isUsable(view, member)).map(({ zone }) => zone)).size;
}

/** The claims that count: of active members that are not suspect. A host that is merely away still counts, or every absence would start a repair. */
export function confirmed(view: View, catalog: Catalog, { namespace, pack }: Pick<PackFacts, "namespace" | "pack">): Holding[] {
  const { members } = view.roster();
  return catalog.holdings(namespace, pack).filter(({ host }) => members.get(host)?.isSuspect === false && view.presence(host) !== "gone");
}

/** The hosts among them, each once. */
export function hostsOf(holdings: readonly Holding[]): HostId[] {
  return [...new Set(holdings.map(({ host }) => host))];
}

/** Sets of hosts tried in one look at a pack: more than seven hosts or three losses have. Such packs are rare, and of a hundred thousand packs all are looked at. */
const TRIED_MAX = 256;

/**
 * How many hosts, whichever, may vanish while k different pieces still remain; 0 also for what is lost already.
 * Exact as long as each host has one piece, or few hosts have them all; else the least that can be promised without trying all sets of hosts.
 */
export function lossesSurvived(k: number, holdings: readonly Holding[]): number {
  const [byIndex, byHost] = [new Map<number, number>(), new Map<HostId, number[]>()];
  for (const { index, host } of holdings) {
    byIndex.set(index, (byIndex.get(index) ?? 0) + 1);
    byHost.set(host, [...(byHost.get(host) ?? []), index]);
  }
  const toLose = byIndex.size - k + 1;
  if (toLose <= 0) return 0;
  const most = Math.max(...[...byHost.values()].map(({ length }) => length));
  if (most > 1) return lossesTried(k, [...byHost.values()], Math.ceil(toLose / most) - 1);
  const cheapest = [...byIndex.values()].sort((a, b) => a - b).slice(0, toLose);
  return cheapest.reduce((sum, hosts) => sum + hosts, 0) - 1;
}

/** The same by trying sets of hosts, from a number on that surely does no harm. @param pieces the indexes that each host has */
function lossesTried(k: number, pieces: readonly (readonly number[])[], harmless: number): number {
  let tried = 0;
  /** Whether so many more losses, of hosts from `first` on, can leave fewer than k pieces of what remains; undefined when too many sets would have to be tried. */
  const harms = (remaining: readonly (readonly number[])[], first: number, losses: number): boolean | undefined => {
    if (losses === 0) {
      tried += 1;
      return tried > TRIED_MAX ? undefined : new Set(remaining.flat()).size < k;
    }
    for (let at = first; at < remaining.length; at += 1) {
      const found = harms(remaining.with(at, []), at + 1, losses - 1);
      if (found !== false) return found;
    }
    return false;
  };
  let survived = harmless;
  while (survived < pieces.length && harms(pieces, 0, survived + 1) === false) survived += 1;
  return survived;
}

/** As `lossesSurvived`, but -1 when there are too few different pieces to read it. */
export function lossesLeft(k: number, holdings: readonly Holding[]): number {
  return new Set(holdings.map(({ index }) => index)).size < k ? -1 : lossesSurvived(k, holdings);
}

/** Whether the holders that count have enough different pieces to read the pack; reachable or not. */
export function isReadable({ redundancy, pieces }: Pick<PackInfo, "redundancy" | "pieces">): boolean {
  return lossesLeft(redundancy.kind === "code" ? redundancy.k : 1, pieces) >= 0;
}

/** The usable hosts that are there now, this one included. */
export function hostsInReach(view: View): Member[] {
  return [...view.roster().members.values()].filter((member) => isUsable(view, member) && isHere(view, member.host));
}

/** A host that takes pieces now, and what it has room for as far as is known. */
export interface OpenHost {
  readonly host: HostId;
  readonly zone: string;
  readonly freeBytes: number;
}

export async function openHosts(view: View): Promise<OpenHost[]> {
  const own = await view.store.availableBytes();
  return hostsInReach(view).map(({ host, zone, capacityBytes }) => ({ host, zone, freeBytes: host === view.self ? own : (view.freeBytes(host) ?? capacityBytes) }));
}

/** How many of these hosts have a piece, or room for one as far as is known: a full host that has none helps nobody to keep pieces apart. */
export function countApart(open: readonly Pick<OpenHost, "host" | "freeBytes">[], holdings: readonly Holding[], pieceBytes: number): number {
  const holders = new Set(hostsOf(holdings));
  return open.filter(({ host, freeBytes }) => holders.has(host) || freeBytes >= pieceBytes).length;
}

export interface Wanted {
  /** Pieces that are to be placed. */
  readonly count: number;
  /** Hosts that have a piece. */
  readonly except?: ReadonlySet<HostId>;
}

/** The hosts that could take a piece now, this one included, in the order in which the pack asks them. */
export async function candidatesFor(view: View, pack: PackId, { count, except }: Wanted): Promise<Candidate[]> {
  const open = await openHosts(view);
  const usualBytes = open.map(({ freeBytes }) => freeBytes).sort((a, b) => a - b)[Math.floor((open.length - 1) / 2)] ?? 0;
  const weight = (host: HostId, freeBytes: number): number => (view.provenBytes === undefined ? freeBytes : weightOf(freeBytes, view.provenBytes(host) ?? 0, usualBytes));
  const weighed = open.map((each) => ({ ...each, freeBytes: weight(each.host, each.freeBytes) }));
  const isTaken = ({ host }: Candidate): boolean => except?.has(host) === true;
  // Those that have a piece stand behind all others: they are asked where there are too few, and nowhere else.
  return [...rank(pack, weighed.filter((each) => !isTaken(each)), count), ...rank(pack, weighed.filter(isTaken), count)];
}
