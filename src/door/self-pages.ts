import type { IncomingMessage, ServerResponse } from "node:http";
import type { Metrics } from "./metrics.ts";
import { html, sendPage } from "./page.ts";
import type { Node } from "./port.ts";
import { startPage } from "./start-page.ts";
import { sendText } from "./text.ts";
import type { Traffic } from "./traffic.ts";

/** What the host shows of itself without a token: the start page, metrics, and that it serves. */
export class SelfPages {
  readonly #node: Node;
  readonly #metrics: Metrics;
  readonly #traffic: Traffic;
  readonly #port: number;

  constructor(node: Node, metrics: Metrics, traffic: Traffic, port: number) {
    this.#node = node;
    this.#metrics = metrics;
    this.#traffic = traffic;
    this.#port = port;
  }

  async handle(request: IncomingMessage, response: ServerResponse, target: string): Promise<void> {
    if (request.method !== "GET" && request.method !== "HEAD") {
      return sendPage(response, this.#traffic, { status: 405, headers: ["Allow", "GET, HEAD"], page: { title: "Only reading", body: html`<h1>Only reading</h1><p>This page can be read, with GET or HEAD.</p>` } });
    }
    switch (target.split("?", 1)[0]) {
      case "/":
        return sendPage(response, this.#traffic, { status: 200, page: await startPage(this.#node, this.#port) });
      case "/health":
        return sendText(response, this.#traffic, 200, "serving\n");
      case "/metrics":
        return sendText(response, this.#traffic, 200, await this.#metrics.text(), this.#metrics.contentType);
      default:
        return sendPage(response, this.#traffic, { status: 404, page: { title: "Not found", body: html`<h1>Not found</h1><p>Nothing is at this address.</p><p><a href="/">All sites and hosts</a></p>` } });
    }
  }
}
