import { messageOf } from "../../platform/index.ts";
import type { HostRow } from "../rows.ts";
import type { Html, Page } from "../page.ts";
import { html } from "../page.ts";

// The pages that tell a visitor what is wrong and what to do.

const NAMES_MAX = 50;

/** A site that nobody here has heard of. */
export function unknownSitePage(name: string, known: readonly string[], port: number): Page {
  const list = known.length === 0 ? html`<p>No site is published on this network yet.</p>` : html`<p>The sites there are:</p><ul>${known.slice(0, NAMES_MAX).map((each) => siteItem(each, port))}</ul>`;
  return {
    title: `No site called ${name}`,
    body: html`<h1>No site called “${name}”</h1>
<p>This network has no site of that name, or this host has not heard of it yet.</p>
${list}
<p>To publish a folder under this name: <code>./holdfast publish FOLDER --name ${name}</code></p>
<footer><a href="http://localhost:${port}/">All sites and hosts</a></footer>`,
  };
}

function siteItem(name: string, port: number): Html {
  return html`<li><a href="http://${name}.localhost:${port}/">${name}</a></li>`;
}

/** The same, told to the wide web: nothing of the network. */
export function goneSitePage(): Page {
  return { title: "Nothing here", body: html`<h1>Nothing here</h1><p>The site that was at this address is not there any more.</p>` };
}

export function unpublishedPage(name: string): Page {
  return {
    title: `Nothing on ${name} yet`,
    body: html`<h1>Nothing on “${name}” yet</h1><p>The name is taken, but nothing has been published under it. Its owner can: <code>./holdfast publish FOLDER --name ${name}</code></p>`,
  };
}

export function missingPage(site: string, parts: readonly string[], hostName: string): Page {
  return {
    title: "Not found",
    body: html`<h1>Not found</h1><p>The site “${site}” has no <code>/${parts.join("/")}</code>.</p><p><a href="/">To its first page</a></p><footer>Served by ${hostName}.</footer>`,
  };
}

export function badPathPage(error: unknown): Page {
  return { title: "Not a path", body: html`<h1>Not a path</h1><p>${messageOf(error)}</p><p><a href="/">To the first page</a></p>` };
}

export function noVersionPage(error: unknown): Page {
  return { title: "No such version", body: html`<h1>No such version</h1><p>${messageOf(error)}</p>` };
}

export function wrongMethodPage(): Page {
  return { title: "Only reading", body: html`<h1>Only reading</h1><p>A site can be read, with GET or HEAD. To change it, publish it again: <code>./holdfast publish FOLDER --name NAME</code></p>` };
}

/**
 * Something stands between the visitor and the file, for now.
 * @param holders the hosts that keep the site, as this host knows
 */
export function failurePage(site: string, words: string, holders: readonly HostRow[], hostName: string): Page {
  const list = holders.length === 0 ? html`` : html`<h2>Hosts that keep this site</h2><ul>${holders.map((each) => html`<li><span class="${each.presence}">${each.name}</span><span class="soft">${each.presence}</span></li>`)}</ul>`;
  return {
    title: `${site} is out of reach`,
    body: html`<h1>This page is out of reach for now</h1><p>${words}</p>${list}
<p>Nothing is lost by waiting: try again in a moment, or when one of these hosts is back.</p>
<footer>${hostName} was asked.</footer>`,
  };
}
