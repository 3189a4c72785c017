import type { Env } from "../../platform/index.ts";
import { Limiter } from "../../platform/index.ts";
import type { Catalog, PackFacts } from "../record/catalog.ts";
import type { MaybeHolders } from "./maybe.ts";
import { HAS, REMAINS, hasAnswerCodec, hasCodec } from "../messages.ts";
import type { PoolParts } from "../parts.ts";
import type { Holding } from "../port.ts";
import type { SourceBook } from "./sources.ts";

const HAS_MS = 2_000;
/** Questions that all searches of this host have under way together. */
const HAS_AT_ONCE = 16;

export interface SearchParts {
  readonly env: Env;
  readonly parts: Pick<PoolParts, "self" | "transport" | "roster">;
  readonly catalog: Pick<Catalog, "holdings">;
  readonly maybe: MaybeHolders;
  readonly book: SourceBook;
}

/** Which pieces are worth asking for now. */
export type IsOpen = (index: number) => boolean;

/** Finds sources for reads: hosts that claim a piece, then those that may have one, then whoever says so when asked. */
export class Searches {
  readonly #with: SearchParts;
  readonly #questions = new Limiter(HAS_AT_ONCE);

  constructor(parts: SearchParts) {
    this.#with = parts;
  }

  /** @param mayAsk whether everybody is asked when the known sources are used up */
  begin(facts: PackFacts, mayAsk: boolean): Search {
    return new Search(this.#with, facts, mayAsk ? [HAS, REMAINS].map((kind) => (signal) => this.#askEverybody(kind, facts, signal)) : []);
  }

  async #askEverybody(kind: string, facts: PackFacts, signal: AbortSignal): Promise<void> {
    const { env, parts, maybe } = this.#with;
    const question = hasCodec.encode({ pack: facts.pack, pieces: facts.roots.length });
    const ask = async (host: Holding["host"]): Promise<void> => {
      try {
        const { indexes } = hasAnswerCodec.decode(await parts.transport.request(host, kind, question, { timeoutMs: HAS_MS, signal }));
        for (const index of indexes) if (index < facts.roots.length) maybe.note(facts.pack, { host, index });
      } catch (error) {
        if (!signal.aborted) env.log.debug("a host did not say whether it has a pack", { host, error });
      }
    };
    const hosts = parts.transport.connected().filter((host) => parts.roster().members.has(host));
    await Promise.all(hosts.map((host) => this.#questions.run(() => ask(host), signal)));
  }
}

/** The sources of one range of one pack, each once. */
export class Search {
  readonly #with: SearchParts;
  readonly #facts: PackFacts;
  readonly #tried = new Set<string>();
  /** Each asked once: who has the piece, and then who has what remains of one, of which each range may have to come from another host. */
  readonly #questions: ((signal: AbortSignal) => Promise<void>)[];

  constructor(parts: SearchParts, facts: PackFacts, questions: ((signal: AbortSignal) => Promise<void>)[]) {
    this.#with = parts;
    this.#facts = facts;
    this.#questions = questions;
  }

  /** The next source, whatever is known of it; when the known ones are used up, everybody is asked. */
  async further(isOpen: IsOpen, signal: AbortSignal): Promise<Holding | undefined> {
    for (;;) {
      const known = this.#best(isOpen);
      const ask = known === undefined ? this.#questions.shift() : undefined;
      if (ask === undefined) return this.#take(known);
      await ask(signal);
    }
  }

  /** A source that may well be quicker than one that is late; none that failed a moment ago. */
  spare(isOpen: IsOpen): Holding | undefined {
    const known = this.#best(isOpen);
    return known === undefined || this.#with.book.isAside(known.host) ? undefined : this.#take(known);
  }

  #best(isOpen: IsOpen): Holding | undefined {
    const { parts, catalog, maybe, book } = this.#with;
    const { namespace, pack } = this.#facts;
    const online = new Set(parts.transport.connected());
    const first = (holdings: readonly Holding[]): Holding | undefined => {
      const open = holdings.filter((holding) => holding.host !== parts.self && online.has(holding.host) && isOpen(holding.index) && !this.#tried.has(nameOf(holding)));
      const [host] = book.order(open.map((holding) => holding.host));
      return open.find((holding) => holding.host === host);
    };
    return first(catalog.holdings(namespace, pack)) ?? first(maybe.of(pack));
  }

  #take(holding: Holding | undefined): Holding | undefined {
    if (holding !== undefined) this.#tried.add(nameOf(holding));
    return holding;
  }
}

function nameOf({ index, host }: Holding): string {
  return `${index}/${host}`;
}
