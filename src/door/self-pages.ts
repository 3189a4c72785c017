import type { IncomingMessage, ServerResponse } from "node:http";
import type { BrowserFiles } from "./browser/browser-files.ts";
import type { Metrics } from "./metrics.ts";
import { BROWSER_HEAD, BROWSER_POLICY, html, sendPage } from "./page.ts";
import type { Node } from "./port.ts";
import { startPage } from "./start-page.ts";
import { sendText } from "./text.ts";
import type { Traffic } from "./traffic.ts";

/** What the host shows of itself without a token: the start page, which is the Browser's too, metrics, and that it serves. */
export class SelfPages {
  readonly #node: Node;
  readonly #metrics: Metrics;
  readonly #traffic: Traffic;
  readonly #browser: BrowserFiles;
  readonly #port: number;

  constructor(node: Node, metrics: Metrics, traffic: Traffic, browser: BrowserFiles, port: number) {
    this.#node = node;
    this.#metrics = metrics;
    this.#traffic = traffic;
    this.#browser = browser;
    this.#port = port;
  }

  async handle(request: IncomingMessage, response: ServerResponse, target: string): Promise<void> {
    if (request.method !== "GET" && request.method !== "HEAD") {
      return sendPage(response, this.#traffic, { status: 405, headers: ["Allow", "GET, HEAD"], page: { title: "Only reading", body: html`<h1>Only reading</h1><p>This page can be read, with GET or HEAD.</p>` } });
    }
    switch (target.split("?", 1)[0]) {
      case "/":
        return this.#start(response);
      case "/health":
        return sendText(response, this.#traffic, 200, "serving\n");
      case "/metrics":
        return sendText(response, this.#traffic, 200, await this.#metrics.text(), this.#metrics.contentType);
      default:
        if (this.#browser.serves(target) && (await this.#browser.answer(request, response, target))) return;
        return sendPage(response, this.#traffic, { status: 404, page: { title: "Not found", body: html`<h1>Not found</h1><p>Nothing is at this address.</p><p><a href="/">All sites and hosts</a></p>` } });
    }
  }

  /** For whoever has a session the Browser's script puts itself in the place of what the page says; everybody else reads on. */
  async #start(response: ServerResponse): Promise<void> {
    const page = await startPage(this.#node, this.#port);
    if (!(await this.#browser.areBuilt())) return sendPage(response, this.#traffic, { status: 200, page });
    sendPage(response, this.#traffic, { status: 200, page: { ...page, head: BROWSER_HEAD }, policy: BROWSER_POLICY });
  }
}
