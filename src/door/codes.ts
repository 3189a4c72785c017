import { base32 } from "../codec/index.ts";
import type { Env } from "../platform/index.ts";

const CODE_BYTES = 16;
/** More than anybody has open; the one that was used longest ago is forgotten for the next. */
const CODES_MAX = 1024;

/** Random codes that are good for a while, each for something of its own, and only once if they are spent. They are not kept over a restart. */
export class Codes<T> {
  readonly #env: Env;
  readonly #goodForMs: number;
  /** Those that were not spent, in the order of their last use; until when they are good by the monotonic clock, and for what. */
  readonly #codes = new Map<string, { readonly untilMs: number; readonly what: T }>();

  constructor(env: Env, goodForMs: number) {
    this.#env = env;
    this.#goodForMs = goodForMs;
  }

  make(what: T): string {
    const [oldest] = this.#codes.keys();
    if (oldest !== undefined && this.#codes.size >= CODES_MAX) this.#codes.delete(oldest);
    const code = base32(this.#env.random.bytes(CODE_BYTES));
    this.#codes.set(code, { untilMs: this.#env.clock.monotonicMs() + this.#goodForMs, what });
    return code;
  }

  /** Whether it is good still. They are random: how long it takes to look one up tells nothing about another. */
  knows(code: string): boolean {
    return (this.#codes.get(code)?.untilMs ?? Number.NEGATIVE_INFINITY) > this.#env.clock.monotonicMs();
  }

  /** Uses it, and lets it be good for so long from now. Undefined when it is none, or was good before. */
  use(code: string, goodForMs: number): T | undefined {
    const what = this.spend(code);
    if (what !== undefined) this.#codes.set(code, { untilMs: this.#env.clock.monotonicMs() + goodForMs, what });
    return what;
  }

  /** Spends it. Undefined when it is none, or was good before. */
  spend(code: string): T | undefined {
    const what = this.knows(code) ? this.#codes.get(code)?.what : undefined;
    this.#codes.delete(code);
    return what;
  }
}
