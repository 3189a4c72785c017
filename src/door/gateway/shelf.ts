import type { Env } from "../../platform/index.ts";
import { withDeadline } from "../../platform/index.ts";
import type { HeadInfo, SiteInfo, SiteView, Sites, WebRules } from "../../site/index.ts";
import { readWebRules } from "../../site/index.ts";
import type { Prepared } from "./prepared.ts";

/** A site's current tree, and what was prepared for paths of it. Thrown away as a whole when the site has a new head. */
export interface Shelf {
  readonly view: SiteView;
  /** Read once, with the head. */
  readonly rules: WebRules;
  /** The head for which the site was opened. The view is of the one before while this one cannot be read. */
  readonly askedFor: HeadInfo;
  readonly openedMs: number;
  /** By request target as it came, of plain paths only. */
  readonly prepared: Map<string, Prepared>;
}

/** Whoever clicked a link waits no longer than this for the list of a site's files. */
const OPEN_MS = 30_000;
/** How often a head is tried again that could not be read. */
const RETRY_MS = 2_000;
/** Sites that are kept open, and how many files they may have together: each costs memory in its site's list. */
const SHELVES_MAX = 256;
const FILES_MAX = 500_000;
/** Of all sites together; about a kilobyte each, and as much for each compressed form. */
const PREPARED_MAX = 16_384;

function isSame(a: HeadInfo, b: HeadInfo | undefined): boolean {
  return a.sequence === b?.sequence && a.root === b.root;
}

/** Keeps opened sites at hand, so that a request for a known path needs nothing but the question whether the head is still the same. */
export class Shelves {
  readonly #env: Env;
  readonly #sites: Sites;
  readonly #shelves = new Map<string, Shelf>();
  readonly #opening = new Map<string, Promise<Shelf>>();
  #prepared = 0;

  constructor(env: Env, sites: Sites) {
    this.#env = env;
    this.#sites = sites;
  }

  /** The site's shelf when it was opened for the current head; else `open` must be asked. */
  current(name: string): Shelf | undefined {
    const shelf = this.#shelves.get(name);
    if (shelf === undefined) return undefined;
    const site = this.#sites.find(name);
    if (site === undefined || site.namespace !== shelf.view.site.namespace || !isSame(shelf.askedFor, site.head)) return undefined;
    if (!isSame(shelf.view.head, site.head)) this.#tryAgain(site, shelf);
    return shelf;
  }

  /** @throws SiteError NO_SITE, PlatformError DEADLINE, and what fetching the list of files throws */
  async open(site: SiteInfo): Promise<Shelf> {
    const shelf = this.current(site.name);
    if (shelf !== undefined) return shelf;
    return this.#open(site);
  }

  keep(shelf: Shelf, target: string, prepared: Prepared): void {
    if (this.#shelves.get(shelf.view.site.name) !== shelf) return;
    if (this.#prepared < PREPARED_MAX) {
      shelf.prepared.set(target, prepared);
      this.#prepared += 1;
      return;
    }
    for (const name of this.#shelves.keys()) this.#drop(name);
  }

  /** In the background: nobody waits for it. */
  #tryAgain(site: SiteInfo, shelf: Shelf): void {
    if (this.#env.clock.monotonicMs() - shelf.openedMs < RETRY_MS) return;
    this.#open(site).catch((error: unknown) => {
      this.#env.log.warn("a site's new head still cannot be read", { site: site.name, error });
      this.#put(site, shelf.view, shelf.rules);
    });
  }

  /** Those who ask for one head at once share one opening. It is not aborted when one of them goes away. */
  #open(site: SiteInfo): Promise<Shelf> {
    const key = `${site.namespace} ${site.head?.sequence} ${site.head?.root}`;
    const known = this.#opening.get(key);
    if (known !== undefined) return known;
    const opening = withDeadline(this.#env, OPEN_MS, `Opening the site ${site.name}`, undefined, (signal) => this.#read(site, signal))
      .finally(() => this.#opening.delete(key));
    this.#opening.set(key, opening);
    return opening;
  }

  async #read(site: SiteInfo, signal: AbortSignal): Promise<Shelf> {
    const view = await this.#sites.open(site.name, signal);
    return this.#put(site, view, await readWebRules(view, signal));
  }

  #put(site: SiteInfo, view: SiteView, rules: WebRules): Shelf {
    this.#drop(site.name);
    let files = view.head.files;
    for (const kept of this.#shelves.values()) files += kept.view.head.files;
    for (const [name, kept] of this.#shelves) {
      if (files <= FILES_MAX && this.#shelves.size < SHELVES_MAX) break;
      files -= kept.view.head.files;
      this.#drop(name);
    }
    const shelf: Shelf = { view, rules, askedFor: site.head ?? view.head, openedMs: this.#env.clock.monotonicMs(), prepared: new Map() };
    this.#shelves.set(site.name, shelf);
    return shelf;
  }

  #drop(name: string): void {
    this.#prepared -= this.#shelves.get(name)?.prepared.size ?? 0;
    this.#shelves.delete(name);
  }
}
