import type { Env } from "../../platform/index.ts";
import { withDeadline } from "../../platform/index.ts";
import type { HeadInfo, SiteInfo, SiteView, Sites, WebRules } from "../../site/index.ts";
import { readWebRules } from "../../site/index.ts";
import type { Prepared } from "./prepared.ts";

/** A site, or one version of it. */
export interface Wanted {
  readonly name: string;
  readonly version?: number;
}

/** A site's current tree, or that of one version, and what was prepared for paths of it. Thrown away as a whole when the site has a new head. */
export interface Shelf {
  readonly key: string;
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
/** Sites that are kept open, and what their lists of files may take in memory together; the one opened last stays whatever it takes. */
const SHELVES_MAX = 256;
const WEIGHT_MAX_BYTES = 256 * 1024 * 1024;
/** Of all sites together; about a kilobyte each, and as much for each compressed form. */
const PREPARED_MAX = 16_384;

function isSame(a: HeadInfo, b: HeadInfo | undefined): boolean {
  return a.sequence === b?.sequence && a.root === b.root;
}

/** Keeps opened sites at hand, so that a request for a known path needs nothing but the question whether the head is still the same. */
export class Shelves {
  readonly #env: Env;
  readonly #sites: Sites;
  /** By name; those of versions by version and name. */
  readonly #shelves = new Map<string, Shelf>();
  readonly #opening = new Map<string, Promise<Shelf>>();
  #prepared = 0;

  constructor(env: Env, sites: Sites) {
    this.#env = env;
    this.#sites = sites;
  }

  /** The site's shelf when it was opened for the current head, or for the version; else `open` must be asked. */
  current({ name, version }: Wanted): Shelf | undefined {
    const shelf = this.#shelves.get(keyOf(name, version));
    if (shelf === undefined) return undefined;
    const site = this.#sites.find(name);
    if (site === undefined || site.namespace !== shelf.view.site.namespace) return undefined;
    if (version !== undefined) return isSame(shelf.view.head, this.#sites.numbered(name, version)) ? shelf : undefined;
    if (!isSame(shelf.askedFor, site.head)) return undefined;
    if (!isSame(shelf.view.head, site.head)) this.#tryAgain(site, shelf);
    return shelf;
  }

  /** @throws SiteError NO_SITE, NO_HEAD, PlatformError DEADLINE, and what fetching the list of files throws */
  async open(site: SiteInfo, version?: number): Promise<Shelf> {
    const shelf = this.current(version === undefined ? site : { name: site.name, version });
    if (shelf !== undefined) return shelf;
    return this.#open(site, version);
  }

  keep(shelf: Shelf, target: string, prepared: Prepared): void {
    if (this.#shelves.get(shelf.key) !== shelf) return;
    if (this.#prepared < PREPARED_MAX) {
      shelf.prepared.set(target, prepared);
      this.#prepared += 1;
      return;
    }
    for (const key of this.#shelves.keys()) this.#drop(key);
  }

  /** In the background: nobody waits for it. */
  #tryAgain(site: SiteInfo, shelf: Shelf): void {
    if (this.#env.clock.monotonicMs() - shelf.openedMs < RETRY_MS) return;
    this.#open(site, undefined).catch((error: unknown) => {
      this.#env.log.warn("a site's new head still cannot be read", { site: site.name, error });
      this.#put(site, undefined, shelf.view, shelf.rules);
    });
  }

  /** Those who ask for one head at once share one opening. It is not aborted when one of them goes away. */
  #open(site: SiteInfo, version: number | undefined): Promise<Shelf> {
    const key = version === undefined ? `${site.namespace} ${site.head?.sequence} ${site.head?.root}` : `${site.namespace} version ${version}`;
    const known = this.#opening.get(key);
    if (known !== undefined) return known;
    const opening = withDeadline(this.#env, OPEN_MS, `Opening the site ${site.name}`, undefined, (signal) => this.#read(site, version, signal))
      .finally(() => this.#opening.delete(key));
    this.#opening.set(key, opening);
    return opening;
  }

  async #read(site: SiteInfo, version: number | undefined, signal: AbortSignal): Promise<Shelf> {
    const view = await this.#sites.open(site.name, signal, version);
    return this.#put(site, version, view, await readWebRules(view, signal));
  }

  #put(site: SiteInfo, version: number | undefined, view: SiteView, rules: WebRules): Shelf {
    const key = keyOf(site.name, version);
    this.#drop(key);
    let weightBytes = view.weightBytes;
    for (const kept of this.#shelves.values()) weightBytes += kept.view.weightBytes;
    for (const [other, kept] of this.#shelves) {
      if (weightBytes <= WEIGHT_MAX_BYTES && this.#shelves.size < SHELVES_MAX) break;
      weightBytes -= kept.view.weightBytes;
      this.#drop(other);
    }
    const shelf: Shelf = { key, view, rules, askedFor: site.head ?? view.head, openedMs: this.#env.clock.monotonicMs(), prepared: new Map() };
    this.#shelves.set(key, shelf);
    return shelf;
  }

  #drop(key: string): void {
    this.#prepared -= this.#shelves.get(key)?.prepared.size ?? 0;
    this.#shelves.delete(key);
  }
}

/** As in the address; no site's name has a dot. */
function keyOf(name: string, version: number | undefined): string {
  return version === undefined ? name : `${version}.${name}`;
}
