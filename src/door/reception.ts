import type { IncomingMessage, ServerResponse } from "node:http";
import type { Env } from "../platform/index.ts";
import type { Api } from "./api/api.ts";
import { UNFORESEEN } from "./errors.ts";
import type { Gateway } from "./gateway/gateway.ts";
import type { HostRoute } from "./host-route.ts";
import { HostRoutes } from "./host-route.ts";
import type { TrustlessGateway } from "./ipfs/trustless.ts";
import { originForm, refusalOf } from "./request-form.ts";
import type { RequestHead } from "./request-head.ts";
import { readHead } from "./request-head.ts";
import type { SelfPages } from "./self-pages.ts";
import { sendText } from "./text.ts";
import type { Traffic } from "./traffic.ts";

/** Where every request comes in: by its Host header it goes to a site, to the API, to the blocks of sites, to the host's own pages, or nowhere. */
export class Reception {
  readonly #env: Env;
  readonly #traffic: Traffic;
  readonly #gateway: Gateway;
  readonly #api: Api;
  readonly #pages: SelfPages;
  readonly #trustless: TrustlessGateway;
  readonly #routes = new HostRoutes();
  #isClosing = false;

  constructor(env: Env, traffic: Traffic, parts: { readonly gateway: Gateway; readonly api: Api; readonly pages: SelfPages; readonly trustless: TrustlessGateway }) {
    this.#env = env;
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

  receive(request: IncomingMessage, response: ServerResponse): void {
    try {
      const head = readHead(request);
      const refusal = refusalOf(request, head);
      if (refusal !== undefined) {
        response.shouldKeepAlive = false;
        return sendText(response, this.#traffic, 400, refusal);
      }
      const route = this.#routes.of(head.host);
      // A body that nobody reads would have to be read to its end before the next request; whoever sends one starts anew.
      if (this.#isClosing || (head.hasBody && route.kind !== "self")) response.shouldKeepAlive = false;
      const target = originForm(request.url ?? "", head.host);
      if (target === undefined) return sendText(response, this.#traffic, 400, "The request's target is neither a path nor an address that agrees with its Host header.\n");
      this.#dispatch(request, response, { head, route, target });
    } catch (error) {
      this.#fault(request, response, error);
    }
  }

  #dispatch(request: IncomingMessage, response: ServerResponse, { head, route, target }: { readonly head: RequestHead; readonly route: HostRoute; readonly target: string }): void {
    switch (route.kind) {
      case "site":
        return this.#gateway.handle(route, { request, response, head, target });
      case "self": {
        const answering = this.#atSelf(request, response, head, target, route);
        answering.catch((error: unknown) => this.#fault(request, response, error));
        return;
      }
      case "other":
        return sendText(response, this.#traffic, 421, "This host serves NAME.localhost for each site, and localhost itself. It does not know the name in this address.\n");
    }
  }

  #atSelf(request: IncomingMessage, response: ServerResponse, head: RequestHead, target: string, route: HostRoute): Promise<void> {
    if (target === "/api" || target.startsWith("/api/")) return this.#api.handle(request, response, target, head, route);
    return this.#trustless.serves(target) ? this.#trustless.handle(request, response, target) : this.#pages.handle(request, response, target);
  }

  /** Something that should not happen. The visitor hears so, and the process goes on. */
  #fault(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    this.#env.log.error("a request failed in a way that nobody foresaw", { path: request.url, error });
    if (response.headersSent) response.destroy();
    else sendText(response, this.#traffic, 500, `${UNFORESEEN}\n`);
  }
}
