/** Whom a request is for, by its Host header. */
export type HostRoute = { readonly kind: "site"; readonly name: string; readonly version?: number } | { readonly kind: "self"; readonly port: number } | { readonly kind: "other" };

const OTHER: HostRoute = { kind: "other" };
const AUTHORITY = /^(?<name>[a-z0-9.-]+|\[::1\])(?::(?<port>\d{1,5}))?$/;
const SITE = /^(?:(?<version>[1-9]\d{0,11})\.)?(?<label>[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)\.localhost$/;
const SELF = new Set(["localhost", "127.0.0.1", "[::1]"]);
const HTTP_PORT = 80;

/**
 * `NAME.localhost` is a site and `7.NAME.localhost` its version 7, published or not; `localhost`, `127.0.0.1` and `[::1]` are the host itself. Nothing else is: a page of the wide web
 * whose name was bound to this machine's address (DNS rebinding) bears its own name here, and gets nothing.
 */
export function hostRoute(header: string | undefined): HostRoute {
  const authority = header === undefined ? undefined : AUTHORITY.exec(header.toLowerCase())?.groups;
  if (authority === undefined) return OTHER;
  const name = authority["name"]!;
  if (SELF.has(name)) return { kind: "self", port: Number(authority["port"] ?? HTTP_PORT) };
  const { label, version } = SITE.exec(name)?.groups ?? {};
  if (label === undefined) return OTHER;
  return version === undefined ? { kind: "site", name: label } : { kind: "site", name: label, version: Number(version) };
}

const REMEMBERED_MAX = 256;

/** Remembers the answers, for few names ask again and again. */
export class HostRoutes {
  readonly #known = new Map<string, HostRoute>();

  of(header: string | undefined): HostRoute {
    if (header === undefined) return OTHER;
    const known = this.#known.get(header);
    if (known !== undefined) return known;
    if (this.#known.size >= REMEMBERED_MAX) this.#known.clear();
    const route = hostRoute(header);
    this.#known.set(header, route);
    return route;
  }
}
