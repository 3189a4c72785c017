import type { IncomingHttpHeaders } from "node:http";
import { parseHttpDate } from "./http-date.ts";

/** What tells one state of a file from another. */
export interface Validators {
  /** A strong entity tag with its quotes. */
  readonly etag: string;
  /** Seconds since 1970. */
  readonly modifiedSeconds: number;
}

export type Outcome = "proceed" | "not-modified" | "failed";

/** Decides about a GET or HEAD by its conditions, in the order of RFC 9110, 13.2.2. */
export function evaluate(headers: IncomingHttpHeaders, file: Validators): Outcome {
  const ifMatch = headers["if-match"];
  if (ifMatch !== undefined) {
    if (!listsTag(ifMatch, file.etag, "strong")) return "failed";
  } else if (file.modifiedSeconds > (dateOf(headers["if-unmodified-since"]) ?? Infinity)) {
    return "failed";
  }
  const ifNoneMatch = headers["if-none-match"];
  if (ifNoneMatch !== undefined) return listsTag(ifNoneMatch, file.etag, "weak") ? "not-modified" : "proceed";
  // By exactly that date: a rollback brings back an older file, and whoever knows a later date has the content that was rolled back.
  return dateOf(headers["if-modified-since"]) === file.modifiedSeconds ? "not-modified" : "proceed";
}

/** Undefined when the header is not there or is no date, and thus to be ignored. */
function dateOf(header: string | undefined): number | undefined {
  return header === undefined ? undefined : parseHttpDate(header);
}

const ENTITY_TAG = /[\s,]*(W\/)?("[\x21\x23-\x7e\x80-\xff]*")[ \t]*(?=,|$)/y;

/** Whether the list of entity tags, or "*", has this strong tag (RFC 9110, 8.8.3.2). What is no list matches nothing. */
export function listsTag(header: string, etag: string, comparison: "strong" | "weak"): boolean {
  if (header.trim() === "*") return true;
  let at = 0;
  while (at < header.length) {
    ENTITY_TAG.lastIndex = at;
    const found = ENTITY_TAG.exec(header);
    if (found === null) return false;
    if (found[2] === etag && (comparison === "weak" || found[1] === undefined)) return true;
    at = ENTITY_TAG.lastIndex;
  }
  return false;
}

/**
 * Whether a Range header counts, as If-Range says (RFC 9110, 13.1.5). A date is believed only when the file is
 * at least a second older than now: within one second it could have changed twice.
 */
export function rangeCounts(headers: IncomingHttpHeaders, file: Validators, nowSeconds: number): boolean {
  const condition = headers["if-range"];
  if (condition === undefined || typeof condition !== "string") return condition === undefined;
  if (condition.startsWith('"') || condition.startsWith("W/")) return condition === file.etag;
  return parseHttpDate(condition) === file.modifiedSeconds && file.modifiedSeconds < nowSeconds;
}
