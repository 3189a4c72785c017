import type { IncomingMessage, ServerResponse } from "node:http";
import type { Sites } from "../../site/index.ts";
import { domainOf } from "../../site/index.ts";
import type { Gateway } from "../gateway/gateway.ts";
import { takeIn } from "../request-form.ts";
import { sendText } from "../text.ts";
import type { Traffic } from "../traffic.ts";
import { visitorOf } from "./visitor.ts";

/** For load balancers: whether requests are to be sent here. */
const HEALTH = "/.well-known/holdfast-health";
/** For a server in front that gets certificates when they are needed: whether to get one for this domain. */
const ASK = "/.well-known/holdfast-ask?domain=";

export interface PublicParts {
  readonly sites: Pick<Sites, "find" | "domains">;
  readonly gateway: Gateway;
  readonly traffic: Traffic;
  /** Whether this address is that of a proxy whose word about its visitors counts. */
  readonly isTrusted: (address: string) => boolean;
}

/** Where requests of the wide web come in: by their domain they go to its site, or nowhere. There is no way from here to the API or the host's own pages. */
export class PublicReception {
  readonly #with: PublicParts;
  #isClosing = false;

  constructor(parts: PublicParts) {
    this.#with = parts;
  }

  /** From now on each connection ends with its answer. */
  close(): void {
    this.#isClosing = true;
  }

  receive(request: IncomingMessage, response: ServerResponse): void {
    const { sites, gateway, traffic, isTrusted } = this.#with;
    const asked = takeIn(request, response, traffic, this.#isClosing);
    if (asked === undefined) return;
    const { head, target } = asked;
    if (target === HEALTH) return this.#health(response);
    if (target.startsWith(ASK)) return this.#ask(response, target.slice(ASK.length));
    const { domain, isSecure } = visitorOf(request, head.host, isTrusted);
    const name = domain === undefined ? undefined : sites.domains.siteAt(domain);
    if (name === undefined) return sendText(response, traffic, 421, "No site that is served here has this address.\n");
    gateway.handle({ name }, { request, response, head, target, address: `${isSecure ? "https" : "http"}://${domain}/` });
  }

  #health(response: ServerResponse): void {
    // Before DNS has been asked once, every domain would be told that it is nobody's.
    const isServing = !this.#isClosing && this.#with.sites.domains.isReady;
    sendText(response, this.#with.traffic, isServing ? 200 : 503, isServing ? "serving\n" : "not serving\n");
  }

  /** Says yes only to what is served: or anybody could have certificates made for names without number. */
  #ask(response: ServerResponse, asked: string): void {
    const name = this.#siteOf(asked);
    const isServed = name !== undefined && this.#with.sites.find(name)?.head !== undefined;
    sendText(response, this.#with.traffic, isServed ? 200 : 404, isServed ? "served here\n" : "not served here\n");
  }

  #siteOf(asked: string): string | undefined {
    try {
      return this.#with.sites.domains.siteAt(domainOf(decodeURIComponent(asked)));
    } catch {
      return undefined;
    }
  }
}
