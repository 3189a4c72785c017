import type { IncomingMessage, ServerResponse } from "node:http";
import type { Env } from "../../platform/index.ts";
import { HoldfastError, codeOf } from "../../platform/index.ts";
import type { SiteFile, SiteInfo, SiteView } from "../../site/index.ts";
import type { Page } from "../page.ts";
import { sendPage } from "../page.ts";
import type { Node } from "../port.ts";
import type { RequestHead } from "../request-head.ts";
import { holdersOf, neighbours, siteAddress } from "../site-rows.ts";
import { httpStatusOf } from "../status.ts";
import type { Traffic } from "../traffic.ts";
import type { FileAnswers } from "./file-answer.ts";
import { listingPage } from "./listing.ts";
import { badPathPage, failurePage, goneSitePage, missingPage, noVersionPage, unknownSitePage, unpublishedPage, wrongMethodPage } from "./notes.ts";
import type { SitePath } from "./path.ts";
import { encodePath, parsePath } from "./path.ts";
import { prepareFile } from "./prepare-file.ts";
import { prepare } from "./prepared.ts";
import { entriesOf, resolve } from "./resolve.ts";
import { SiteCounts } from "./site-counts.ts";
import type { Shelf, Shelves, Wanted } from "./shelf.ts";
import type { Stalls } from "./stalls.ts";

/** Tells a page which host serves it, and which others would on this machine. Takes precedence over a file of the same path. */
const WELL_KNOWN = "/.well-known/holdfast";
const ALLOWED = "GET, HEAD, OPTIONS";
const RETRY_AFTER_SECONDS = "5";
const OF_ITS_ADDRESS: ReadonlySet<string> = new Set(["ETag", "Last-Modified", "Accept-Ranges"]);

/** One request on its way through the gateway. */
export interface Visit {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly head: RequestHead;
  /** Path and query, as they came. */
  readonly target: string;
  /** The site's address as its visitor sees it, where that is one of its own domains. */
  readonly address?: string;
}

export interface GatewayParts {
  readonly node: Node;
  readonly shelves: Shelves;
  readonly files: FileAnswers;
  readonly stalls: Stalls;
  readonly traffic: Traffic;
  /** Where sites are found on this machine. */
  readonly port: number;
  /** Anybody may ask: other sites and hosts are nothing to tell them. */
  readonly isPublic?: boolean;
}

/**
 * Serves sites to web browsers. A request for a path that was asked for before, of a small file in memory, is answered at once, from
 * headers prepared at the first time. Everything else opens the site, has the path resolved by the site's files and rules, and sends a
 * file, a listing, a redirect, the site's 404.html, or a page that says what to do.
 */
export class Gateway {
  readonly #env: Env;
  readonly #node: Node;
  readonly #counts: SiteCounts;
  readonly #traffic: Traffic;
  readonly #stalls: Stalls;
  readonly #port: number;
  readonly #shelves: Shelves;
  readonly #isPublic: boolean;
  /** In every answer. */
  readonly #extra: readonly string[];

  constructor(env: Env, { node, shelves, files, stalls, traffic, port, isPublic = false }: GatewayParts) {
    this.#env = env;
    this.#node = node;
    this.#isPublic = isPublic;
    this.#counts = new SiteCounts(node.sites.visits, files, traffic);
    this.#traffic = traffic;
    this.#stalls = stalls;
    this.#port = port;
    this.#shelves = shelves;
    this.#extra = ["X-Holdfast-Host", headerSafe(node.self.name)];
  }

  handle(wanted: Wanted, visit: Visit): void {
    const { request, response } = visit;
    const { name } = wanted;
    if (request.method !== "GET" && request.method !== "HEAD") return this.#otherMethod(visit);
    const shelf = this.#shelves.current(wanted);
    const prepared = shelf?.prepared.get(visit.target);
    const answering = shelf === undefined || prepared === undefined ? this.#visit(wanted, visit) : this.#counts.files(shelf.view.site).answer(request, response, prepared, visit.head);
    answering
      ?.catch((error: unknown) => this.#fail(name, visit, error))
      .catch((error: unknown) => {
        this.#env.log.error("an error could not be answered", { site: name, path: visit.target, error });
        response.destroy();
      });
  }

  #otherMethod(visit: Visit): undefined {
    if (visit.request.method !== "OPTIONS") return this.#page(visit, 405, wrongMethodPage(), undefined, ["Allow", ALLOWED]);
    visit.response.writeHead(204, ["Allow", ALLOWED, ...this.#extra]);
    visit.response.end();
    this.#traffic.count(204, 0);
  }

  async #visit({ name, version }: Wanted, visit: Visit): Promise<void> {
    const site = this.#node.sites.find(name);
    if (site === undefined) return this.#unknown(name, visit);
    if (site.head === undefined && version === undefined) return this.#page(visit, 404, unpublishedPage(name));
    const path = parsePath(visit.target);
    const shelf = await this.#shelves.open(site, version);
    if (visit.target.startsWith(WELL_KNOWN) && encodePath(path.parts, path.isFolder) === WELL_KNOWN) return this.#wellKnown(visit, shelf);
    await this.#serve(shelf, path, visit);
  }

  #serve(shelf: Shelf, path: SitePath, visit: Visit): Promise<void> | undefined {
    const { view, rules } = shelf;
    const { name } = view.site;
    const found = resolve(view, rules, path);
    switch (found.kind) {
      case "file":
        return this.#file(shelf, found.file, path, visit);
      case "instead":
        return this.#instead(shelf, found.status, found.file, path, visit);
      case "redirect":
        return this.#redirect(visit, view.site, found.status, found.location);
      case "listing":
        return this.#listing(view, found.folder, path, visit);
      case "missing":
        return this.#page(visit, found.status, missingPage(name, path.parts, this.#node.self.name), view.site);
    }
  }

  #file(shelf: Shelf, file: SiteFile, path: SitePath, visit: Visit): Promise<void> | undefined {
    const prepared = prepareFile(shelf.view, file, this.#env.clock.wallMs(), { extra: this.#extra, changes: shelf.rules.headers.of(path) });
    // Other spellings of the same path would only fill the memory.
    if (file.isLent !== true && encodePath(path.parts, path.isFolder) === visit.target) this.#shelves.keep(shelf, visit.target, prepared);
    return this.#counts.files(shelf.view.site).answer(visit.request, visit.response, prepared, visit.head);
  }

  async #listing(view: SiteView, folder: string, path: SitePath, visit: Visit): Promise<void> {
    this.#page(visit, 200, listingPage(view.site.name, path.parts, await entriesOf(view, folder), this.#node.self.name), view.site);
  }

  /** With neither validators nor ranges, which would be those of another address. */
  #instead(shelf: Shelf, status: number, file: SiteFile, path: SitePath, visit: Visit): Promise<void> {
    const prepared = prepare(shelf.view.site, file, this.#env.clock.wallMs(), { extra: this.#extra, changes: shelf.rules.headers.of(path), cacheControl: "no-cache" });
    const headers = prepared.whole.filter((_, at) => !OF_ITS_ADDRESS.has(prepared.whole[at - (at % 2)]!));
    return this.#counts.files(shelf.view.site).send(visit.request, visit.response, status, headers, prepared, undefined);
  }

  #redirect(visit: Visit, site: SiteInfo, status: number, location: string): undefined {
    visit.response.writeHead(status, ["Location", location, "Content-Length", "0", "Cache-Control", "no-cache", ...this.#extra]);
    visit.response.end();
    this.#counts.traffic(site).count(status, 0);
  }

  #wellKnown(visit: Visit, shelf: Shelf): void {
    const { site, head } = shelf.view;
    const mirrors = this.#isPublic ? [] : neighbours(this.#node).map((host) => ({ host: host.name, url: siteAddress(site.name, host.httpPort) }));
    const { address = siteAddress(site.name, this.#port) } = visit;
    const text = `${JSON.stringify({ host: this.#node.self.name, site: site.name, address, root: head.root, sequence: head.sequence, mirrors })}\n`;
    const length = Buffer.byteLength(text);
    visit.response.writeHead(200, ["Content-Type", "application/json", "X-Content-Type-Options", "nosniff", "Content-Length", String(length), "Cache-Control", "no-store", ...this.#extra]);
    visit.response.end(text);
    this.#traffic.count(200, length);
  }

  #unknown(name: string, visit: Visit): void {
    if (this.#isPublic) return this.#page(visit, 404, goneSitePage());
    const known = this.#node.sites.list().filter((each) => each.head !== undefined);
    this.#page(visit, 404, unknownSitePage(name, known.map((each) => each.name), this.#port));
  }

  /** @param site for which it counts; none: for the host alone */
  #page(visit: Visit, status: number, page: Page, site?: SiteInfo, headers: readonly string[] = []): undefined {
    sendPage(visit.response, site === undefined ? this.#traffic : this.#counts.traffic(site), { status, page, headers: [...headers, ...this.#extra] });
    this.#stalls.linger(visit.response);
  }

  /** Says what went wrong if it still can; else the connection is closed already, and a client sees that the body is not whole. */
  #fail(name: string, visit: Visit, error: unknown): void {
    const { response } = visit;
    const code = codeOf(error);
    if (code === "CLIENT_GONE") return;
    if (response.headersSent) {
      this.#traffic.brokenStreams += 1;
      this.#env.log.warn("a file could not be sent to its end", { site: name, path: visit.target, error });
      return;
    }
    if (response.destroyed) return;
    if (code === "BAD_PATH") return this.#page(visit, 400, badPathPage(error));
    const site = this.#node.sites.find(name);
    if (site === undefined) return this.#unknown(name, visit);
    if (code === "NO_HEAD") return this.#page(visit, 404, noVersionPage(error), site);
    this.#env.log.warn("a file could not be read", { site: name, path: visit.target, error });
    this.#page(visit, Math.max(500, httpStatusOf(error)), this.#failure(site, error), site, ["Retry-After", RETRY_AFTER_SECONDS]);
  }

  #failure(site: SiteInfo, error: unknown): Page {
    if (this.#isPublic) return failurePage(site.name, "The hosts that keep it do not answer.", [], this.#node.self.name);
    const words = error instanceof HoldfastError ? error.message : "Something failed on this host that nobody foresaw; its log says more.";
    return failurePage(site.name, words, holdersOf(this.#node, site.namespace), this.#node.self.name);
  }
}

/** A host's name may have any letters; a header may not. */
function headerSafe(name: string): string {
  return /^[\x20-\x7e]*$/.test(name) ? name : encodeURIComponent(name);
}
