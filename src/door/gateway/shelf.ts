import type { Env } from "../../platform/index.ts";
import { withDeadline } from "../../platform/index.ts";
import type { SiteInfo, SiteView, Sites } from "../../site/index.ts";
import type { Prepared } from "./file-answer.ts";

/** A site's current tree, and what was prepared for paths of it. Thrown away as a whole when the site has a new head. */
export interface Shelf {
  readonly view: SiteView;
  /** By request target as it came, of plain paths only. */
  readonly prepared: Map<string, Prepared>;
}

/** Whoever clicked a link waits no longer than this for the list of a site's files. */
const OPEN_MS = 30_000;
const SHELVES_MAX = 256;
/** Of all sites together; about a kilobyte each. */
const PREPARED_MAX = 16_384;

function isCurrent(view: SiteView, site: SiteInfo): boolean {
  return view.head.sequence === site.head?.sequence && view.head.root === site.head.root && view.site.namespace === site.namespace;
}

/** Keeps opened sites at hand, so that a request for a known path needs nothing but the question whether the head is still the same. */
export class Shelves {
  readonly #env: Env;
  readonly #sites: Sites;
  readonly #shelves = new Map<string, Shelf>();
  readonly #opening = new Map<string, Promise<SiteView>>();
  #prepared = 0;

  constructor(env: Env, sites: Sites) {
    this.#env = env;
    this.#sites = sites;
  }

  /** The site's shelf when it is of the current head; else `open` must be asked. */
  current(name: string): Shelf | undefined {
    const shelf = this.#shelves.get(name);
    if (shelf === undefined) return undefined;
    const site = this.#sites.find(name);
    return site !== undefined && isCurrent(shelf.view, site) ? shelf : undefined;
  }

  /** @throws SiteError NO_SITE, PlatformError DEADLINE, and what fetching the list of files throws */
  async open(site: SiteInfo): Promise<Shelf> {
    const shelf = this.current(site.name);
    if (shelf !== undefined) return shelf;
    const view = await this.#view(site);
    const kept = this.#shelves.get(site.name);
    if (kept?.view === view) return kept;
    if (this.#shelves.size >= SHELVES_MAX) this.#clear();
    const opened: Shelf = { view, prepared: new Map() };
    this.#shelves.set(site.name, opened);
    return opened;
  }

  keep(shelf: Shelf, target: string, prepared: Prepared): void {
    if (this.#prepared >= PREPARED_MAX) this.#clear();
    shelf.prepared.set(target, prepared);
    this.#prepared += 1;
  }

  /** Those who ask for one head at once share one opening. It is not aborted when one of them goes away. */
  #view(site: SiteInfo): Promise<SiteView> {
    const key = `${site.namespace} ${site.head?.root}`;
    const known = this.#opening.get(key);
    if (known !== undefined) return known;
    const opening = withDeadline(this.#env, OPEN_MS, `Opening the site ${site.name}`, undefined, (signal) => this.#sites.open(site.name, signal)).finally(() => this.#opening.delete(key));
    this.#opening.set(key, opening);
    return opening;
  }

  #clear(): void {
    this.#shelves.clear();
    this.#prepared = 0;
  }
}
