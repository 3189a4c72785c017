import type { Env } from "../../platform/index.ts";
import { encodePath } from "../gateway/path.ts";
import type { Shelves } from "../gateway/shelf.ts";
import type { Node } from "../port.ts";
import type { ValueOf } from "../schema.ts";
import { body, list, object, orNull, text } from "../schema.ts";
import { siteAddress } from "../site-rows.ts";
import type { Route } from "./route.ts";
import { ok } from "./route.ts";
import type { Titles } from "./titles.ts";

const FILES_MAX = 12;
/** Whoever types waits no longer for the next letter's answer. */
const PATIENCE_MS = 150;

const Search = body({ words: { type: "string", minLength: 1, maxLength: 300, description: "part of a site's name, of a file's path or of a page's title, or a content id" } }, { $id: "Search" });

const SearchFile = object({ site: text, path: text, title: orNull({ type: "string", description: "what the page calls itself, as far as this host has read it" }), address: { type: "string", description: "where this host serves it" } }, { $id: "SearchFile" });
export const SearchRow = object(
  { files: list(SearchFile), isWhole: { type: "boolean", description: "false: there may be more" } },
  { $id: "SearchRow", description: "What this host's own records say; no other host is asked." },
);
export type SearchRow = ValueOf<typeof SearchRow>;

export interface SearchDesk {
  readonly env: Env;
  readonly node: Node;
  readonly shelves: Shelves;
  readonly titles: Titles;
  readonly port: number;
}

export function searchRoutes(desk: SearchDesk): readonly Route[] {
  return [
    {
      method: "POST",
      path: "/api/search",
      name: "search",
      summary: "Look files up by a part of their path or title, or by their content id; first those of sites that match by name",
      takes: Search,
      gives: { 200: { description: "The best of what was found", schema: SearchRow } },
      handle: async (call) => ok(await search(desk, call.body<{ words: string }>().words.trim().toLowerCase())),
    },
  ];
}

async function search({ env, node, shelves, titles, port }: SearchDesk, words: string): Promise<SearchRow> {
  const published = node.sites.list().filter(({ head }) => head !== undefined).sort((a, b) => a.name.localeCompare(b.name));
  const named = published.filter(({ name, head }) => name.includes(words) || head?.root === words).sort((a, b) => rank(a.name, words) - rank(b.name, words));
  const deadlineMs = env.clock.monotonicMs() + PATIENCE_MS;
  const files: SearchRow["files"] = [];
  let isWhole = true;
  // Of a site that matches its files are the likeliest to be meant.
  for (const site of [...named, ...published.filter((each) => !named.includes(each))]) {
    if (files.length === FILES_MAX || env.clock.monotonicMs() > deadlineMs) {
      isWhole = false;
      break;
    }
    // A site whose list of files is not here hides no other.
    const shelf = shelves.current({ name: site.name }) ?? (await shelves.open(site).catch(() => undefined));
    if (shelf === undefined) continue;
    const titled = await titles.of(shelf.view, deadlineMs - env.clock.monotonicMs());
    for (const { path, id } of shelf.view.files()) {
      const title = titled.get(path) ?? null;
      if (!path.toLowerCase().includes(words) && title?.toLowerCase().includes(words) !== true && id !== words) continue;
      files.push({ site: site.name, path, title, address: siteAddress(site.name, port) + encodePath(path.split("/"), false).slice(1) });
      if (files.length === FILES_MAX) break;
    }
  }
  return { files, isWhole };
}

/** The very name first, then those that begin so. */
function rank(name: string, words: string): number {
  return name === words ? 0 : name.startsWith(words) ? 1 : 2;
}
