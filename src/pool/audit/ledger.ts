import type { Outcome } from "./challenge.ts";

type Heard = Exclude<Outcome, "unheard">;

/** How many of a host's latest answers count. */
const WINDOW = 32;
/** What an answer weighs. Three lost pieces among 32 are more than a bad spot on a disk; a host may be slow twice as often. */
const WEIGHTS: Readonly<Record<Heard, number>> = { right: 0, late: 1, absent: 2, wrong: 2, fetched: 2 };
const SUSPECT_AT = 6;
/** So many sound answers in a row, and a suspect is one no more. */
const REDEEMED_AFTER = WINDOW;
/** Who is too busy for so many questions in a row does not want to answer. */
const UNHEARD_MAX = 2 * WINDOW;
/** Fewer answers prove nothing about how much a host holds. */
const PROVING_MIN = 8;

export interface Answered {
  readonly outcome: Outcome;
  /** For `fetched`: the zones of those who were asked by the host; its own zone stands for an auditor that was asked itself. */
  readonly seenIn?: readonly string[];
  /** The auditor was asked itself, and needs no other's word. */
  readonly isSeenHere?: boolean;
}

/** What one auditor has seen of one host, and what it makes of it. Pure; the verdict outlives it in the records. */
export class Ledger {
  #answers: (Answered & { readonly outcome: Heard })[] = [];
  #sound = 0;
  #unheard = 0;
  #isSuspect: boolean;

  /** @param isSuspect this auditor's verdict so far, as its record says */
  constructor(isSuspect: boolean) {
    this.#isSuspect = isSuspect;
  }

  get isSuspect(): boolean {
    return this.#isSuspect;
  }

  /** Failures among the answers that count. */
  get failures(): number {
    return this.#answers.filter(({ outcome }) => WEIGHTS[outcome] >= 1).length;
  }

  /** How much of what the host claims it has proven to hold; undefined before there were enough answers. */
  provenBytes(claimedBytes: number): number | undefined {
    if (this.#answers.length < PROVING_MIN) return undefined;
    return Math.floor((claimedBytes * this.#answers.filter(({ outcome }) => outcome === "right").length) / this.#answers.length);
  }

  add(answers: readonly Answered[]): void {
    for (const answer of answers) this.#take(answer);
    this.#answers = this.#answers.slice(-WINDOW);
    if (this.#weight() >= SUSPECT_AT || this.#unheard >= UNHEARD_MAX) this.#isSuspect = true;
    if (this.#sound >= REDEEMED_AFTER) this.#isSuspect = false;
  }

  #take({ outcome, ...more }: Answered): void {
    if (outcome === "unheard") {
      this.#unheard += 1;
      return;
    }
    this.#unheard = 0;
    this.#sound = outcome === "right" ? this.#sound + 1 : 0;
    this.#answers.push({ ...more, outcome });
  }

  /** The host claims nothing: there is nothing to suspect it of, and it takes as long to be cleared as by answers. */
  nothingClaimed(answers: number): void {
    this.add(Array.from({ length: answers }, () => ({ outcome: "right" })));
  }

  #weight(): number {
    const fetched = this.#answers.filter(({ outcome }) => outcome === "fetched");
    // One witness could say it of anybody.
    const areBorneOut = fetched.some(({ isSeenHere }) => isSeenHere === true) || new Set(fetched.flatMap(({ seenIn = [] }) => seenIn)).size > 1;
    return this.#answers.reduce((sum, { outcome }) => sum + (outcome === "fetched" && !areBorneOut ? 0 : WEIGHTS[outcome]), 0);
  }
}
