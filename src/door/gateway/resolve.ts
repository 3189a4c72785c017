import { MAX_PATH_PARTS } from "../../codec/index.ts";
import type { SiteFile, SiteView, WebRules } from "../../site/index.ts";
import { isRulesFile } from "../../site/index.ts";
import type { SitePath } from "./path.ts";
import { encodePath, parsePath } from "./path.ts";

export type Entries = NonNullable<Awaited<ReturnType<SiteView["folder"]>>>;

/** What a path of a site leads to. */
export type Resolution =
  | { readonly kind: "file"; readonly file: SiteFile }
  /** A file that is sent with another status than 200: neither validators nor ranges are those of its address. */
  | { readonly kind: "instead"; readonly status: number; readonly file: SiteFile }
  | { readonly kind: "redirect"; readonly status: number; readonly location: string }
  | { readonly kind: "listing"; readonly folder: string }
  | { readonly kind: "missing"; readonly status: number };

const PERMANENT = 308;

/**
 * Where a path leads: a forced rule, the site's file, another rule, a folder, a page that only the head before had, the site's own 404.html,
 * in this order. A rule that sends a file is followed once; it never leads to another rule, so there are no circles.
 */
export function resolve(view: SiteView, rules: WebRules, path: SitePath): Resolution {
  return byRule(view, rules, path, true) ?? byFile(view, path) ?? byRule(view, rules, path, false) ?? byFolder(view, path) ?? byLent(view, path) ?? missing(view, path.parts, 404);
}

function byRule(view: SiteView, rules: WebRules, path: SitePath, forcedOnly: boolean): Resolution | undefined {
  const rule = rules.redirects.find(path, forcedOnly);
  if (rule === undefined) return undefined;
  const { status, location } = rule;
  if (status >= 300 && status < 400) return { kind: "redirect", status, location };
  const target = parsePath(location.replace(/#.*$/, ""));
  const found = byFile(view, target);
  if (found?.kind === "redirect") return found;
  if (found?.kind !== "file") return missing(view, target.parts, status === 200 ? 404 : status);
  return status === 200 ? found : { kind: "instead", status, file: found.file };
}

/** A file under the path itself, with .html added, or as the folder's index.html. */
function byFile(view: SiteView, { parts, isFolder, query }: SitePath): Resolution | undefined {
  if (parts.includes("")) return undefined;
  const whole = parts.join("/");
  if (isFolder || parts.length === 0) {
    const index = current(view, whole === "" ? "index.html" : `${whole}/index.html`, whole);
    if (index !== undefined) return { kind: "file", file: index };
    // "/about/" where "about.html" is: its links would be meant from "/about".
    if (parts.length > 0 && !view.hasFolder(whole) && isOwn(view, `${whole}.html`)) return { kind: "redirect", status: PERMANENT, location: encodePath(parts, false) + query };
    return undefined;
  }
  const file = current(view, whole, whole) ?? (isOwn(view, `${whole}.html`) ? view.file(`${whole}.html`) : undefined);
  if (file !== undefined) return isRulesFile(file.path) ? undefined : { kind: "file", file };
  if (isOwn(view, `${whole}/index.html`)) return { kind: "redirect", status: PERMANENT, location: encodePath(parts, true) + query };
  return undefined;
}

/** The file there; what the head before lends steps back behind a folder that there is now. */
function current(view: SiteView, path: string, folder: string): SiteFile | undefined {
  const file = view.file(path);
  return file?.isLent === true && view.hasFolder(folder) ? undefined : file;
}

function isOwn(view: SiteView, path: string): boolean {
  const file = view.file(path);
  return file !== undefined && file.isLent !== true;
}

/** A folder without index.html is listed, under an address that ends with a slash. */
function byFolder(view: SiteView, { parts, isFolder, query }: SitePath): Resolution | undefined {
  const folder = parts.join("/");
  if (parts.includes("") || !view.hasFolder(folder)) return undefined;
  if (!isFolder && parts.length > 0) return { kind: "redirect", status: PERMANENT, location: encodePath(parts, true) + query };
  return { kind: "listing", folder };
}

/** What a folder's listing shows. */
export async function entriesOf(view: SiteView, folder: string): Promise<Entries> {
  const entries = (await view.folder(folder)) ?? [];
  return folder === "" ? entries.filter((entry) => !isRulesFile(entry.name)) : entries;
}

/** A page that the head before lends, under its address without .html. */
function byLent(view: SiteView, { parts, isFolder }: SitePath): Resolution | undefined {
  const file = isFolder || parts.length === 0 || parts.includes("") ? undefined : view.file(`${parts.join("/")}.html`);
  return file?.isLent === true ? { kind: "file", file } : undefined;
}

/** The 404.html that is nearest on the way up to the root, from where a file can be: each level is looked up, and whoever asks chooses how many there are. */
function missing(view: SiteView, parts: readonly string[], status: number): Resolution {
  for (let depth = parts.includes("") ? 0 : Math.min(parts.length, MAX_PATH_PARTS - 1); depth >= 0; depth--) {
    const path = [...parts.slice(0, depth), "404.html"].join("/");
    if (isOwn(view, path)) return { kind: "instead", status, file: view.file(path)! };
  }
  return { kind: "missing", status };
}
