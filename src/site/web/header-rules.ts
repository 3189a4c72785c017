import { PathPattern, PatternFault } from "./pattern.ts";
import type { RuleFault, RulePath } from "./rule-path.ts";
import { MAX_LINE_LETTERS, linesOf } from "./rule-path.ts";

// `_headers`: a path on a line of its own, and below it, indented, "Name: value" or "! Name". As Netlify and Cloudflare read it: all paths
// that fit count, values of one name are joined by commas. docs/formats/site.md has the whole.

const MAX_PATHS = 250;
const MAX_HEADERS_PER_PATH = 50;
const NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/;
const VALUE = /^[\x20-\x7e]{1,2000}$/;
/**
 * What frames an answer or follows from the content is the host's business, or one site could make another's answer out of its own. Cookies
 * cross the ports of one host name, and so would reach other sites.
 */
const KEPT = new Set([
  "accept-ranges", "age", "alt-svc", "connection", "content-encoding", "content-length", "content-range", "date", "etag", "host", "keep-alive",
  "last-modified", "location", "proxy-authenticate", "proxy-connection", "server", "set-cookie", "status", "te", "trailer", "transfer-encoding", "upgrade", "via",
  "www-authenticate", "x-holdfast-host",
]);

/** What a site's rules do with the headers of one answer, by lower-case name; null takes one away that would be there. */
export type HeaderChanges = ReadonlyMap<string, { readonly name: string; readonly value: string } | null>;

interface Rule {
  readonly path: PathPattern;
  readonly headers: { readonly name: string; readonly value: string | null }[];
}

const NONE: HeaderChanges = new Map();

export class HeaderRules {
  readonly #rules: readonly Rule[];

  constructor(rules: readonly Rule[]) {
    this.#rules = rules;
  }

  of(path: RulePath): HeaderChanges {
    if (this.#rules.length === 0) return NONE;
    const changes = new Map<string, { readonly name: string; readonly value: string } | null>();
    for (const { path: pattern, headers } of this.#rules) {
      if (pattern.match(path) === undefined) continue;
      for (const { name, value } of headers) {
        const key = name.toLowerCase();
        const before = changes.get(key);
        changes.set(key, value === null ? null : { name, value: before === undefined || before === null ? value : `${before.value}, ${value}` });
      }
    }
    return changes;
  }
}

/** Reads a `_headers` file. Never throws: what cannot be used is left out and told. */
export function parseHeaderRules(text: string): { readonly headers: HeaderRules; readonly faults: readonly RuleFault[] } {
  const rules: Rule[] = [];
  const faults: RuleFault[] = [];
  // Headers below a path that was not understood belong to no other path.
  let isSkipping = false;
  for (const { line, raw } of linesOf(text)) {
    try {
      if (!/^\s/.test(raw)) {
        isSkipping = true;
        rules.push({ path: pathOf(raw, rules.length), headers: [] });
        isSkipping = false;
      } else if (!isSkipping) {
        const rule = rules.at(-1);
        if (rule === undefined) throw new PatternFault("a header stands before the first path");
        if (rule.headers.length === MAX_HEADERS_PER_PATH) throw new PatternFault(`one path has at most ${MAX_HEADERS_PER_PATH} headers`);
        rule.headers.push(headerOf(raw.trim()));
      }
    } catch (error) {
      if (!(error instanceof PatternFault)) throw error;
      faults.push({ line, words: error.message });
    }
  }
  return { headers: new HeaderRules(rules), faults };
}

function pathOf(raw: string, known: number): PathPattern {
  if (known === MAX_PATHS) throw new PatternFault(`there are more than ${MAX_PATHS} paths; those from here on are left out`);
  if (raw.length > MAX_LINE_LETTERS) throw new PatternFault(`the line is longer than ${MAX_LINE_LETTERS} letters`);
  if (!raw.startsWith("/")) throw new PatternFault(`"${raw.slice(0, 60)}" is no path; a path begins with "/", and headers below it are indented`);
  return new PathPattern(raw);
}

function headerOf(text: string): { readonly name: string; readonly value: string | null } {
  const isRemoval = text.startsWith("!");
  const colon = text.indexOf(":");
  const name = (isRemoval ? text.slice(1) : text.slice(0, Math.max(0, colon))).trim();
  const value = text.slice(colon + 1).trim();
  if (!NAME.test(name)) throw new PatternFault(`"${text.slice(0, 60)}" is no header: write Name: value, or ! Name to leave one out`);
  if (KEPT.has(name.toLowerCase())) throw new PatternFault(`${name} cannot be chosen by a site`);
  if (isRemoval) return { name, value: null };
  if (!VALUE.test(value)) throw new PatternFault(`the value of ${name} is empty, too long, or has letters that a header cannot have`);
  return { name, value };
}
