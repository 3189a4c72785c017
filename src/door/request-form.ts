import type { IncomingMessage, ServerResponse } from "node:http";
import type { RequestHead } from "./request-head.ts";
import { readHead } from "./request-head.ts";
import { sendText } from "./text.ts";
import type { Traffic } from "./traffic.ts";

const ABSOLUTE = /^http:\/\/([^/?#]*)(.*)$/i;

/** Why nobody can say for whom the request is; undefined when one can. HTTP/0.9 has no headers, and so no site. */
export function refusalOf(request: IncomingMessage, head: RequestHead): string | undefined {
  return head.hasSeveralHosts || request.httpVersionMajor < 1 ? "The request must be of HTTP/1.1 or 1.0, with one Host header.\n" : undefined;
}

/** The target as path and query. One that is a whole address (RFC 9112, 3.2.2) must name the same host as the Host header. */
export function originForm(target: string, host: string | undefined): string | undefined {
  if (target.startsWith("/")) return target;
  const [, authority, rest] = ABSOLUTE.exec(target) ?? [];
  if (authority === undefined || rest === undefined || authority.toLowerCase() !== host?.toLowerCase()) return undefined;
  return rest.startsWith("/") ? rest : `/${rest}`;
}

/** A request of which one can say for whom it is. */
export interface TakenRequest {
  readonly head: RequestHead;
  /** Path and query. */
  readonly target: string;
}

/**
 * Takes in a request. Undefined when it has been refused.
 * @param isClosing whether the connection ends with this answer
 * @param readsBody whether somebody is there who reads what comes with it; sites have no such
 */
export function takeIn(request: IncomingMessage, response: ServerResponse, traffic: Traffic, isClosing: boolean, readsBody: (head: RequestHead) => boolean = () => false): TakenRequest | undefined {
  const head = readHead(request);
  const refusal = refusalOf(request, head);
  // A body that nobody reads would have to be read to its end before the next request; whoever sends one starts anew.
  if (refusal !== undefined || isClosing || (head.hasBody && !readsBody(head))) response.shouldKeepAlive = false;
  const target = originForm(request.url ?? "", head.host);
  if (refusal === undefined && target !== undefined) return { head, target };
  sendText(response, traffic, 400, refusal ?? "The request's target is neither a path nor an address that agrees with its Host header.\n");
  return undefined;
}
