import type { ServerResponse } from "node:http";
import { sha256 } from "../crypto/index.ts";
import { utf8 } from "../codec/index.ts";
import type { VisitCounter } from "../site/index.ts";

const STYLE = `
:root{color-scheme:light dark;--ink:#1d2b2a;--soft:#5b6b69;--paper:#fbfaf6;--card:#fff;--line:#e3e0d6;--kelp:#1f6f5c;--away:#a8741a;--gone:#a33a32}
@media(prefers-color-scheme:dark){:root{--ink:#e6ece9;--soft:#9aaba7;--paper:#101716;--card:#18211f;--line:#2a3633;--kelp:#6cc7ad;--away:#e0b060;--gone:#ee8a80}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:1rem/1.55 system-ui,sans-serif;overflow-wrap:anywhere}
main{max-width:46rem;margin:0 auto;padding:2.5rem 1.25rem 4rem}
h1{font-size:1.7rem;line-height:1.2;margin:0 0 .5rem;font-weight:650;letter-spacing:-.01em}
h2{font-size:1rem;margin:2.2rem 0 .6rem;font-weight:600;color:var(--soft)}
p{margin:.5rem 0}
a{color:var(--kelp);text-underline-offset:.18em}
a:focus-visible{outline:2px solid var(--kelp);outline-offset:3px;border-radius:3px}
ul{list-style:none;margin:0;padding:0;background:var(--card);border:1px solid var(--line);border-radius:.7rem}
li{display:flex;flex-wrap:wrap;gap:.1rem 1rem;justify-content:space-between;padding:.65rem .95rem}
li+li{border-top:1px solid var(--line)}
li>:nth-child(2){margin-left:auto;text-align:right}
code{font:.92em ui-monospace,monospace}
footer,.soft{color:var(--soft)}
footer{margin-top:2.5rem;font-size:.88rem}
.online::before,.away::before,.gone::before{content:"";display:inline-block;width:.6em;height:.6em;border-radius:50%;margin-right:.5em;background:var(--kelp)}
.away::before{background:var(--away)}
.gone::before{background:var(--gone)}
`;

const STYLE_HASH = Buffer.from(sha256(utf8(STYLE))).toString("base64");

/** No script, nothing from elsewhere, in no frame. The hash admits the one style sheet above. */
const POLICY = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/**
 * The Browser's one script and one style, and the API of its own origin. Pictures and films of private files are shown from memory (blob:).
 * No text can become a script: neither inline, nor by any way in which a page makes elements of text (trusted types).
 */
export const BROWSER_POLICY = `default-src 'none'; script-src 'self'; style-src 'self' 'sha256-${STYLE_HASH}'; connect-src 'self'; img-src 'self' blob: data:; media-src blob:; frame-src blob:; worker-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'`;

const PAGE_HEADERS: readonly string[] = [
  "Content-Type",
  "text/html; charset=utf-8",
  "X-Content-Type-Options",
  "nosniff",
  "Referrer-Policy",
  "no-referrer",
  // A site's page that opened this one, or was opened by it, holds no handle on it.
  "Cross-Origin-Opener-Policy",
  "same-origin",
  "Cross-Origin-Resource-Policy",
  "same-origin",
];

const ESCAPES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Makes any text safe in HTML, between tags and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => ESCAPES[letter]!);
}

/** HTML that is known to be safe. Only `html` makes it. */
export interface Html {
  readonly safe: string;
}

type Piece = string | number | Html | readonly Html[];

/** A template whose values are escaped, unless they are HTML themselves. */
export function html(texts: TemplateStringsArray, ...values: readonly Piece[]): Html {
  return { safe: texts.reduce((whole, text, at) => whole + safeOf(values[at - 1]!) + text) };
}

function safeOf(value: Piece): string {
  if (typeof value === "string" || typeof value === "number") return escapeHtml(String(value));
  if ("safe" in value) return value.safe;
  return value.map((each) => each.safe).join("");
}

export interface Page {
  readonly title: string;
  /** Beyond the title and the style. */
  readonly head?: Html;
  readonly body: Html;
}

export function renderPage(page: Page): string {
  const whole = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${page.title}</title><style>${{ safe: STYLE }}</style>${page.head ?? html``}</head>
<body><main>${page.body}</main></body></html>
`;
  return whole.safe;
}

/** Brings the Browser's script and style into a page under its policy. */
export const BROWSER_HEAD: Html = html`<link rel="icon" href="/browser/icon.svg"><link rel="stylesheet" href="/browser/browser.css"><script type="module" src="/browser/browser.js"></script>`;

export interface PageAnswer {
  readonly status: number;
  readonly page: Page;
  /** The Content-Security-Policy, for a page that needs more than its text and style. */
  readonly policy?: string;
  /** Names and values by turns. */
  readonly headers?: readonly string[];
}

/** Answers with a page of our own, never to be kept by the browser. The body is left out by node:http for HEAD. */
export function sendPage(response: ServerResponse, traffic: VisitCounter, answer: PageAnswer): void {
  // As bytes, since only those are counted as what they are while a client does not read: a list of a large folder is long.
  const bytes = Buffer.from(renderPage(answer.page));
  response.writeHead(answer.status, [...PAGE_HEADERS, "Content-Security-Policy", answer.policy ?? POLICY, "Content-Length", String(bytes.length), "Cache-Control", "no-cache", ...(answer.headers ?? [])]);
  response.end(bytes);
  traffic.count(answer.status, bytes.length);
}
