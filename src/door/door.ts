import type { Env, Worker } from "../platform/index.ts";
import { Api } from "./api/api.ts";
import type { DemoSwitch } from "./api/demo-routes.ts";
import { demoRoutes } from "./api/demo-routes.ts";
import { domainRoutes } from "./api/domain-routes.ts";
import { eventRoutes } from "./api/event-routes.ts";
import { Downloads, downloadRoutes } from "./api/downloads.ts";
import { entryRoutes } from "./api/entry-routes.ts";
import { Guard } from "./api/guard.ts";
import { kvRoutes } from "./api/kv-routes.ts";
import { applicantRoutes } from "./api/applicant-routes.ts";
import { networkRoutes, settingRoutes } from "./api/network-routes.ts";
import { upgradeRoutes } from "./api/upgrade-routes.ts";
import { upkeepRoutes } from "./api/upkeep-routes.ts";
import { publicationRoutes } from "./api/publication-routes.ts";
import { Publications } from "./api/publications.ts";
import { searchRoutes } from "./api/search-routes.ts";
import { browserLink, sessionRoutes } from "./api/session-routes.ts";
import { siteRoutes } from "./api/site-routes.ts";
import { Titles } from "./api/titles.ts";
import { Uploads } from "./api/uploads.ts";
import { BrowserFiles } from "./browser/browser-files.ts";
import { Sessions } from "./browser/sessions.ts";
import { FileAnswers } from "./gateway/file-answer.ts";
import { Gateway } from "./gateway/gateway.ts";
import { guarded } from "./guarded.ts";
import { MemoryCache } from "./gateway/memory-cache.ts";
import { Shelves } from "./gateway/shelf.ts";
import { Stalls } from "./gateway/stalls.ts";
import { TrustlessGateway } from "./ipfs/trustless.ts";
import type { LanOptions } from "./lan/lan-doors.ts";
import { LanDoors } from "./lan/lan-doors.ts";
import type { Listener, ListenerLimits, Place } from "./listener.ts";
import { Lookout } from "./live/lookout.ts";
import { loopback, openListener } from "./listener.ts";
import { Metrics } from "./metrics.ts";
import type { Node } from "./port.ts";
import { PublicReception } from "./public/reception.ts";
import { Reception } from "./reception.ts";
import { SelfPages } from "./self-pages.ts";
import { Traffic } from "./traffic.ts";

export interface DoorOptions {
  readonly node: Node;
  /** Opens the API. At least 128 random bits; the daemon keeps it in its data folder. */
  readonly token: string;
  /** 32 random bytes that stay the same over restarts: what the Browser's sessions are proven by. */
  readonly sessionKey: Uint8Array;
  /** Where the Browser may have been built: the first of them that has it counts. Without one the start page stays plain. */
  readonly browserFolders?: readonly string[];
  /** 0 takes a free one. */
  readonly port: number;
  /** For whole files that are asked for often. Default: 32 MiB. */
  readonly memoryCacheBytes?: number;
  readonly limits?: Partial<ListenerLimits>;
  /** Where the wide web, or servers in front of it, find the sites by their own domains. */
  readonly web?: WebOptions;
  /** With it, each site is shown on the local network at a port of its own. */
  readonly lan?: LanOptions;
  /** In the demo: who takes hosts away and brings them back. */
  readonly demo?: DemoSwitch;
}

export interface WebOptions {
  readonly places: readonly Place[];
  /** Whether this address is that of a proxy whose word about its visitors counts. */
  readonly isTrusted: (address: string) => boolean;
}

export interface Door {
  readonly port: number;
  /** Those that are listened on: 127.0.0.1 and, where it exists, ::1. */
  readonly addresses: readonly string[];
  /** Where the wide web finds the sites: address and port of each listener. */
  readonly web: readonly { readonly address: string; readonly port: number }[];
  readonly workers: readonly Worker[];
  /** A link that opens the Browser, once. */
  browserLink(): string;
  /** Takes no more requests, ends publications and uploads, lets answers under way end for up to 2 s. */
  close(): Promise<void>;
}

const MEMORY_CACHE_BYTES = 32 * 1024 * 1024;
/** Each may hold one chunk of a file in memory, of 1 MiB at most. */
const LIMITS: ListenerLimits = { connectionsMax: 512, silenceMs: 60_000, headersMs: 10_000, keepAliveMs: 30_000 };
/** Proxies keep connections for a minute, and must not send a request on one that is being closed here. */
const WEB_LIMITS: ListenerLimits = { connectionsMax: 12_000, silenceMs: 90_000, headersMs: 10_000, keepAliveMs: 75_000 };
/** A household's devices, at each site. */
const LAN_LIMITS: ListenerLimits = { ...LIMITS, connectionsMax: 128 };

/**
 * Opens the door: sites for web browsers, the API, the start page, metrics, all on one port of the loopback addresses.
 * @throws DoorError PORT_TAKEN
 */
export async function createDoor(env: Env, options: DoorOptions): Promise<Door> {
  const traffic = new Traffic();
  const publications = new Publications(env, options.node.sites);
  // The port comes first: addresses of sites have it in them.
  const listener = await openListener(env, loopback(options.port), { ...LIMITS, ...options.limits });
  const web = await openWeb(env, options).catch(async (error: unknown) => {
    await listener.close();
    throw error;
  });
  const uploads = new Uploads(env, options.node.entries);
  const sessions = new Sessions(env, options.sessionKey);
  const lookout = new Lookout(env, options.node, listener.port);
  const titles = new Titles(env);
  const receptions = furnish(env, options, traffic, { publications, uploads, sessions, lookout, titles }, listener.port);
  listener.serve(guarded(env, traffic, (request, response) => receptions.own.receive(request, response)));
  for (const each of web) each.serve(guarded(env, traffic, (request, response) => receptions.web.receive(request, response)));
  return {
    port: listener.port,
    addresses: listener.addresses,
    workers: receptions.lan === undefined ? [] : [receptions.lan.worker],
    web: web.flatMap(({ addresses, port }) => addresses.map((address) => ({ address, port }))),
    browserLink: () => browserLink(sessions, listener.port),
    async close() {
      receptions.own.close();
      receptions.web.close();
      lookout.close();
      titles.close();
      await Promise.all([publications.close(), uploads.close(), listener.close(), receptions.lan?.close(), ...web.map((each) => each.close())]);
    },
  };
}

/** All of the places, or none. */
async function openWeb(env: Env, { web, limits }: DoorOptions): Promise<readonly Listener[]> {
  const opened: Listener[] = [];
  try {
    for (const place of web?.places ?? []) opened.push(await openListener(env, place, { ...WEB_LIMITS, ...limits }));
    return opened;
  } catch (error) {
    await Promise.all(opened.map((each) => each.close()));
    throw error;
  }
}

interface Receptions {
  readonly own: Reception;
  readonly web: PublicReception;
  readonly lan: LanDoors | undefined;
}

interface Desks {
  readonly publications: Publications;
  readonly uploads: Uploads;
  readonly sessions: Sessions;
  readonly lookout: Lookout;
  readonly titles: Titles;
}

function furnish(env: Env, options: DoorOptions, traffic: Traffic, { publications, uploads, sessions, lookout, titles }: Desks, port: number): Receptions {
  const { node, token, browserFolders = [], memoryCacheBytes = MEMORY_CACHE_BYTES } = options;
  const stalls = new Stalls(env, traffic);
  const shelves = new Shelves(env, node.sites);
  const files = new FileAnswers(env, new MemoryCache(memoryCacheBytes), stalls, traffic);
  const [entries, downloads] = [{ env, entries: node.entries, uploads, stalls, traffic }, new Downloads(env)];
  const routes = [...networkRoutes(node), ...settingRoutes(node), ...upkeepRoutes(node.upkeep), ...applicantRoutes(node.applicants), ...domainRoutes(node.sites.domains), ...siteRoutes({ env, node, shelves, files, stalls, traffic, port }), ...publicationRoutes(node, publications, port), ...kvRoutes({ env, kv: node.kv, stalls, traffic }), ...entryRoutes(entries), ...downloadRoutes(entries, downloads), ...upgradeRoutes({ env, entries: node.entries, stalls, traffic }), ...sessionRoutes(sessions, port), ...eventRoutes({ env, lookout, stalls, traffic }), ...searchRoutes({ env, node, shelves, titles, port }), ...demoRoutes(node, options.demo)];
  const gateway = { node, shelves, files, stalls, traffic, port };
  const forAll = new Gateway(env, { ...gateway, isPublic: true });
  return {
    own: new Reception(traffic, {
      gateway: new Gateway(env, gateway),
      api: new Api(env, new Guard(token, sessions, port, downloads), traffic, node.version, routes),
      pages: new SelfPages(node, new Metrics(node, traffic), traffic, new BrowserFiles(browserFolders, traffic), port),
      trustless: new TrustlessGateway(env, node, stalls, traffic),
    }),
    web: new PublicReception({ sites: node.sites, gateway: forAll, traffic, isTrusted: options.web?.isTrusted ?? (() => false) }),
    lan: options.lan && new LanDoors(env, { ...options.lan, sites: node.sites, gateway: forAll, traffic, limits: { ...LAN_LIMITS, ...options.limits } }),
  };
}
