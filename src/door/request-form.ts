import type { IncomingMessage } from "node:http";
import type { RequestHead } from "./request-head.ts";

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
