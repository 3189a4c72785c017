import type { RulePath } from "./rule-path.ts";

/** What stood in the places of `:name` and `*`, decoded: a placeholder has one part, the splat any number. */
export type Captures = ReadonlyMap<string, readonly string[]>;

/** The name under which a splat is captured. */
export const SPLAT = "splat";

const PLACEHOLDER = /^:[A-Za-z]\w*$/;
const NOTHING: Captures = new Map();

/**
 * A path in which parts may be `:name`, for exactly one part, and the last may be `*`, for any number of them. A slash at the end means
 * nothing, so that `/a`, `/a/` and, with a splat, `/a/*` all match `/a` and `/a/`.
 */
export class PathPattern {
  readonly names: ReadonlySet<string>;
  /** The path when it has neither placeholders nor a splat: then it can be looked up instead of tried. */
  readonly literal: string | undefined;
  readonly #parts: readonly string[];
  readonly #hasSplat: boolean;

  /** @param text begins with "/". @throws PatternFault */
  constructor(text: string) {
    const parts = text.slice(1).split("/").filter((part) => part !== "").map(decoded);
    this.#hasSplat = parts.at(-1) === "*";
    if (this.#hasSplat) parts.pop();
    if (parts.some((part) => part.includes("*"))) throw new PatternFault('"*" may only be the last part of a path');
    const names = parts.filter((part) => PLACEHOLDER.test(part)).map((part) => part.slice(1));
    if (this.#hasSplat) names.push(SPLAT);
    this.names = new Set(names);
    if (this.names.size < names.length) throw new PatternFault("a placeholder stands in it twice");
    this.#parts = parts;
    this.literal = names.length === 0 ? parts.join("/") : undefined;
  }

  match({ parts }: RulePath): Captures | undefined {
    const own = this.#parts;
    if (parts.length < own.length || (!this.#hasSplat && parts.length > own.length)) return undefined;
    let captures: Map<string, readonly string[]> | undefined;
    for (const [at, part] of own.entries()) {
      const given = parts[at]!;
      if (!part.startsWith(":") || !PLACEHOLDER.test(part)) {
        if (part !== given) return undefined;
      } else {
        if (given === "") return undefined;
        (captures ??= new Map()).set(part.slice(1), [given]);
      }
    }
    if (this.#hasSplat) (captures ??= new Map()).set(SPLAT, parts.slice(own.length));
    return captures ?? NOTHING;
  }
}

/** Why a text is no pattern, in words that continue "the path is not understood: …". */
export class PatternFault extends Error {}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new PatternFault("it has a broken percent sign");
  }
}
