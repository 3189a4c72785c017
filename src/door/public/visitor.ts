import type { IncomingMessage } from "node:http";

/** Where a visitor of the wide web wants to go. */
export interface Visitor {
  /** The domain in lower case, without port and without the dot at the end; undefined when there is none. */
  readonly domain: string | undefined;
  readonly isSecure: boolean;
}

const DOMAIN = /^(?<domain>[a-z0-9.-]{1,254}?)\.?(?::\d{1,5})?$/;

/**
 * What the request says of its visitor. A proxy that is trusted may say it in their place: the last value of X-Forwarded-Host and
 * X-Forwarded-Proto counts, which that proxy itself has added; what stands before it came from whoever asked the proxy. From anybody else
 * these headers mean nothing. Who the visitor is, in X-Forwarded-For, is not read: hosts keep nothing about visitors.
 */
export function visitorOf(request: IncomingMessage, host: string | undefined, isTrusted: (address: string) => boolean): Visitor {
  const isByProxy = isTrusted(request.socket.remoteAddress ?? "");
  const forwarded = (name: string): string | undefined => (isByProxy ? lastOf(request.headers[name]) : undefined);
  const authority = (forwarded("x-forwarded-host") ?? host ?? "").toLowerCase();
  return { domain: DOMAIN.exec(authority)?.groups?.["domain"], isSecure: forwarded("x-forwarded-proto")?.toLowerCase() === "https" };
}

/** Of several headers of one name, too: node:http joins them. */
function lastOf(value: string | readonly string[] | undefined): string | undefined {
  const all = typeof value === "string" ? value : value?.join(",");
  const last = all?.slice(all.lastIndexOf(",") + 1).trim();
  return last === "" ? undefined : last;
}
