// How a segment comes from other hosts. The hosts that claim the pack are asked first, the one that should answer soonest in front: measured
// time, multiplied by what is under way there already. When the answer is late, a second source is asked as well, and the first proven
// answer wins. A source that fails is set aside for a while, one whose proof does not hold for an hour, and the segment comes from another.
// After the hosts that claim come those that may have the pack without having claimed it; after them, every connected host is asked whether
// it has it. Only then is the segment unavailable. No byte is handed out before its leaves are proven against the root in the pack's record,
// which its owner signed.

import type { HostId } from "../codec/index.ts";
import type { Env } from "../platform/index.ts";
import { Limiter, codeOf } from "../platform/index.ts";
import type { Catalog, PackFacts } from "./catalog.ts";
import type { LeavesWanted } from "./conversation.ts";
import { Conversation } from "./conversation.ts";
import { PoolError } from "./errors.ts";
import { areProven } from "./leaves.ts";
import type { MaybeHolders } from "./maybe.ts";
import { HAS, SEGMENT_LEAVES, hasAnswerCodec, hasCodec } from "./messages.ts";
import type { PoolParts } from "./parts.ts";
import { nameOf } from "./parts.ts";
import { SEGMENT_BYTES } from "./port.ts";
import type { Attempt, SourceBook } from "./sources.ts";

/** Segments being fetched at once, for all readers together: 48 MiB, and a late answer beside some. */
const FETCHES_MAX = 48;
/** Sources asked for one segment at the same time: two may hang, and the third still answers soon. */
const RACERS_MAX = 3;
const HAS_MS = 2_000;
const HAS_AT_ONCE = 16;

interface Racer {
  readonly host: HostId;
  readonly attempt: Attempt;
  readonly done: Promise<{ readonly racer: Racer; readonly bytes: Uint8Array | undefined }>;
}

export class Fetcher {
  readonly #env: Env;
  readonly #parts: PoolParts;
  readonly #catalog: Catalog;
  readonly #maybe: MaybeHolders;
  readonly #book: SourceBook;
  readonly #conversations = new Map<HostId, Conversation>();
  readonly #fetches = new Limiter(FETCHES_MAX);
  readonly #questions = new Limiter(HAS_AT_ONCE);

  constructor(env: Env, parts: PoolParts, catalog: Catalog, maybe: MaybeHolders, book: SourceBook) {
    this.#env = env;
    this.#parts = parts;
    this.#catalog = catalog;
    this.#maybe = maybe;
    this.#book = book;
  }

  /**
   * A segment of a pack from another host, proven.
   * @throws PoolError UNAVAILABLE naming the hosts that would have it
   */
  fetch(facts: PackFacts, segment: number, signal: AbortSignal): Promise<Uint8Array> {
    return this.#fetches.run(() => this.#race(facts, segment, signal), signal);
  }

  close(): void {
    for (const conversation of this.#conversations.values()) conversation.end(new PoolError("SILENT", "This host is stopping."));
  }

  async #race(facts: PackFacts, segment: number, outer: AbortSignal): Promise<Uint8Array> {
    const over = new AbortController();
    const signal = AbortSignal.any([outer, over.signal]);
    const search = this.#search(facts);
    const running: Racer[] = [];
    let isLate = false;
    try {
      for (;;) {
        outer.throwIfAborted();
        const next = running.length === 0 ? await search.further(signal) : isLate && running.length < RACERS_MAX ? search.spare() : undefined;
        if (next !== undefined) running.push(this.#start(facts, segment, next, signal));
        else if (running.length === 0) throw this.#unavailable(facts);
        // Once everybody in reach runs, there is nothing to be done about lateness but to wait.
        const isWatched = next !== undefined && running.length < RACERS_MAX;
        const outcome = await this.#first(running, isWatched ? running.at(-1)!.attempt.lateAfterMs : undefined);
        // Late once, the segment keeps several sources running: when one of them fails, the hanging one must not be all that is left.
        isLate ||= outcome === undefined;
        if (outcome === undefined) continue;
        running.splice(running.indexOf(outcome.racer), 1);
        if (outcome.bytes !== undefined) return outcome.bytes;
      }
    } finally {
      for (const { attempt } of running) {
        if (outer.aborted) attempt.dropped();
        else attempt.overtaken();
      }
      over.abort(new Error("another source was quicker"));
    }
  }

  /** The first racer to end, or undefined when the time is up before. */
  async #first(running: readonly Racer[], waitMs: number | undefined): Promise<Awaited<Racer["done"]> | undefined> {
    const results = running.map(({ done }) => done);
    if (waitMs === undefined) return await Promise.race(results);
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const timer = this.#env.timers.after(waitMs, () => resolve(undefined));
    try {
      return await Promise.race([...results, promise]);
    } finally {
      timer.cancel();
    }
  }

  #start(facts: PackFacts, segment: number, host: HostId, signal: AbortSignal): Racer {
    const attempt = this.#book.begin(host);
    const racer: Racer = { host, attempt, done: this.#attempt(facts, segment, host, attempt, signal).then((bytes) => ({ racer, bytes })) };
    return racer;
  }

  /** Undefined when this source does not give the segment, for whatever reason; the book knows it then. */
  async #attempt(facts: PackFacts, segment: number, host: HostId, attempt: Attempt, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const sizeBytes = Math.min(SEGMENT_BYTES, facts.pieceBytes - segment * SEGMENT_BYTES);
    const firstLeaf = segment * SEGMENT_LEAVES;
    const wanted: LeavesWanted = { pack: facts.pack, index: 0, firstLeaf, leafCount: Math.min(SEGMENT_LEAVES, Math.ceil(sizeBytes / (SEGMENT_BYTES / SEGMENT_LEAVES))) };
    try {
      const leaves = await this.#conversation(host).ask(wanted, signal);
      if (areProven(leaves, facts.roots[0]!, facts.pieceBytes, firstLeaf, sizeBytes)) {
        attempt.succeeded();
        return leaves.bytes;
      }
      attempt.lied();
      this.#env.log.warn("a source sent bytes that are not the pack's; it is not asked again for an hour", { host, pack: facts.pack, segment });
    } catch (error) {
      if (signal.aborted) {
        attempt.dropped();
        return undefined;
      }
      this.#maybe.forget(facts.pack, host);
      // That it lacks one pack says nothing of the others it holds.
      if (codeOf(error) === "NOT_HELD") attempt.dropped();
      else attempt.failed();
      this.#env.log.info("a source failed and is passed over", { host, pack: facts.pack, segment, error });
    }
    return undefined;
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

  /** The sources of one segment, each once: `further` asks everybody when the known ones are used up, `spare` does not. */
  #search(facts: PackFacts): { further(signal: AbortSignal): Promise<HostId | undefined>; spare(): HostId | undefined } {
    const tried = new Set<HostId>([this.#parts.self]);
    let isAsked = false;
    const known = (): HostId | undefined => {
      const online = new Set(this.#parts.transport.connected());
      const open = (hosts: readonly HostId[]): HostId[] => this.#book.order(hosts.filter((host) => online.has(host) && !tried.has(host)));
      const claimed = this.#catalog.holdings(facts.namespace, facts.pack).map(({ host }) => host);
      return open(claimed)[0] ?? open(this.#maybe.of(facts.pack))[0];
    };
    const take = (host: HostId | undefined): HostId | undefined => {
      if (host !== undefined) tried.add(host);
      return host;
    };
    return {
      further: async (signal) => {
        const host = known();
        if (host !== undefined || isAsked) return take(host);
        isAsked = true;
        await this.#askEverybody(facts, tried, signal);
        return take(known());
      },
      spare: () => {
        const host = known();
        return host === undefined || this.#book.isAside(host) ? undefined : take(host);
      },
    };
  }

  async #askEverybody(facts: PackFacts, tried: ReadonlySet<HostId>, signal: AbortSignal): Promise<void> {
    const { transport, roster } = this.#parts;
    const question = hasCodec.encode({ pack: facts.pack, pieces: facts.roots.length });
    const hosts = transport.connected().filter((host) => !tried.has(host) && roster().members.has(host));
    await Promise.all(
      hosts.map((host) =>
        this.#questions.run(async () => {
          try {
            const answer = hasAnswerCodec.decode(await transport.request(host, HAS, question, { timeoutMs: HAS_MS, signal }));
            if (answer.indexes.length > 0) this.#maybe.note(facts.pack, host);
          } catch (error) {
            if (!signal.aborted) this.#env.log.debug("a host did not say whether it has a pack", { host, error });
          }
        }, signal),
      ),
    );
  }

  #unavailable(facts: PackFacts): PoolError {
    const holders = this.#catalog.holdings(facts.namespace, facts.pack).filter(({ host }) => host !== this.#parts.self);
    const names = holders.map(({ host }) => nameOf(this.#parts.roster(), host)).join(", ");
    return new PoolError("UNAVAILABLE", names === "" ? "No host is known to have this content." : `No reachable host gives this content. It is on ${names}: start one of them, or check its connection.`);
  }
}
