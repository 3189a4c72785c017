import type { IncomingMessage, ServerResponse } from "node:http";
import type { Env } from "../../platform/index.ts";
import { Api } from "../api/api.ts";
import { Guard } from "../api/guard.ts";
import { browserLink, sessionRoutes } from "../api/session-routes.ts";
import { BrowserFiles } from "../browser/browser-files.ts";
import { Sessions } from "../browser/sessions.ts";
import { guarded } from "../guarded.ts";
import { hostRoute } from "../host-route.ts";
import { loopback, openListener } from "../listener.ts";
import { BROWSER_HEAD, BROWSER_POLICY, html, sendPage } from "../page.ts";
import { takeIn } from "../request-form.ts";
import { sendText } from "../text.ts";
import { Traffic } from "../traffic.ts";
import type { SetupDesk } from "./setup-routes.ts";
import { setupRoutes } from "./setup-routes.ts";

export interface SetupDoorOptions {
  readonly desk: SetupDesk;
  readonly version: string;
  /** That of the host that will be: who sets it up stays in its Browser. */
  readonly sessionKey: Uint8Array;
  /** A token that nobody has: the set-up is entered by its link alone. */
  readonly token: string;
  readonly browserFolders: readonly string[];
  readonly port: number;
}

export interface SetupDoor {
  readonly port: number;
  browserLink(): string;
  close(): Promise<void>;
}

const LIMITS = { connectionsMax: 64, silenceMs: 60_000, headersMs: 10_000, keepAliveMs: 5_000 };

/**
 * Where there is no host yet: a page on the loopback addresses that makes one. Entered by the terminal's link, as the Browser is.
 * @throws DoorError PORT_TAKEN
 */
export async function createSetupDoor(env: Env, options: SetupDoorOptions): Promise<SetupDoor> {
  const traffic = new Traffic();
  const listener = await openListener(env, loopback(options.port), LIMITS);
  const sessions = new Sessions(env, options.sessionKey);
  const api = new Api(env, new Guard(options.token, sessions, listener.port), traffic, options.version, [...setupRoutes(options.desk), ...sessionRoutes(sessions, listener.port)]);
  const reception = new SetupReception(traffic, api, new BrowserFiles(options.browserFolders, traffic));
  listener.serve(guarded(env, traffic, (request, response) => reception.receive(request, response)));
  return { port: listener.port, browserLink: () => browserLink(sessions, listener.port), close: () => listener.close() };
}

class SetupReception {
  readonly #traffic: Traffic;
  readonly #api: Api;
  readonly #browser: BrowserFiles;

  constructor(traffic: Traffic, api: Api, browser: BrowserFiles) {
    this.#traffic = traffic;
    this.#api = api;
    this.#browser = browser;
  }

  async receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = takeIn(request, response, this.#traffic, false, () => true);
    if (asked === undefined) return;
    const { head, target } = asked;
    const route = hostRoute(head.host);
    if (route.kind !== "self") {
      response.shouldKeepAlive = false;
      return sendText(response, this.#traffic, 421, "Holdfast is being set up here, at localhost and nothing else.\n");
    }
    if (target.startsWith("/api/")) return this.#api.handle(request, response, target, head, route);
    if (request.method !== "GET" && request.method !== "HEAD") return sendText(response, this.#traffic, 405, "This can only be read.\n");
    if (this.#browser.serves(target) && (await this.#browser.answer(request, response, target))) return;
    if (target.split("?", 1)[0] !== "/") return sendText(response, this.#traffic, 404, "Nothing is at this address.\n");
    const body = html`<div id="setup"><h1>Holdfast</h1><p>There is no host on this machine yet. To make one, open the link that the terminal shows.</p></div>`;
    sendPage(response, this.#traffic, { status: 200, page: { title: "Holdfast", head: BROWSER_HEAD, body }, policy: BROWSER_POLICY });
  }
}
