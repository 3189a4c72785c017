import type { HostId, NamespaceId, PackId } from "../codec/index.ts";
import type { Env, Timer } from "../platform/index.ts";
import { Worker } from "../platform/index.ts";
import type { PackFacts } from "./record/catalog.ts";
import { Catalog } from "./record/catalog.ts";
import { PatientCoding } from "./write/coding.ts";
import { Caretaker } from "./caretaker.ts";
import { Fetcher } from "./read/fetch.ts";
import { isCondemned } from "./record/fate.ts";
import { activeMembers, confirmed, hostsOf, isHere, lossesLeft, lossesSurvived, usableZones } from "./record/holders.ts";
import type { KeepParts } from "./hold/hold.ts";
import { Holder } from "./hold/hold.ts";
import { CacheKeeper } from "./read/keeping.ts";
import { MaybeHolders } from "./read/maybe.ts";
import { Offers } from "./write/offer.ts";
import { OwnRanges } from "./read/own-ranges.ts";
import type { PoolParts } from "./parts.ts";
import type { FetchOptions, PackContent, PackInfo, PackedBlob, Pool, Redundancy, Standing, StoredPack } from "./port.ts";
import { Reader } from "./read/reader.ts";
import { rebuild } from "./read/rebuild.ts";
import { Receiver } from "./write/receive.ts";
import type { RepairStanding } from "./repair/messages.ts";
import { Rounds } from "./hold/rounds.ts";
import { Segments } from "./read/segments.ts";
import { Server } from "./read/serve.ts";
import { SourceBook } from "./read/sources.ts";
import { Stripes } from "./read/stripes.ts";
import { Republisher, reclaimTurn } from "./hold/strays.ts";
import { Allowance } from "./upkeep/allowance.ts";
import { CensusTaker } from "./upkeep/census.ts";
import { Going } from "./upkeep/going.ts";
import { PoolUpkeep } from "./upkeep/upkeep.ts";
import { giveUpUnfinished } from "./write/giving-up.ts";
import { Unfinished } from "./write/unfinished.ts";
import { Writer } from "./write/writer.ts";

const HOLD_EVERY_MS = 60_000;
const RECLAIM_EVERY_MS = 600_000;
const REPUBLISH_EVERY_MS = 900_000;
/** There is something to do only after a start and after a write that failed, and then holders must not publish it first. */
const GIVE_UP_EVERY_MS = 10_000;
/** Changes come in bursts, as when something is published: one turn serves them all. */
const SETTLE_MS = 200;
/** A host that has just returned knows old claims only; until it has caught up, copies would seem to be missing. */
const REPAIR_SETTLE_MS = 3_000;

/** The pool of one host: its part as a writer, reader and holder, and the workers that keep packs where they should be. */
export class HostPool implements Pool {
  readonly workers: readonly Worker[];
  readonly upkeep: PoolUpkeep;
  readonly #env: Env;
  readonly #parts: PoolParts;
  readonly #catalog: Catalog;
  readonly #maybe = new MaybeHolders();
  readonly #writer: Writer;
  readonly #reader: Reader;
  readonly #receiver: Receiver;
  readonly #fetcher: Fetcher;
  readonly #hold: Worker;
  readonly #caretaker: Caretaker;
  readonly #reclaim: Worker;
  readonly #givingUp: Worker;
  readonly #holding: Rounds;
  readonly #reclaiming: Rounds;
  readonly #closing = new AbortController();
  readonly #settling = new Map<Worker, Timer>();
  /** Asked for at each look at a list of sites, and read from all of a namespace's packs: kept until one of them or who is active has changed. */
  readonly #standings = new Map<NamespaceId, { readonly active: string; readonly away: string; readonly standing: Standing }>();
  readonly #subscriptions: (() => void)[] = [];

  constructor(env: Env, parts: PoolParts) {
    this.#env = env;
    this.#parts = parts;
    const catalog = new Catalog(env, parts.records);
    const maybe = this.#maybe;
    const going = new Going();
    const taker = new CensusTaker(env, parts, catalog);
    const allowance = new Allowance(env, { ...parts, catalog }, async () => (await taker.census(this.#closing.signal, true)).people);
    const offers = new Offers(env, parts, { allowance, going });
    this.#catalog = catalog;
    this.#fetcher = new Fetcher(env, parts, catalog, maybe, new SourceBook(env));
    const cache = new CacheKeeper(env, parts.cache);
    const onDamage = (): void => {
      this.#holding.noteAll();
      this.#soon(this.#hold);
    };
    this.#holding = new Rounds(env);
    this.#reclaiming = new Rounds(env);
    const reading = { self: parts.self, own: new OwnRanges(env, parts, onDamage), fetcher: this.#fetcher, cache };
    this.#reader = new Reader(catalog, new Segments(reading), new Stripes(reading));
    const unfinished = new Unfinished(parts.notes);
    this.#writer = new Writer({ env, parts, offers, maybe }, catalog, new PatientCoding(env), unfinished);
    this.#receiver = new Receiver(env, parts, offers, { allowance, going });
    const keep: KeepParts = { env, parts, catalog, offers, maybe, going, reader: this.#reader };
    this.#caretaker = new Caretaker(env, parts, { catalog, offers, pieceOf: (facts, index) => rebuild(keep, facts, index), onDamage });
    // Answers by itself, through the handler that it registers.
    new Server(env, parts, this.#caretaker.witness).register();
    const republisher = new Republisher(keep);
    const holder = new Holder(keep, this.#holding);
    this.#hold = new Worker(env, { name: "hold", everyMs: HOLD_EVERY_MS, work: (turn) => holder.turn(turn) });
    this.#reclaim = new Worker(env, { name: "reclaim", everyMs: RECLAIM_EVERY_MS, work: (turn) => reclaimTurn(keep, this.#reclaiming, turn) });
    this.#givingUp = new Worker(env, { name: "unfinished", everyMs: GIVE_UP_EVERY_MS, work: (turn) => giveUpUnfinished(keep, unfinished, turn) });
    const republish = new Worker(env, { name: "republish", everyMs: REPUBLISH_EVERY_MS, work: (turn) => republisher.turn(turn) });
    this.#subscriptions.push(catalog.follow(), allowance.follow());
    catalog.onChange((namespace) => void this.#standings.delete(namespace));
    this.upkeep = new PoolUpkeep(env, keep, { taker, remove: (namespace, packs) => this.remove(namespace, packs) });
    this.workers = [this.#hold, this.#reclaim, republish, this.#givingUp, ...this.#caretaker.workers, ...this.upkeep.workers];
  }

  /** Begins to keep packs where they should be. Reads and writes work before that too. */
  start(): void {
    const { records, transport, roster } = this.#parts;
    const { repairing, auditing } = this.#caretaker;
    this.#catalog.onChange((namespace, packs) => {
      this.#caretaker.changed(namespace, packs);
      for (const rounds of [this.#holding, this.#reclaiming]) rounds.note(namespace, packs);
      this.#soon(this.#hold, this.#reclaim, repairing);
    });
    this.#subscriptions.push(
      transport.onPeer(({ kind, peer }) => {
        if (kind === "up") this.#soon(this.#hold, repairing, ...(this.#caretaker.awaitsAudit(peer) ? [auditing] : []));
      }),
      records.onApplied((namespace) => {
        // The roster is in the network's own namespace: a member may have come or gone.
        if (namespace === (roster().network as string)) this.#soon(repairing);
      }),
    );
    for (const worker of this.workers) worker.start();
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error("this host is stopping"));
    for (const end of this.#subscriptions) end();
    for (const timer of this.#settling.values()) timer.cancel();
    this.upkeep.close();
    this.#fetcher.close();
    this.#receiver.close();
    await Promise.all(this.workers.map((worker) => worker.stop()));
  }

  /** What this host is to keep by its own choice, or how much it offers, has changed. */
  reconsider(): void {
    this.#holding.noteAll();
    this.#soon(this.#hold);
    this.upkeep.reconsider();
  }

  async store(namespace: NamespaceId, content: PackContent, redundancy: Redundancy, signal?: AbortSignal): Promise<StoredPack> {
    try {
      return await this.#writer.store(namespace, content, redundancy, this.#until(signal));
    } catch (error) {
      // Whoever cancels need not wait until a majority has said what became of what was sent.
      this.#givingUp.nudge();
      throw error;
    }
  }

  async remove(namespace: NamespaceId, packs: readonly PackId[]): Promise<void> {
    await this.#writer.remove(namespace, packs);
  }

  info(namespace: NamespaceId, pack: PackId): PackInfo | undefined {
    const facts = this.#catalog.facts(namespace, pack);
    return facts === undefined ? undefined : this.#info(facts);
  }

  *packs(namespace: NamespaceId): Generator<PackInfo> {
    for (const facts of this.#catalog.packs(namespace)) yield this.#info(facts);
  }

  standing(namespace: NamespaceId): Standing {
    const { members } = this.#parts.roster();
    const hosts = activeMembers(this.#parts);
    const counting = hosts.filter((host) => members.get(host)?.isSuspect !== true);
    const active = `${hosts.join()};${counting.join()}`;
    const known = this.#standings.get(namespace);
    if (known?.active === active && known.away === this.#away(known.standing.holders)) return known.standing;
    const standing = this.#standing(namespace, new Set(hosts), new Set(counting));
    this.#standings.set(namespace, { active, away: this.#away(standing.holders), standing });
    return standing;
  }

  /** @param counting those of the active members whose claims count: of a suspect they prove nothing */
  #standing(namespace: NamespaceId, active: ReadonlySet<HostId>, counting: ReadonlySet<HostId>): Standing {
    const holders = new Set<HostId>();
    const most = Math.max(0, active.size - 1);
    let [packs, survives, survivesNow] = [0, most, most];
    for (const { pack, k } of this.#catalog.packs(namespace)) {
      const holdings = this.#catalog.holdings(namespace, pack);
      for (const { host } of holdings) if (active.has(host)) holders.add(host);
      packs += 1;
      const counted = holdings.filter(({ host }) => counting.has(host));
      const [left, leftNow] = [lossesLeft(k, counted), lossesLeft(k, counted.filter(({ host }) => isHere(this.#parts, host)))];
      // What is meant to be deleted need not survive. It is asked only where it matters.
      if ((left >= survives && leftNow >= survivesNow) || isCondemned(this.#parts.records, namespace, pack)) continue;
      [survives, survivesNow] = [Math.min(survives, left), Math.min(survivesNow, leftNow)];
    }
    return { packs, holders, survives, survivesNow };
  }

  #away(holders: ReadonlySet<HostId>): string {
    return [...holders].filter((host) => !isHere(this.#parts, host)).join();
  }

  #info({ namespace, pack, sizeBytes, k, m, copies }: PackFacts): PackInfo {
    const catalog = this.#catalog;
    let blobs: readonly PackedBlob[] | undefined;
    const pieces = confirmed(this.#parts, catalog, { namespace, pack });
    return {
      pack,
      sizeBytes,
      redundancy: k === 1 ? { kind: "copies", copies } : { kind: "code", k, m },
      pieces,
      holders: hostsOf(pieces),
      maybe: this.#maybe.of(pack),
      /** Read from the records when first looked at: thousands of packs are gone through for their holders alone. */
      get blobs() {
        return (blobs ??= catalog.body(namespace, pack)?.blobs ?? []);
      },
    };
  }

  read(namespace: NamespaceId, pack: PackId, offset: number, length: number, options: FetchOptions = {}): AsyncIterable<Uint8Array> {
    return this.#reader.read(namespace, pack, offset, length, { ...options, signal: this.#until(options.signal) });
  }

  survives(namespace: NamespaceId, packs: Iterable<PackId>): number {
    // Where there is nothing to lose, the last host standing still has all of it.
    let least = Math.max(0, activeMembers(this.#parts).length - 1);
    for (const pack of packs) least = Math.min(least, lossesSurvived(this.#catalog.facts(namespace, pack)?.k ?? 1, confirmed(this.#parts, this.#catalog, { namespace, pack })));
    return least;
  }

  zones(): number {
    return usableZones(this.#parts);
  }

  repairStanding(signal?: AbortSignal): Promise<RepairStanding | undefined> {
    return this.#caretaker.repair.standing(this.#until(signal));
  }

  #until(signal: AbortSignal | undefined): AbortSignal {
    return signal === undefined ? this.#closing.signal : AbortSignal.any([signal, this.#closing.signal]);
  }

  #soon(...workers: readonly Worker[]): void {
    for (const worker of workers) {
      if (this.#closing.signal.aborted || this.#settling.has(worker)) continue;
      const begin = (): void => {
        this.#settling.delete(worker);
        worker.nudge();
      };
      this.#settling.set(worker, this.#env.timers.after(this.#settleMs(worker), begin));
    }
  }

  #settleMs(worker: Worker): number {
    const { repairing, auditing, auditSettleMs } = this.#caretaker;
    if (worker === repairing) return REPAIR_SETTLE_MS;
    return worker === auditing ? auditSettleMs : SETTLE_MS;
  }
}

/** @param parts what the pool stands on; handlers are registered with `parts.transport` at once */
export function createPool(env: Env, parts: PoolParts): HostPool {
  return new HostPool(env, parts);
}
