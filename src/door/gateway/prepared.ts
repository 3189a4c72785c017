import type { HeaderChanges, SiteFile } from "../../site/index.ts";
import { cacheControlOf } from "./cache-control.ts";
import type { Validators } from "./conditions.ts";
import type { Content, Owner } from "./content.ts";
import { contentOf } from "./content.ts";
import type { Encoded } from "./encoded.ts";
import { httpDate } from "./http-date.ts";

/** A file with everything that its answers have in common, made once for many requests. */
export interface Prepared {
  readonly content: Content;
  readonly validators: Validators;
  readonly type: string;
  /** Before the site's own rules. */
  readonly cacheControl: string;
  /** Names and values by turns: of an answer with the whole file; of one with a part; of one without content. */
  readonly whole: readonly string[];
  readonly part: readonly string[];
  readonly bare: readonly string[];
  /** Its compressed forms, when it may have any. */
  readonly encoded: Encoded | undefined;
}

/** What answers of one kind have in common. */
export interface Manner {
  /** Headers of every answer, names and values by turns. */
  readonly extra: readonly string[];
  /** What the site's own rules do with them. */
  readonly changes?: HeaderChanges;
  /** Media type, when not the one that the publisher gave. */
  readonly type?: string;
  readonly cacheControl?: string;
  readonly encoded?: Encoded | undefined;
}

const HEADER_VALUE = /^[\x20-\x7e]{1,255}$/;

export function prepare(site: Owner, file: SiteFile, nowMs: number, manner: Manner): Prepared {
  // A later date than that of the answer itself is not allowed (RFC 9110, 8.8.2.1); the publisher's clock may be ahead.
  const modifiedSeconds = Math.max(0, Math.floor(Math.min(file.modifiedMs, nowMs) / 1000));
  return prepareContent(contentOf(site, file), { etag: `"${file.id}"`, modifiedSeconds }, { ...manner, type: manner.type ?? mediaType(file.type), cacheControl: manner.cacheControl ?? cacheControlOf(file.path, file.type) });
}

/** The same for content of any origin. A list of headers is made once, and handed to node:http as it is. */
export function prepareContent(content: Content, validators: Validators, manner: Manner & { readonly type: string }): Prepared {
  const { changes, encoded, extra, cacheControl = "no-cache" } = manner;
  const headers = new Map<string, readonly [string, string]>();
  const put = (name: string, value: string): unknown => headers.set(name.toLowerCase(), [name, value]);
  put("ETag", validators.etag);
  put("Last-Modified", httpDate(validators.modifiedSeconds));
  put("Cache-Control", cacheControl);
  if (encoded !== undefined) put("Vary", "Accept-Encoding");
  const bareNames = new Set([...headers.keys(), ...(changes?.keys() ?? [])]);
  put("Content-Type", manner.type);
  put("X-Content-Type-Options", "nosniff");
  if (isPage(manner.type)) for (const [name, value] of PAGE_DEFAULTS) put(name, value);
  if (content.encoding === undefined) put("Accept-Ranges", "bytes");
  else put("Content-Encoding", content.encoding);
  for (const [key, change] of changes ?? []) {
    if (change === null) headers.delete(key);
    // What a site varies by comes on top of what the host does.
    else if (key === "vary" && encoded !== undefined) put("Vary", `Accept-Encoding, ${change.value}`);
    else put(change.name, change.value);
  }
  const type = headers.get("content-type")?.[1] ?? manner.type;
  const part = [...[...headers.values()].flat(), ...extra];
  const bare = [...[...headers].filter(([key]) => bareNames.has(key) && key !== "content-type").flatMap(([, pair]) => pair), ...extra];
  return { content, validators, type, cacheControl, whole: [...part, "Content-Length", String(content.sizeBytes)], part, bare, encoded };
}

/**
 * What a page gets unless its site says otherwise in `_headers`: no other site frames it or gets hold of its window, and addresses with
 * their paths are not told to others. None of it keeps a page from anything that it does on its own site.
 */
const PAGE_DEFAULTS: readonly (readonly [string, string])[] = [
  ["Referrer-Policy", "strict-origin-when-cross-origin"],
  ["X-Frame-Options", "SAMEORIGIN"],
  ["Cross-Origin-Opener-Policy", "same-origin-allow-popups"],
];

/** What a browser shows as a document that can run script. */
function isPage(type: string): boolean {
  return /^(?:text\/html|application\/xhtml\+xml|image\/svg\+xml|(?:text|application)\/xml)\b/i.test(type);
}

/** What the publisher calls it, unless it would not be a header. */
export function mediaType(type: string): string {
  return HEADER_VALUE.test(type) ? type : "application/octet-stream";
}
