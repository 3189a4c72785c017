import type { Env } from "../../platform/index.ts";
import { Limiter, withDeadline } from "../../platform/index.ts";
import type { FileInfo, SiteView } from "../../site/index.ts";
import { titleIn } from "./title-in.ts";

/** Of one site: a wiki's pages, not an encyclopaedia's. */
const PAGES_MAX = 500;
/** A page says its title near its beginning. */
const HEAD_BYTES = 8 * 1024;
/** Of all sites together, some 100 bytes each. The sites that were asked for longest ago are forgotten. */
const TITLES_MAX = 20_000;
const SITES_MAX = 1_000;
/** When pages were not here, they are looked for again after so long: the site may be mirrored by then. */
const AGAIN_MS = 10 * 60_000;

type TitleMap = ReadonlyMap<string, string>;

interface Gathered {
  readonly root: string;
  readonly titles: Promise<TitleMap>;
  count: number;
  /** By the monotonic clock: from then on it is gathered anew. */
  untilMs: number;
}

/**
 * What the pages of sites call themselves, by path. Gathered when somebody looks something up, one site after the other, and only from what
 * this host has: nobody else is asked, so that to look up costs the network nothing and tells nobody.
 */
export class Titles {
  readonly #env: Env;
  readonly #turns = new Limiter(1);
  /** By site, the one that was asked for last at the end. */
  readonly #sites = new Map<string, Gathered>();
  readonly #end = new AbortController();

  constructor(env: Env) {
    this.#env = env;
  }

  /** The titles of the view's pages; none while they are being gathered, if that takes longer than `patienceMs`. */
  async of(view: SiteView, patienceMs: number): Promise<TitleMap> {
    const known = this.#sites.get(view.site.namespace);
    const isGood = known !== undefined && known.root === view.head.root && known.untilMs > this.#env.clock.monotonicMs();
    const gathered = isGood ? known : this.#begin(view);
    this.#sites.delete(view.site.namespace);
    this.#sites.set(view.site.namespace, gathered);
    return withDeadline(this.#env, Math.max(1, patienceMs), "Gathering titles", this.#end.signal, () => gathered.titles).catch(() => new Map());
  }

  close(): void {
    this.#end.abort(new Error("the door closes"));
  }

  #begin(view: SiteView): Gathered {
    const titles = this.#turns.run(() => this.#gather(view), this.#end.signal);
    const gathered: Gathered = { root: view.head.root, titles, count: 0, untilMs: Number.POSITIVE_INFINITY };
    titles.then((found) => this.#took(gathered, found), () => {});
    return gathered;
  }

  async #gather(view: SiteView): Promise<TitleMap> {
    const titles = new Map<string, string>();
    for (const { path, sizeBytes } of pagesOf(view)) {
      this.#end.signal.throwIfAborted();
      const title = titleIn(await this.#beginningOf(view, path, Math.min(HEAD_BYTES, sizeBytes)));
      if (title !== undefined) titles.set(path, title);
    }
    return titles;
  }

  /** Nothing of a page that is not here. */
  async #beginningOf(view: SiteView, path: string, length: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    try {
      for await (const part of view.file(path)?.readHere(length, this.#end.signal) ?? []) parts.push(part);
    } catch (error) {
      this.#env.log.debug("a page's title is not known here", { path, error });
    }
    return Buffer.concat(parts);
  }

  #took(gathered: Gathered, titles: TitleMap): void {
    gathered.count = titles.size;
    gathered.untilMs = this.#env.clock.monotonicMs() + AGAIN_MS;
    let sum = [...this.#sites.values()].reduce((total, { count }) => total + count, 0);
    for (const [site, { count }] of this.#sites) {
      if (sum <= TITLES_MAX && this.#sites.size <= SITES_MAX) return;
      this.#sites.delete(site);
      sum -= count;
    }
  }
}

function* pagesOf(view: SiteView): Generator<FileInfo> {
  let pages = 0;
  for (const file of view.files()) {
    if (!file.type.startsWith("text/html")) continue;
    yield file;
    if ((pages += 1) === PAGES_MAX) return;
  }
}
