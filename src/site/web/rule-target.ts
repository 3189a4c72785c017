import type { Captures } from "./pattern.ts";
import { PatternFault } from "./pattern.ts";

const NAME = /:([A-Za-z]\w*)/g;
const ABSOLUTE = /^(https?:\/\/[^/?#]+)(.*)$/i;
const AUTHORITY = /^https?:\/\/(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;
/** Of an address, captures included: what browsers and proxies take. */
const MAX_LOCATION_LETTERS = 8000;

/** Where a rule leads, with places for what was captured. */
export class RuleTarget {
  /** "https://host" of an address elsewhere, else "". */
  readonly #origin: string;
  readonly #path: string;
  readonly #query: string;
  readonly #fragment: string;

  /** @param names what may be captured. @throws PatternFault */
  constructor(text: string, status: number, names: ReadonlySet<string>) {
    const [, origin = "", below = text] = ABSOLUTE.exec(text) ?? [];
    if (origin !== "" && (status < 300 || status >= 400)) throw new PatternFault(`status ${status} sends a file of the site itself; to another address only redirects lead`);
    // A captured text in the host's place would let anybody choose where visitors are sent.
    if (origin !== "" && !AUTHORITY.test(origin)) throw new PatternFault(`${origin.slice(0, 80)} is no address with a host name`);
    const unknown = [...below.matchAll(NAME)].map(([, name]) => name!).find((name) => !names.has(name));
    if (unknown !== undefined) throw new PatternFault(`it uses :${unknown}, which the path that it is for does not have`);
    const [, path, query, fragment] = /^([^?#]*)(\?[^#]*)?(#.*)?$/.exec(asciiOf(below))!;
    this.#origin = origin;
    this.#path = path === "" ? "/" : path!;
    this.#query = query ?? "";
    this.#fragment = fragment ?? "";
  }

  /**
   * The address, percent-encoded.
   * @param isFolder whether the path that was asked for ended with "/", which a splat at the end keeps
   * @param query the visitor's, handed on unless the rule has one of its own
   */
  fill(captures: Captures, isFolder: boolean, query: string): string {
    const path = this.#path.replace(NAME, (_, name: string) => captures.get(name)!.map((part) => encodeURIComponent(part)).join("/"));
    const slash = isFolder && this.#path.endsWith(":splat") && !path.endsWith("/") ? "/" : "";
    const own = this.#query.replace(NAME, (_, name: string) => encodeURIComponent(captures.get(name)!.join("/")));
    // "//" in front would be the start of another host's address.
    const local = `${path}${slash}`.replace(/^\/{2,}/, "/");
    return (this.#origin + local + (own === "" ? query : own) + this.#fragment).slice(0, MAX_LOCATION_LETTERS);
  }
}

/** A header takes visible ASCII only; what is written in other letters means its percent-encoded form. */
function asciiOf(text: string): string {
  return text.toWellFormed().replace(/[^\x21-\x7e]/gu, (letter) => encodeURIComponent(letter)).replace(/["<>\\^`{|}]/g, (letter) => encodeURIComponent(letter));
}
