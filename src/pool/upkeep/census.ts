import type { AccountId, HostId } from "../../codec/index.ts";
import type { Env } from "../../platform/index.ts";
import type { Catalog, PackFacts } from "../record/catalog.ts";
import { isCondemned } from "../record/fate.ts";
import { isHere, isUsable } from "../record/holders.ts";
import type { PoolParts } from "../parts.ts";
import { unhurried } from "../patience.ts";
import type { Stay, WeighView, Weight } from "./weigh.ts";
import { wantedPieces, weigh } from "./weigh.ts";

/** One host's part of the pool, by its own signed words. */
export interface HostCensus {
  readonly pieces: number;
  readonly pieceBytes: number;
  /** Packs that nobody could read any more without it. */
  readonly solePacks: number;
  readonly soleBytes: number;
  /** Packs that would survive no further loss without it. */
  readonly riskyPacks: number;
  /** Pieces of which too few are on hosts that stay: it may not go before they are. */
  readonly awaitedPieces: number;
}

/** All packs that this host's records know, taken together. */
export interface Census {
  /** Not while they are counted for the first time after a start: then these are the sums of those so far, and nobody knows yet what all survive. */
  readonly isWhole: boolean;
  readonly packs: number;
  /** Of the packs' content, each counted once. */
  readonly contentBytes: number;
  readonly pieceBytes: number;
  /** Hosts, whichever, that may vanish before one of the packs is lost, those left out that are condemned; null when there are none. */
  readonly survives: number | null;
  /** The same of the hosts that are here, those that are away counted as away. Below 0: something cannot be read before they are back. */
  readonly survivesNow: number | null;
  /** Packs of which too few pieces are in sight to read them. */
  readonly unreadablePacks: number;
  readonly shortPacks: number;
  readonly shortPieces: number;
  readonly shortBytes: number;
  readonly hosts: ReadonlyMap<HostId, HostCensus>;
  /** What all pieces of each person's packs take, on whichever hosts, those included that are still to be made. */
  readonly people: ReadonlyMap<AccountId, number>;
}

type Tally = { -readonly [N in keyof HostCensus]: HostCensus[N] };
type Totals = { -readonly [N in Exclude<keyof Census, "hosts" | "people">]: Census[N] } & { readonly hosts: Map<HostId, Tally>; readonly people: Map<AccountId, number> };

function nothingYet(): Totals {
  return { isWhole: true, packs: 0, contentBytes: 0, pieceBytes: 0, survives: null, survivesNow: null, unreadablePacks: 0, shortPacks: 0, shortPieces: 0, shortBytes: 0, hosts: new Map(), people: new Map() };
}

/** A look through all packs takes a host with very many of them a while: an answer serves again for so many times as long as it took. */
const SERVES_TIMES = 20;

/** Counts the packs of the whole network by this host's own records, one after the other, and keeps the sums alone. */
export class CensusTaker {
  readonly #env: Env;
  readonly #parts: PoolParts;
  readonly #catalog: Catalog;
  #taking: Promise<Census> | undefined;
  #last: { readonly census: Census; readonly untilMs: number } | undefined;
  /** Of the look under way, or the one before. */
  #soFar = nothingYet();
  #startMs = 0;

  constructor(env: Env, parts: PoolParts, catalog: Catalog) {
    this.#env = env;
    this.#parts = parts;
    this.#catalog = catalog;
  }

  /** @param signal ends the work altogether: that this host stops */
  async census(signal: AbortSignal, isFresh = false): Promise<Census> {
    if (!isFresh && this.#last !== undefined && this.#env.clock.monotonicMs() < this.#last.untilMs) return this.#last.census;
    // What is being taken may have passed what was meant to be seen.
    if (isFresh && this.#taking !== undefined) await this.#taking;
    this.#taking ??= this.#take(signal).finally(() => (this.#taking = undefined));
    return this.#taking;
  }

  /** What is known when the look through all packs has taken so long: what it finds, else what the one before found, else as far as it is. */
  async knownWithin(ms: number, signal: AbortSignal): Promise<Census> {
    const taking = this.census(signal);
    const waited = Promise.withResolvers<void>();
    const timer = this.#env.timers.after(Math.max(0, this.#startMs + ms - this.#env.clock.monotonicMs()), waited.resolve);
    // It goes on for whoever asks next; that this host stops is nothing to tell.
    taking.catch(() => undefined);
    try {
      return (await Promise.race([taking, waited.promise])) ?? this.#last?.census ?? { ...this.#soFar, isWhole: false, survives: null, survivesNow: null };
    } finally {
      timer.cancel();
    }
  }

  async #take(signal: AbortSignal): Promise<Census> {
    const { members } = this.#parts.roster();
    const startMs = (this.#startMs = this.#env.clock.monotonicMs());
    const totals = (this.#soFar = nothingYet());
    const view = viewOf(this.#parts);
    for await (const facts of unhurried(this.#env, this.#catalog.all(), signal)) {
      signal.throwIfAborted();
      // Who is no member any more never comes back with what it had.
      const holdings = this.#catalog.holdings(facts.namespace, facts.pack).filter(({ host }) => members.has(host));
      const weight = weigh(facts, holdings, view);
      add(totals, facts, weight);
      // What is meant to be deleted need not survive. It is asked only where it matters.
      if (isWorse(totals, weight) && !isCondemned(this.#parts.records, facts.namespace, facts.pack)) addLosses(totals, weight);
      const owner = this.#parts.records.genesis(facts.namespace)?.owner ?? null;
      if (owner !== null) totals.people.set(owner, (totals.people.get(owner) ?? 0) + facts.pieceBytes * Math.max(holdings.filter(({ host }) => view.stay(host) !== "lost").length, wantedPieces(facts, view.takers)));
    }
    const endMs = this.#env.clock.monotonicMs();
    this.#last = { census: totals, untilMs: endMs + SERVES_TIMES * (endMs - startMs) };
    return totals;
  }
}

/** How hosts stand now, asked of the roster once. */
export function viewOf(parts: PoolParts): WeighView {
  const { members } = parts.roster();
  const stays = new Map<HostId, Stay>();
  let takers = 0;
  for (const [host, member] of members) {
    if (isUsable(parts, member)) takers += 1;
    stays.set(host, parts.presence(host) === "gone" ? "lost" : member.isSuspect ? "suspect" : member.isDraining ? "leaves" : "stays");
  }
  return { takers, stay: (host) => stays.get(host) ?? "lost", isHere: (host) => isHere(parts, host) };
}

function isWorse(totals: Totals, { survives, survivesNow }: Weight): boolean {
  return survives < (totals.survives ?? Infinity) || survivesNow < (totals.survivesNow ?? Infinity);
}

function addLosses(totals: Totals, { survives, survivesNow }: Weight): void {
  totals.survives = Math.min(totals.survives ?? Infinity, Math.max(0, survives));
  totals.survivesNow = Math.min(totals.survivesNow ?? Infinity, survivesNow);
  if (survives < 0) totals.unreadablePacks += 1;
}

function add(totals: Totals, { sizeBytes, pieceBytes }: PackFacts, { shortPieces, counted, partings }: Weight): void {
  totals.packs += 1;
  totals.contentBytes += sizeBytes;
  totals.pieceBytes += pieceBytes * counted;
  if (shortPieces > 0) totals.shortPacks += 1;
  totals.shortPieces += shortPieces;
  totals.shortBytes += shortPieces * pieceBytes;
  const seen = new Set<HostId>();
  for (const { host, isFatal, isRisky, isReplaced } of partings) {
    const tally = totals.hosts.get(host) ?? { pieces: 0, pieceBytes: 0, solePacks: 0, soleBytes: 0, riskyPacks: 0, awaitedPieces: 0 };
    totals.hosts.set(host, tally);
    tally.pieces += 1;
    tally.pieceBytes += pieceBytes;
    if (!isReplaced) tally.awaitedPieces += 1;
    // A host with several pieces of a pack loses the pack once.
    if (seen.has(host)) continue;
    seen.add(host);
    if (isFatal) {
      tally.solePacks += 1;
      tally.soleBytes += sizeBytes;
    }
    if (isRisky) tally.riskyPacks += 1;
  }
}
