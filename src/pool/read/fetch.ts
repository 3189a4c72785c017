// How ranges of pieces come from other hosts. The reader says how many different pieces it needs the range of: one of a copied pack, as many as are
// missing to k of a coded one. Hosts that claim a piece are asked first, the one that should answer soonest in front: measured time,
// multiplied by what is under way there already. When an answer is late, a further source is asked as well, and the first proven answers
// win, whichever pieces they are of. A source that fails is set aside for a while, one that cheats for an hour, and another takes
// its place. After the hosts that claim come those that may have a piece without having claimed it; after them, every connected host is asked
// what it has. Only then is the range unavailable. No byte is handed out before its leaves are proven against the piece's root in the pack's
// record, which its owner signed.

import type { HostId } from "../../codec/index.ts";
import type { Slice } from "../../erasure/index.ts";
import type { Env } from "../../platform/index.ts";
import { Limiter, codeOf } from "../../platform/index.ts";
import { LEAF_BYTES } from "../../store/index.ts";
import type { Catalog, PackFacts } from "../record/catalog.ts";
import { Conversation, HeldBack } from "./conversation.ts";
import { PoolError } from "../errors.ts";
import { areProven } from "../layout/leaves.ts";
import type { MaybeHolders } from "./maybe.ts";
import type { PoolParts } from "../parts.ts";
import { nameOf } from "../parts.ts";
import type { Holding, SourceReport } from "../port.ts";
import type { Search } from "./search.ts";
import { Searches } from "./search.ts";
import type { Attempt, SourceBook } from "./sources.ts";

/** Ranges being fetched at once, for all readers together: 48 MiB, and a late answer beside some. */
const FETCHES_MAX = 48;
/** Sources asked beyond those that are needed: two may hang, and the next still answers soon. */
const SPARES_MAX = 2;

/** The same leaves of several pieces. */
export interface LeafRange {
  readonly firstLeaf: number;
  readonly leafCount: number;
}

export interface Wanted {
  /** At most 16 leaves. */
  readonly range: LeafRange;
  /** Of so many different pieces. */
  readonly count: number;
  /** Pieces of which the range is there already, or of no use. */
  readonly except: ReadonlySet<number>;
  /** Whether nobody is asked but those that are known to have it, or thought to. Default: no. */
  readonly isKnownOnly?: boolean;
  /** Told of each range that came, from whom and how quickly. */
  readonly onSource?: ((report: SourceReport) => void) | undefined;
}

/** Too few sources gave a range. */
export class TooFewSources extends PoolError {
  /** Pieces of sources that gave it, might still have, or answered that it is damaged there or gone. */
  readonly inReach: ReadonlySet<number>;

  constructor(message: string, inReach: ReadonlySet<number>) {
    super("UNAVAILABLE", message);
    this.inReach = inReach;
  }
}

/** One question to one source. */
interface Racer extends Holding {
  readonly attempt: Attempt;
  /** Its answer has not come in the time in which it should have. */
  isLate: boolean;
  /** One that is lacking has answered that it cannot give the range. */
  outcome: "running" | "lacking" | "failed" | Uint8Array;
}

export class Fetcher {
  readonly #env: Env;
  readonly #parts: PoolParts;
  readonly #catalog: Catalog;
  readonly #maybe: MaybeHolders;
  readonly #book: SourceBook;
  readonly #searches: Searches;
  readonly #conversations = new Map<HostId, Conversation>();
  readonly #fetches = new Limiter(FETCHES_MAX);

  constructor(env: Env, parts: PoolParts, catalog: Catalog, maybe: MaybeHolders, book: SourceBook) {
    this.#env = env;
    this.#parts = parts;
    this.#catalog = catalog;
    this.#maybe = maybe;
    this.#book = book;
    this.#searches = new Searches({ env, parts, catalog, maybe, book });
  }

  /**
   * A range of as many different pieces as are wanted, from other hosts, proven. In no particular order.
   * @throws TooFewSources (UNAVAILABLE) naming the hosts that would have it
   */
  fetch(facts: PackFacts, wanted: Wanted, signal: AbortSignal): Promise<Slice[]> {
    return this.#fetches.run(() => this.#race(facts, wanted, signal), signal);
  }

  /** The range of one piece as it lies on a host that claims it and is connected; undefined where none gives it. */
  async fetchClaimed(facts: PackFacts, { index, ...wanted }: Pick<Wanted, "range" | "onSource"> & { readonly index: number }, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const online = new Set(this.#parts.transport.connected());
    const isClaimed = this.#catalog.holdings(facts.namespace, facts.pack).some((holding) => holding.index === index && online.has(holding.host));
    if (!isClaimed) return undefined;
    const except = new Set(facts.roots.keys());
    except.delete(index);
    try {
      const [found] = await this.fetch(facts, { ...wanted, count: 1, except, isKnownOnly: true }, signal);
      return found?.bytes;
    } catch (error) {
      if (codeOf(error) !== "UNAVAILABLE") throw error;
      return undefined;
    }
  }

  close(): void {
    for (const conversation of this.#conversations.values()) conversation.end(new PoolError("SILENT", "This host is stopping."));
  }

  async #race(facts: PackFacts, wanted: Wanted, outer: AbortSignal): Promise<Slice[]> {
    const over = new AbortController();
    const signal = AbortSignal.any([outer, over.signal]);
    const search = this.#searches.begin(facts, wanted.isKnownOnly !== true);
    const found: Slice[] = [];
    const racers: Racer[] = [];
    let running: Racer[] = [];
    let changed = Promise.withResolvers<void>();
    const start = (source: Holding): void => {
      const racer = this.#start(facts, wanted, source, signal, () => changed.resolve());
      racers.push(racer);
      running.push(racer);
    };
    try {
      for (;;) {
        outer.throwIfAborted();
        for (const { index, outcome } of running) if (outcome instanceof Uint8Array && found.every((slice) => slice.index !== index)) found.push({ index, bytes: outcome });
        running = running.filter(({ outcome }) => outcome === "running");
        if (found.length >= wanted.count) return found.slice(0, wanted.count);
        if (!(await this.#fillUp(wanted, search, found, running, start, signal))) throw this.#tooFew(facts, wanted, racers);
        await changed.promise;
        changed = Promise.withResolvers<void>();
      }
    } finally {
      for (const { attempt } of running) {
        if (outer.aborted) attempt.dropped();
        else attempt.overtaken();
      }
      over.abort(new Error("other sources were quicker"));
    }
  }

  /** Has as many sources running as are needed, and spares for those that are late. False when there are not enough. */
  async #fillUp({ count, except }: Wanted, search: Search, found: readonly Slice[], running: readonly Racer[], start: (source: Holding) => void, signal: AbortSignal): Promise<boolean> {
    const isOpen = (index: number): boolean => !except.has(index) && found.every((slice) => slice.index !== index) && running.every((racer) => racer.index !== index || racer.isLate);
    const missing = count - found.length;
    while (running.length < missing) {
      const source = await search.further(isOpen, signal);
      if (source === undefined) return false;
      start(source);
    }
    const late = running.filter(({ isLate }) => isLate).length;
    while (running.length < missing + Math.min(SPARES_MAX, late)) {
      const source = search.spare(isOpen);
      // Once everybody in reach runs, there is nothing to be done about lateness but to wait.
      if (source === undefined) return true;
      start(source);
    }
    return true;
  }

  #start(facts: PackFacts, wanted: Wanted, { host, index }: Holding, signal: AbortSignal, onChange: () => void): Racer {
    const attempt = this.#book.begin(host);
    const racer: Racer = { host, index, attempt, isLate: false, outcome: "running" };
    const timer = this.#env.timers.after(attempt.lateAfterMs, () => {
      racer.isLate = true;
      onChange();
    });
    void this.#attempt(facts, wanted, racer, signal).then((outcome) => {
      timer.cancel();
      racer.outcome = outcome;
      onChange();
    });
    return racer;
  }

  /** The range, or how this source does not give it; the book knows it then. */
  async #attempt(facts: PackFacts, { range, onSource }: Wanted, { host, index, attempt }: Racer, signal: AbortSignal): Promise<"lacking" | "failed" | Uint8Array> {
    const { pack, pieceBytes, roots } = facts;
    const sizeBytes = Math.min(range.leafCount * LEAF_BYTES, pieceBytes - range.firstLeaf * LEAF_BYTES);
    const startedMs = this.#env.clock.monotonicMs();
    try {
      const leaves = await this.#conversation(host).ask({ pack, index, ...range }, signal);
      if (areProven(leaves, roots[index]!, pieceBytes, range.firstLeaf, sizeBytes)) {
        attempt.succeeded();
        onSource?.({ host, index, bytes: sizeBytes, elapsedMs: this.#env.clock.monotonicMs() - startedMs, via: "network" });
        return leaves.bytes;
      }
      attempt.cheated();
      this.#env.log.warn("a source sent bytes that are not the pack's; it is not asked again for an hour", { host, pack, index, firstLeaf: range.firstLeaf });
    } catch (error) {
      if (signal.aborted) {
        attempt.dropped();
        return "failed";
      }
      this.#maybe.forget(pack, { host, index });
      // That it lacks one piece says nothing of the others it holds.
      if (codeOf(error) === "NOT_HELD") attempt.dropped();
      else if (error instanceof HeldBack) attempt.cheated();
      else attempt.failed();
      this.#env.log.info("a source failed and is passed over", { host, pack, index, firstLeaf: range.firstLeaf, error });
      if (codeOf(error) === "NOT_HELD") return "lacking";
    }
    return "failed";
  }

  #conversation(host: HostId): Conversation {
    const known = this.#conversations.get(host);
    if (known !== undefined) return known;
    const conversation: Conversation = new Conversation(this.#env, this.#parts.transport, host, () => {
      if (this.#conversations.get(host) === conversation) this.#conversations.delete(host);
    });
    this.#conversations.set(host, conversation);
    return conversation;
  }

  #tooFew(facts: PackFacts, { count }: Wanted, racers: readonly Racer[]): TooFewSources {
    const inReach = new Set(racers.filter(({ outcome }) => outcome !== "failed").map(({ index }) => index));
    const hosts = new Set(this.#catalog.holdings(facts.namespace, facts.pack).map(({ host }) => host).filter((host) => host !== this.#parts.self));
    const names = [...hosts].map((host) => nameOf(this.#parts.roster(), host)).join(", ");
    if (names === "") return new TooFewSources("No host is known to have this content.", inReach);
    if (facts.k === 1) return new TooFewSources(`No reachable host gives this content. It is on ${names}: start one of them, or check its connection.`, inReach);
    return new TooFewSources(`Too few reachable hosts give this content: ${count} of those that hold its pieces are needed beside this one, which are ${names}. Start more of them, or check their connections.`, inReach);
  }
}
