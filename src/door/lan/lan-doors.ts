import type { IncomingMessage, ServerResponse } from "node:http";
import type { NamespaceId } from "../../codec/index.ts";
import type { Env } from "../../platform/index.ts";
import { Worker, codeOf } from "../../platform/index.ts";
import type { SiteInfo, Sites } from "../../site/index.ts";
import type { Gateway } from "../gateway/gateway.ts";
import { guarded } from "../guarded.ts";
import type { Listener, ListenerLimits } from "../listener.ts";
import { openListener } from "../listener.ts";
import type { SitePorts } from "../port.ts";
import { takeIn } from "../request-form.ts";
import { sendText } from "../text.ts";
import type { Traffic } from "../traffic.ts";
import { isLanName } from "./lan-name.ts";

export interface LanOptions {
  readonly ports: SitePorts;
  /** Whether an address belongs to a local network. */
  readonly isLan: (address: string) => boolean;
  /** Ports are given away from here on. */
  readonly firstPort?: number;
}

export interface LanParts extends LanOptions {
  readonly sites: Pick<Sites, "find" | "list">;
  readonly gateway: Gateway;
  readonly traffic: Traffic;
  readonly limits: ListenerLimits;
}

const FIRST_PORT = 4600;
/** How many ports are tried for one site. */
const TRIES = 1000;
/** How soon a new site is found here. */
const LOOK_EVERY_MS = 2_000;
/** Each takes a port and a listener. */
const SITES_MAX = 500;

/**
 * Shows each site on the local network, at a port of its own: there are no names there that every phone resolves, and two sites at one
 * address would be one origin, so that each could read what the browser keeps for the other.
 *
 * Listens on all addresses, because a laptop meets new networks while it runs; a connection that does not both come from a local network
 * and arrive at an address of one is closed.
 */
export class LanDoors {
  readonly worker: Worker;
  readonly #env: Env;
  readonly #with: LanParts;
  readonly #open = new Map<NamespaceId, Listener>();
  #isClosing = false;

  constructor(env: Env, parts: LanParts) {
    this.#env = env;
    this.#with = parts;
    this.worker = new Worker(env, { name: "show sites on the local network", everyMs: LOOK_EVERY_MS, work: async ({ signal, report }) => report(await this.#look(signal)) });
    this.worker.start();
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    await this.worker.stop();
    await Promise.all([...this.#open.values()].map((each) => each.close()));
  }

  async #look(signal: AbortSignal): Promise<string> {
    const sites = this.#with.sites.list().filter(({ head }) => head !== undefined).slice(0, SITES_MAX);
    const wanted = new Set(sites.map(({ namespace }) => namespace));
    for (const [namespace, listener] of this.#open) {
      if (wanted.has(namespace)) continue;
      this.#open.delete(namespace);
      await listener.close();
    }
    let taken = 0;
    const failures: unknown[] = [];
    for (const site of sites) {
      signal.throwIfAborted();
      if (this.#open.has(site.namespace)) continue;
      // A port that cannot be written down, as with a full disk, keeps no other site from being shown.
      const isShown = await this.#show(site).catch((error: unknown) => failures.push(error));
      if (isShown === false) taken += 1;
    }
    if (failures.length > 0) throw failures[0];
    return `${this.#open.size} sites are shown${taken === 0 ? "" : `; the ports of ${taken} are used by other programs`}`;
  }

  /** Says whether it could: another program may have the site's port for now. */
  async #show(site: SiteInfo): Promise<boolean> {
    const { ports, firstPort = FIRST_PORT } = this.#with;
    const own = ports.of(site.namespace);
    if (own !== undefined) return (await this.#listen(site, own)) !== undefined;
    // A port that was another site's is never given away again, for browsers keep what that site stored there.
    const taken = ports.all();
    for (let port = firstPort, tries = 0; tries < TRIES && port <= 65_535; port += 1) {
      if (taken.has(port)) continue;
      tries += 1;
      const listener = await this.#listen(site, port);
      if (listener === undefined) continue;
      await this.#keep(site, port, listener);
      return true;
    }
    return false;
  }

  /** A port that was not kept would be another one after the next start. */
  async #keep({ namespace }: SiteInfo, port: number, listener: Listener): Promise<void> {
    try {
      await this.#with.ports.keep(namespace, port);
    } catch (error) {
      this.#open.delete(namespace);
      await listener.close();
      throw error;
    }
  }

  async #listen(site: SiteInfo, port: number): Promise<Listener | undefined> {
    const { isLan, limits, traffic } = this.#with;
    try {
      const listener = await openListener(this.#env, { addresses: ["0.0.0.0", "::"], port, option: "--lan", admits: (peer, own) => isLan(peer) && isLan(own) }, limits);
      listener.serve(guarded(this.#env, traffic, (request, response) => this.#receive(site, request, response)));
      this.#open.set(site.namespace, listener);
      return listener;
    } catch (error) {
      if (codeOf(error) === "PORT_TAKEN") return undefined;
      throw error;
    }
  }

  /** The name may be another site's by now, and browsers keep here what this one stored. */
  #receive({ name, namespace }: SiteInfo, request: IncomingMessage, response: ServerResponse): void {
    const { gateway, sites, traffic } = this.#with;
    const asked = takeIn(request, response, traffic, this.#isClosing);
    if (asked === undefined) return;
    const { host = "" } = asked.head;
    if (!isLanName(host)) return sendText(response, traffic, 421, "This host is found here by its address on the local network.\n");
    if (sites.find(name)?.namespace !== namespace) return sendText(response, traffic, 404, "The site that was at this address is not there any more.\n");
    gateway.handle({ name }, { request, response, ...asked, address: `http://${host}/` });
  }
}
