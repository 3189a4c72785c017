import type { HostId } from "../codec/index.ts";
import { bytesOfId, concatBytes, utf8 } from "../codec/index.ts";
import { sha256 } from "../crypto/index.ts";
import { SHARDS } from "./namespace.ts";

/** A host as the layout sees it. */
export interface Candidate {
  readonly host: HostId;
  readonly zone: string;
  readonly capacityBytes: number;
  /** It is being emptied. */
  readonly isDraining?: boolean;
}

const GIB = 1024 ** 3;

/** Capacity rounded to a power of two of GiB, so that small changes move nothing. */
export function weightOf(capacityBytes: number): number {
  return 2 ** Math.round(Math.log2(Math.max(capacityBytes, GIB) / GIB));
}

/**
 * All hosts for a shard, best first: weighted rendezvous hashing (Thaler and Ravishankar 1998, with the logarithmic
 * weights of Schindelhauer and Schomaker 2005), so that a host that comes or goes moves only its own share; then spread over
 * zones, so that no zone has a second turn while another had none. Hosts that are being emptied stand behind all others: they are assigned
 * something only where too few others are left, and stay on the list, so that what they have is read until others are ready.
 */
export function preferenceList(shard: number, candidates: readonly Candidate[]): HostId[] {
  const staying = candidates.filter(({ isDraining }) => isDraining !== true);
  if (staying.length === candidates.length) return ranked(shard, candidates);
  return [...ranked(shard, staying), ...ranked(shard, candidates.filter(({ isDraining }) => isDraining === true))];
}

function ranked(shard: number, candidates: readonly Candidate[]): HostId[] {
  const scored = candidates
    .map((candidate) => ({ host: candidate.host, zone: candidate.zone, score: -Math.log(fraction(shard, candidate.host)) / weightOf(candidate.capacityBytes) }))
    .sort((a, b) => a.score - b.score || (a.host < b.host ? -1 : 1));
  const turns = new Map<string, number>();
  return scored
    .map((candidate, rank) => {
      const turn = turns.get(candidate.zone) ?? 0;
      turns.set(candidate.zone, turn + 1);
      return { host: candidate.host, turn, rank };
    })
    .sort((a, b) => a.turn - b.turn || a.rank - b.rank)
    .map(({ host }) => host);
}

/** What one host is assigned of all shards. */
export interface Share {
  readonly host: HostId;
  /** Of so many shards it is one of the first hosts. */
  readonly shards: number;
  /** Of so many it would be by its weight alone: no host is twice on a shard's list, and zones bend it. */
  readonly fairShards: number;
}

/** How even the assignment is. @param first how many hosts of each preference list are assigned the shard */
export function sharesOf(candidates: readonly Candidate[], lists: readonly (readonly HostId[])[], first: number): Share[] {
  const isWanted = ({ isDraining }: Candidate): boolean => isDraining !== true;
  const staying = candidates.filter(isWanted);
  const total = staying.reduce((sum, { capacityBytes }) => sum + weightOf(capacityBytes), 0);
  const counts = new Map<HostId, number>();
  for (const list of lists) for (const host of list.slice(0, first)) counts.set(host, (counts.get(host) ?? 0) + 1);
  return candidates.map((candidate) => ({
    host: candidate.host,
    shards: counts.get(candidate.host) ?? 0,
    fairShards: isWanted(candidate) ? Math.min(lists.length, (lists.length * Math.min(first, staying.length) * weightOf(candidate.capacityBytes)) / total) : 0,
  }));
}

/** Equal where all preference lists are. */
export function layoutName(candidates: Iterable<Candidate>): string {
  return [...candidates].map(({ host, zone, capacityBytes, isDraining = false }) => JSON.stringify([host, zone, weightOf(capacityBytes), isDraining])).sort().join("\n");
}

/** The preference lists of one layout, by shard, as far as they were asked for. */
export type Lists = Map<number, readonly HostId[]>;

const CACHED_LAYOUTS = 4;
const layouts = new Map<string, Lists>();

/** Hosts in one process share what they have worked out. @param name see `layoutName` */
export function listsOf(name: string): Lists {
  const known = layouts.get(name) ?? new Map<number, readonly HostId[]>();
  layouts.delete(name);
  layouts.set(name, known);
  if (layouts.size > CACHED_LAYOUTS) layouts.delete(layouts.keys().next().value!);
  return known;
}

const CACHED_HOSTS = 4096;
const fractions = new Map<HostId, Float64Array>();

/** The same few hosts are asked about whenever one comes or goes, and hashing them for all shards took most of that. */
function fraction(shard: number, host: HostId): number {
  let known = fractions.get(host);
  if (known === undefined) {
    known = Float64Array.from({ length: SHARDS }, (_, each) => hashed(each, host));
    if (fractions.size >= CACHED_HOSTS) fractions.delete(fractions.keys().next().value!);
    fractions.set(host, known);
  }
  return known[shard] ?? hashed(shard, host);
}

/** Uniform in (0, 1), from a hash of shard and host. */
function hashed(shard: number, host: HostId): number {
  const digest = sha256(concatBytes(utf8(`holdfast layout ${shard} `), bytesOfId(host)));
  const view = new DataView(digest.buffer, digest.byteOffset);
  return (view.getUint32(0) * 2 ** 20 + (view.getUint32(4) >>> 12) + 0.5) / 2 ** 52;
}
