import type { Clock } from "../platform/index.ts";
import { TokenBucket } from "../platform/index.ts";
import type { Cluster } from "./cluster.ts";
import { eraOf } from "./terms.ts";

/** How far terms may be ahead of what a host knows; so many elections take weeks. */
export const TERMS_AHEAD_MAX = 1_000_000;
/** No honest voters need more: a term takes an election, and an election takes seconds when it is not won. */
const TERMS_PER_SECOND = 10;

/**
 * Which of the terms that others tell of a host notes on its disk. A term that is noted is never taken back, so one message of a voter that lies
 * would end elections for good: with a term of an era whose voters nobody has forced, or with the last of the present one. So no term is noted of
 * an era that is not known here, and terms advance no faster than elections can be held: an era lasts for years under a voter that does nothing
 * but lie, and an administrator who forces voters without it begins another. To note less is always safe, since a host votes for nobody
 * in a term that it does not note.
 */
export class CredibleTerms {
  readonly #cluster: Pick<Cluster, "register">;
  readonly #advances: TokenBucket;

  constructor(clock: Clock, cluster: Pick<Cluster, "register">) {
    this.#cluster = cluster;
    this.#advances = new TokenBucket(clock, { perSecond: TERMS_PER_SECOND, burst: TERMS_AHEAD_MAX });
  }

  /** @param known the highest term that this host has noted */
  has(term: number, known: number): boolean {
    return this.#isOfKnownEra(term, known) && this.#advance(term, known) <= this.#advances.level;
  }

  /** Whether a term that is about to be noted may be. */
  take(term: number, known: number): boolean {
    if (!this.has(term, known)) return false;
    this.#advances.take(this.#advance(term, known));
    return true;
  }

  /** An era that was noted once is known, though the record of its voters may be here no longer. */
  #isOfKnownEra(term: number, known: number): boolean {
    return eraOf(term) <= Math.max(eraOf(this.#cluster.register.configuration.term), eraOf(known));
  }

  #advance(term: number, known: number): number {
    return Math.max(0, term - Math.max(known, this.#cluster.register.configuration.term));
  }
}
