import type { IncomingMessage, ServerResponse } from "node:http";
import type { Api } from "./api/api.ts";
import type { Gateway } from "./gateway/gateway.ts";
import type { HostRoute } from "./host-route.ts";
import { HostRoutes } from "./host-route.ts";
import type { TrustlessGateway } from "./ipfs/trustless.ts";
import { takeIn } from "./request-form.ts";
import type { RequestHead } from "./request-head.ts";
import type { SelfPages } from "./self-pages.ts";
import { sendText } from "./text.ts";
import type { Traffic } from "./traffic.ts";

/** Where every request comes in: by its Host header it goes to a site, to the API, to the blocks of sites, to the host's own pages, or nowhere. */
export class Reception {
  readonly #traffic: Traffic;
  readonly #gateway: Gateway;
  readonly #api: Api;
  readonly #pages: SelfPages;
  readonly #trustless: TrustlessGateway;
  readonly #routes = new HostRoutes();
  #isClosing = false;

  constructor(traffic: Traffic, parts: { readonly gateway: Gateway; readonly api: Api; readonly pages: SelfPages; readonly trustless: TrustlessGateway }) {
    this.#traffic = traffic;
    this.#gateway = parts.gateway;
    this.#api = parts.api;
    this.#pages = parts.pages;
    this.#trustless = parts.trustless;
  }

  /** From now on each connection ends with its answer. */
  close(): void {
    this.#isClosing = true;
  }

  receive(request: IncomingMessage, response: ServerResponse): void | Promise<void> {
    const asked = takeIn(request, response, this.#traffic, this.#isClosing, ({ host }) => this.#routes.of(host).kind === "self");
    if (asked !== undefined) return this.#dispatch(request, response, { ...asked, route: this.#routes.of(asked.head.host) });
  }

  #dispatch(request: IncomingMessage, response: ServerResponse, { head, route, target }: { readonly head: RequestHead; readonly route: HostRoute; readonly target: string }): void | Promise<void> {
    switch (route.kind) {
      case "site":
        return this.#gateway.handle(route, { request, response, head, target });
      case "self":
        return this.#atSelf(request, response, head, target, route);
      case "other":
        return sendText(response, this.#traffic, 421, "This host serves NAME.localhost for each site, and localhost itself. It does not know the name in this address.\n");
    }
  }

  #atSelf(request: IncomingMessage, response: ServerResponse, head: RequestHead, target: string, route: HostRoute): Promise<void> {
    if (target === "/api" || target.startsWith("/api/")) return this.#api.handle(request, response, target, head, route);
    return this.#trustless.serves(target) ? this.#trustless.handle(request, response, target) : this.#pages.handle(request, response, target);
  }
}
