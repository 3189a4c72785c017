import type { Captures } from "./pattern.ts";
import { PathPattern, PatternFault } from "./pattern.ts";
import type { RuleFault, RulePath } from "./rule-path.ts";
import { MAX_LINE_LETTERS, linesOf } from "./rule-path.ts";
import { RuleTarget } from "./rule-target.ts";

// `_redirects`, one rule a line: FROM [NAME=VALUE …] TO [STATUS[!]]. As Netlify and Cloudflare read it, and a superset of what IPFS gateways
// do (https://specs.ipfs.tech/http-gateways/web-redirects-file/). The first rule that fits counts. docs/formats/site.md has the whole.

export const MAX_REDIRECTS = 1000;
const STATUSES = new Set([200, 301, 302, 303, 307, 308, 404, 410, 451]);
const DEFAULT_STATUS = 301;
/** What Netlify's rules can ask of the visitor. A host that asks nothing of its visitors knows none of it. */
const CONDITION = /^(?:Language|Country|Role|Cookie|Conditions|Sign|signed)=/i;
const QUERY = /^(?<key>[^=\s]+)=(?<value>[^\s]*)$/;

/** What a rule makes of a request. */
export interface Redirection {
  /** 3xx: `location` is told to the browser. 200, 404, 410 or 451: the file at `location`, a path of the site, is sent with it. */
  readonly status: number;
  /** Percent-encoded. */
  readonly location: string;
}

interface Rule {
  readonly from: PathPattern;
  readonly query: readonly (readonly [key: string, value: string])[];
  readonly to: RuleTarget;
  readonly status: number;
  /** Counts also where the site has a file. */
  readonly isForced: boolean;
}

/** The rules of one head, in their order. */
export class Redirects {
  readonly #all: readonly Rule[];
  readonly #hasForced: boolean;
  /** By path, the numbers of the rules without placeholders; and the numbers of all others. */
  readonly #literal = new Map<string, number[]>();
  readonly #patterns: number[] = [];

  constructor(rules: readonly Rule[]) {
    this.#all = rules;
    this.#hasForced = rules.some((rule) => rule.isForced);
    for (const [number, { from }] of rules.entries()) {
      if (from.literal === undefined) this.#patterns.push(number);
      else this.#literal.set(from.literal, [...(this.#literal.get(from.literal) ?? []), number]);
    }
  }

  /** The first rule that fits; of the forced ones alone when `forcedOnly`. */
  find(path: RulePath, forcedOnly: boolean): Redirection | undefined {
    if (this.#all.length === 0 || (forcedOnly && !this.#hasForced)) return undefined;
    const literal = this.#literal.get(path.parts.join("/")) ?? [];
    // Once for all rules: a thousand may ask for parameters, and a query may have thousands.
    let given: ReadonlyMap<string, string> | undefined;
    const parameters = (): ReadonlyMap<string, string> => (given ??= parametersOf(path.query));
    for (const number of inOrder(literal, this.#patterns)) {
      const rule = this.#all[number]!;
      if (forcedOnly && !rule.isForced) continue;
      const found = apply(rule, path, parameters);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

/** Both lists ascend. */
function* inOrder(a: readonly number[], b: readonly number[]): Generator<number> {
  let at = 0;
  for (const number of b) {
    while (at < a.length && a[at]! < number) yield a[at++]!;
    yield number;
  }
  while (at < a.length) yield a[at++]!;
}

function apply(rule: Rule, path: RulePath, parameters: () => ReadonlyMap<string, string>): Redirection | undefined {
  const captures = rule.from.match(path);
  const all = captures === undefined ? undefined : withQuery(rule.query, parameters, captures);
  if (all === undefined) return undefined;
  const location = rule.to.fill(all, path.isFolder, rule.query.length === 0 ? path.query : "");
  // A rule that leads where the visitor is would go round in circles: a slash at the end means nothing to it.
  if (rule.status >= 300 && rule.status < 400 && isSame(location, path)) return undefined;
  return { status: rule.status, location };
}

function isSame(location: string, { parts, query }: RulePath): boolean {
  return location.replace(/\/(?=$|[?#])/, "") === (parts.length === 0 ? "" : `/${parts.map((part) => encodeURIComponent(part)).join("/")}`) + query;
}

/** The captures, with those of the query parameters that the rule asks for; undefined when one is not there. */
function withQuery(wanted: Rule["query"], parameters: () => ReadonlyMap<string, string>, captures: Captures): Captures | undefined {
  if (wanted.length === 0) return captures;
  const given = parameters();
  const all = new Map(captures);
  for (const [key, value] of wanted) {
    const has = given.get(key);
    if (has === undefined || (!value.startsWith(":") && value !== has)) return undefined;
    if (value.startsWith(":")) all.set(value.slice(1), [has]);
  }
  return all;
}

/** The first value of each. */
function parametersOf(query: string): ReadonlyMap<string, string> {
  const given = new Map<string, string>();
  for (const [key, value] of new URLSearchParams(query)) if (!given.has(key)) given.set(key, value);
  return given;
}

/** Reads a `_redirects` file. Never throws: what cannot be used is left out and told. */
export function parseRedirects(text: string): { readonly redirects: Redirects; readonly faults: readonly RuleFault[] } {
  const rules: Rule[] = [];
  const faults: RuleFault[] = [];
  for (const { line, raw } of linesOf(text)) {
    try {
      if (rules.length === MAX_REDIRECTS) throw new PatternFault(`there are more than ${MAX_REDIRECTS} rules; those from here on are left out`);
      rules.push(parseRule(raw));
    } catch (error) {
      if (!(error instanceof PatternFault)) throw error;
      faults.push({ line, words: error.message });
      if (rules.length === MAX_REDIRECTS) break;
    }
  }
  return { redirects: new Redirects(rules), faults };
}

/** @throws PatternFault */
function parseRule(raw: string): Rule {
  if (raw.length > MAX_LINE_LETTERS) throw new PatternFault(`the line is longer than ${MAX_LINE_LETTERS} letters`);
  const [source, ...rest] = raw.trim().split(/\s+/);
  if (!source!.startsWith("/")) throw new PatternFault(`the rule must begin with a path such as /old; rules for whole addresses such as ${source!.slice(0, 60)} are not known here`);
  const at = rest.findIndex((word) => word.startsWith("/") || /^https?:\/\//i.test(word));
  if (at < 0) throw new PatternFault("it says not where to go: a path such as /new, or an address that begins with https://");
  const query = rest.slice(0, at).map(parseQuery);
  const [target, status, ...conditions] = rest.slice(at);
  const isStatus = status !== undefined && /^\d/.test(status);
  const further = [...(status === undefined || isStatus ? [] : [status]), ...conditions];
  if (further.length > 0) throw new PatternFault(CONDITION.test(further[0]!) ? `the condition ${further[0]!.slice(0, 60)} is not known here: a host learns nothing of its visitors that it could decide by` : `"${further[0]!.slice(0, 60)}" is not understood`);
  const [, digits, forced] = /^(\d{3})(!?)$/.exec(isStatus ? status : String(DEFAULT_STATUS)) ?? [];
  if (digits === undefined || !STATUSES.has(Number(digits))) throw new PatternFault(`the status ${status} is not one of ${[...STATUSES].join(", ")}`);
  const from = new PathPattern(source!);
  const names = new Set([...from.names, ...query.filter(([, value]) => value.startsWith(":")).map(([, value]) => value.slice(1))]);
  return { from, query, to: new RuleTarget(target!, Number(digits), names), status: Number(digits), isForced: forced === "!" };
}

function parseQuery(word: string): readonly [string, string] {
  const { key, value } = QUERY.exec(word)?.groups ?? {};
  if (key === undefined || value === undefined) throw new PatternFault(`"${word.slice(0, 60)}" stands where only query parameters such as id=:id may`);
  return [key, value];
}
