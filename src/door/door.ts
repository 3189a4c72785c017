import type { Env } from "../platform/index.ts";
import { Api } from "./api/api.ts";
import { domainRoutes } from "./api/domain-routes.ts";
import { entryRoutes } from "./api/entry-routes.ts";
import { Guard } from "./api/guard.ts";
import { kvRoutes } from "./api/kv-routes.ts";
import { networkRoutes, settingRoutes } from "./api/network-routes.ts";
import { upgradeRoutes } from "./api/upgrade-routes.ts";
import { upkeepRoutes } from "./api/upkeep-routes.ts";
import { publicationRoutes } from "./api/publication-routes.ts";
import { Publications } from "./api/publications.ts";
import { siteRoutes } from "./api/site-routes.ts";
import { Uploads } from "./api/uploads.ts";
import { FileAnswers } from "./gateway/file-answer.ts";
import { Gateway } from "./gateway/gateway.ts";
import { MemoryCache } from "./gateway/memory-cache.ts";
import { Shelves } from "./gateway/shelf.ts";
import { Stalls } from "./gateway/stalls.ts";
import { TrustlessGateway } from "./ipfs/trustless.ts";
import type { ListenerLimits } from "./listener.ts";
import { openListener } from "./listener.ts";
import { Metrics } from "./metrics.ts";
import type { Node } from "./port.ts";
import { Reception } from "./reception.ts";
import { SelfPages } from "./self-pages.ts";
import { Traffic } from "./traffic.ts";

export interface DoorOptions {
  readonly node: Node;
  /** Opens the API. At least 128 random bits; the daemon keeps it in its data folder. */
  readonly token: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** For whole files that are asked for often. Default: 32 MiB. */
  readonly memoryCacheBytes?: number;
  readonly limits?: Partial<ListenerLimits>;
}

export interface Door {
  readonly port: number;
  /** Those that are listened on: 127.0.0.1 and, where it exists, ::1. */
  readonly addresses: readonly string[];
  /** Takes no more requests, aborts publications and uploads, lets answers under way end for up to 2 s. */
  close(): Promise<void>;
}

const MEMORY_CACHE_BYTES = 32 * 1024 * 1024;
/** Each may hold one chunk of a file in memory, of 1 MiB at most. */
const LIMITS: ListenerLimits = { connectionsMax: 512, silenceMs: 60_000, headersMs: 10_000 };

/**
 * Opens the door: sites for web browsers, the API, the start page, metrics, all on one port of the loopback addresses.
 * @throws DoorError PORT_TAKEN
 */
export async function createDoor(env: Env, options: DoorOptions): Promise<Door> {
  const traffic = new Traffic();
  const publications = new Publications(env, options.node.sites);
  // The port comes first: addresses of sites have it in them.
  const listener = await openListener(env, options.port, { ...LIMITS, ...options.limits });
  const uploads = new Uploads(env, options.node.entries);
  const reception = furnish(env, options, traffic, { publications, uploads }, listener.port);
  listener.serve((request, response) => reception.receive(request, response));
  return {
    port: listener.port,
    addresses: listener.addresses,
    async close() {
      reception.close();
      await Promise.all([publications.close(), uploads.close(), listener.close()]);
    },
  };
}

function furnish(env: Env, options: DoorOptions, traffic: Traffic, { publications, uploads }: { readonly publications: Publications; readonly uploads: Uploads }, port: number): Reception {
  const { node, token, memoryCacheBytes = MEMORY_CACHE_BYTES } = options;
  const stalls = new Stalls(env, traffic);
  const shelves = new Shelves(env, node.sites);
  const files = new FileAnswers(env, new MemoryCache(memoryCacheBytes), stalls, traffic);
  const routes = [...networkRoutes(node), ...settingRoutes(node), ...upkeepRoutes(node.upkeep), ...domainRoutes(node.sites.domains), ...siteRoutes({ env, node, shelves, files, stalls, traffic, port }), ...publicationRoutes(node, publications, port), ...kvRoutes({ env, kv: node.kv, stalls, traffic }), ...entryRoutes({ env, entries: node.entries, uploads, stalls, traffic }), ...upgradeRoutes({ env, entries: node.entries, stalls, traffic })];
  const api = new Api(env, new Guard(token, port), traffic, node.version, routes);
  return new Reception(env, traffic, {
    gateway: new Gateway(env, node, shelves, files, traffic, port),
    api,
    pages: new SelfPages(node, new Metrics(node, traffic), traffic, port),
    trustless: new TrustlessGateway(env, node, stalls, traffic),
  });
}
