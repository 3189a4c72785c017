import { DoorError } from "../errors.ts";

/** A request's path below a site's root, decoded once. */
export interface SitePath {
  readonly parts: readonly string[];
  /** It ended with "/": a folder is meant. */
  readonly isFolder: boolean;
  /** From the "?" on, as it came; "" without one. */
  readonly query: string;
}

const VISIBLE_ASCII = /^\/[\x21-\x7e]*$/;

/**
 * Takes a request target in origin form apart (RFC 9112, 3.2.1) and decodes each part once.
 * @throws DoorError BAD_PATH for anything that could mean another place to somebody who decodes it differently: encoded slashes,
 *   backslashes, NUL, "." and ".." however written, broken percent signs or UTF-8
 */
export function parsePath(target: string): SitePath {
  if (!VISIBLE_ASCII.test(target) || target.includes("#")) throw bad("it must begin with / and have everything but visible ASCII percent-encoded");
  const mark = target.indexOf("?");
  const path = mark < 0 ? target : target.slice(0, mark);
  const parts = path.slice(1).split("/").map(decodePart);
  const isFolder = parts.at(-1) === "";
  if (isFolder) parts.pop();
  return { parts, isFolder, query: mark < 0 ? "" : target.slice(mark) };
}

function decodePart(raw: string): string {
  const part = raw.includes("%") ? decode(raw) : raw;
  if (part.includes("/")) throw bad("it has an encoded slash");
  if (part.includes("\\")) throw bad("it has a backslash");
  if (part.includes("\0")) throw bad("it has a NUL");
  if (part === "." || part === "..") throw bad('it has a "." or ".." as a part');
  return part;
}

function decode(raw: string): string {
  try {
    return decodeURIComponent(raw);
  } catch {
    throw bad("it has a broken percent sign, or what the percent signs say is not UTF-8");
  }
}

function bad(why: string): DoorError {
  return new DoorError("BAD_PATH", `The path is refused: ${why}.`);
}

/** The path as a browser may be sent to it: absolute on the same site, never the start of another address. */
export function encodePath(parts: readonly string[], isFolder: boolean): string {
  const path = parts.map((part) => encodeURIComponent(part)).join("/");
  return isFolder && path !== "" ? `/${path}/` : `/${path}`;
}
