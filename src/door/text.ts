import type { ServerResponse } from "node:http";
import type { VisitCounter } from "../site/index.ts";

/** A short answer that is no page. */
export function sendText(response: ServerResponse, traffic: VisitCounter, status: number, text: string, type = "text/plain; charset=utf-8"): void {
  const length = Buffer.byteLength(text);
  response.writeHead(status, ["Content-Type", type, "Content-Length", String(length), "Cache-Control", "no-store", "X-Content-Type-Options", "nosniff", "Cross-Origin-Resource-Policy", "same-origin"]);
  response.end(text);
  traffic.count(status, response.req.method === "HEAD" ? 0 : length);
}
