import type { PackId } from "../../codec/index.ts";
import type { Clock } from "../../platform/index.ts";

/** Longer than a question, its answer and the question to a witness may take together on a slow line, or between hosts that are short of time. */
const APART_MS = 15_000;
/** Of the pause between two audits, so that hosts that are audited every few seconds are not too busy all the time. */
const APART_SHARE = 4;
const NOTED_MAX = 4096;

/**
 * Keeps this host's own challenges apart from those that it answers. Who is challenged for a pack and asks another host for leaves of it at the
 * same moment looks like one that fetches what it does not have, so an honest host leaves `apartMs` between the two.
 */
export class OwnChallenges {
  /** Whoever needs longer than this from question to answer cannot be told from one that fetches. */
  readonly apartMs: number;
  readonly #clock: Clock;
  readonly #asking = new Map<PackId, number>();
  readonly #asked = new Map<PackId, number>();
  readonly #answered = new Map<PackId, number>();

  /** @param everyMs between two audits of the same host */
  constructor(clock: Clock, everyMs: number) {
    this.#clock = clock;
    this.apartMs = Math.min(APART_MS, everyMs / APART_SHARE);
  }

  /** Whether an answer about the pack may be given now; notes it when it may. */
  mayAnswer(pack: PackId): boolean {
    if (this.#asking.has(pack) || this.#isRecent(this.#asked, pack)) return false;
    this.#note(this.#answered, pack);
    return true;
  }

  /** Whether others may be asked about the pack now. */
  mayAsk(pack: PackId): boolean {
    return !this.#isRecent(this.#answered, pack);
  }

  /** Runs a challenge about these packs. */
  async during<T>(packs: readonly PackId[], ask: () => Promise<T>): Promise<T> {
    for (const pack of packs) this.#asking.set(pack, (this.#asking.get(pack) ?? 0) + 1);
    try {
      return await ask();
    } finally {
      for (const pack of packs) {
        this.#note(this.#asked, pack);
        const left = this.#asking.get(pack)! - 1;
        if (left === 0) this.#asking.delete(pack);
        else this.#asking.set(pack, left);
      }
    }
  }

  #isRecent(noted: ReadonlyMap<PackId, number>, pack: PackId): boolean {
    const atMs = noted.get(pack);
    return atMs !== undefined && this.#clock.monotonicMs() - atMs < this.apartMs;
  }

  #note(noted: Map<PackId, number>, pack: PackId): void {
    noted.delete(pack);
    noted.set(pack, this.#clock.monotonicMs());
    if (noted.size > NOTED_MAX) noted.delete(noted.keys().next().value!);
  }
}
