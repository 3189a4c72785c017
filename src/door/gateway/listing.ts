import type { Html, Page } from "../page.ts";
import { html } from "../page.ts";
import type { Entries } from "./resolve.ts";

/** A page with more entries than this helps nobody; `holdfast files` has them all. */
const ENTRIES_MAX = 5_000;

const UNITS = ["bytes", "kB", "MB", "GB", "TB", "PB"];

/** "17 bytes", "1.5 MB", "20 GB": decimal, as disks are sold and capacities are typed. */
export function humanBytes(bytes: number): string {
  let value = bytes;
  let power = 0;
  // Anything from 999.95 on would be written as 1000.
  for (; value >= 999.95 && power < UNITS.length - 1; power++) value /= 1000;
  return `${Number(value.toFixed(power === 0 ? 0 : 1))} ${UNITS[power]}`;
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
