import type { SiteView } from "../../site/index.ts";
import type { Html, Page } from "../page.ts";
import { html } from "../page.ts";

/** A page with more entries than this helps nobody; `holdfast files` has them all. */
const ENTRIES_MAX = 5_000;

type Entries = NonNullable<ReturnType<SiteView["folder"]>>;

const UNITS = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** "17 bytes", "1.5 MiB". */
export function humanBytes(bytes: number): string {
  const power = bytes < 1024 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[power]}`;
}

function row(entry: Entries[number]): Html {
  const name = entry.isFolder && !entry.name.endsWith("/") ? `${entry.name}/` : entry.name;
  // "./" in front, so that a name with a colon is not taken for another scheme.
  const href = `./${name.split("/").map(encodeURIComponent).join("/")}`;
  return html`<li><a href="${href}">${name}</a><span class="soft">${entry.isFolder ? "" : humanBytes(entry.sizeBytes)}</span></li>`;
}

/** @param parts the folder's path, decoded */
export function listingPage(site: string, parts: readonly string[], entries: Entries, hostName: string): Page {
  const shown = entries.slice(0, ENTRIES_MAX).map(row);
  const up = parts.length > 0 ? html`<li><a href="../">../</a></li>` : html``;
  const more = entries.length > ENTRIES_MAX ? html`<p class="soft">${entries.length - ENTRIES_MAX} more; <code>./holdfast files --site ${site}</code> shows them all.</p>` : html``;
  const where = [site, ...parts].join(" / ");
  return {
    title: `${where}/`,
    body: html`<h1>${where}</h1><p class="soft">${entries.length === 1 ? "One entry" : `${entries.length} entries`}</p>
<ul>${up}${shown}</ul>${more}
<footer>Served by ${hostName}.</footer>`,
  };
}
