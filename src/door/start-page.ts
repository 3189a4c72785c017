import type { SiteInfo } from "../site/index.ts";
import { humanBytes } from "./gateway/listing.ts";
import type { Html, Page } from "./page.ts";
import { html } from "./page.ts";
import type { Node } from "./port.ts";
import type { HostRow } from "./rows.ts";
import { siteAddress } from "./site-rows.ts";

/** Past these, a page is no overview any more; the command line lists all. */
const SHOWN_MAX = 200;

function hostItem(host: HostRow): Html {
  const used = host.usedBytes === undefined ? "" : `${humanBytes(host.usedBytes)} of `;
  const where = host.isSelf ? html` <span class="soft">this host</span>` : html``;
  return html`<li><span class="${host.presence}">${host.name}${where}</span><span class="soft">${host.presence}, ${used}${humanBytes(host.capacityBytes)}</span></li>`;
}

function siteItem(site: SiteInfo, port: number): Html {
  const { head, name } = site;
  const size = head === undefined ? "nothing published yet" : `${head.files === 1 ? "1 file" : `${head.files} files`}, ${humanBytes(head.sizeBytes)}`;
  return html`<li><a href="${siteAddress(name, port)}">${name}</a><span class="soft">${site.standing === "provisional" ? "name not settled yet, " : ""}${size}</span></li>`;
}

function more(total: number, command: string): Html {
  return total > SHOWN_MAX ? html`<p class="soft">${total - SHOWN_MAX} more; <code>./holdfast ${command}</code> shows them all.</p>` : html``;
}

/** What the host itself shows to a browser: the network's state in a sentence, its hosts, its sites. */
export async function startPage(node: Node, port: number): Promise<Page> {
  const status = await node.status();
  const hosts = node.hosts();
  const sites = node.sites.list();
  const list =
    sites.length === 0
      ? html`<p>None yet. Publish a folder: <code>./holdfast publish FOLDER --name NAME</code></p>`
      : html`<ul>${sites.slice(0, SHOWN_MAX).map((site) => siteItem(site, port))}</ul>${more(sites.length, "sites")}`;
  const next = status.nextStep === null ? html`` : html`<p class="soft">${status.nextStep}</p>`;
  return {
    title: status.network.name,
    body: html`<h1>${status.network.name}</h1><p>${status.health}</p>${next}
<h2>Sites</h2>${list}
<h2>Hosts</h2><ul>${hosts.slice(0, SHOWN_MAX).map(hostItem)}</ul>${more(hosts.length, "hosts")}
<footer>Served by ${node.self.name}, Holdfast ${status.version}. To run this host from here, open the link that <code>./holdfast browser</code> prints.</footer>`,
  };
}
