/** A request's path as rules see it: decoded once, its parts checked. */
export interface RulePath {
  readonly parts: readonly string[];
  /** It ended with "/". */
  readonly isFolder: boolean;
  /** From the "?" on, as it came; "" without one. */
  readonly query: string;
}

/** A line that cannot be used, and why. Such a line is left out; the others count. */
export interface RuleFault {
  /** The first line is 1. */
  readonly line: number;
  readonly words: string;
}

/** Of `_redirects` and of `_headers` each. */
export const MAX_RULES_FILE_BYTES = 64 * 1024;
export const MAX_LINE_LETTERS = 2000;

/** The lines that say something, trimmed at their ends, without what follows a "#" at the beginning or behind a blank. */
export function* linesOf(text: string): Generator<{ readonly line: number; readonly raw: string }> {
  for (const [at, raw] of text.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/).entries()) {
    const words = raw.replace(/(^|\s)#.*$/, "").trimEnd();
    if (words.trim() !== "") yield { line: at + 1, raw: words };
  }
}
