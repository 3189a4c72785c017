import { domainToASCII } from "node:url";
import { SiteError } from "../errors.ts";

const MAX_BYTES = 253;
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
/** Names that never leave a machine or its network (RFC 6761, RFC 6762, RFC 8375), so that nobody could prove them, and addresses written backwards. */
const NOT_PUBLIC: ReadonlySet<string> = new Set(["localhost", "local", "internal", "invalid", "onion", "arpa"]);

/** Whether the text is a domain as it is stored: two labels or more, in lower case, in ASCII, without the dot at the end. */
export function isDomain(domain: string): boolean {
  const labels = domain.split(".");
  // A last label of digits would be an address (RFC 1123, section 2.1).
  return domain.length <= MAX_BYTES && labels.length >= 2 && labels.every((label) => LABEL.test(label)) && !/^\d+$/.test(labels.at(-1)!) && !NOT_PUBLIC.has(labels.at(-1)!);
}

/**
 * The domain as it is stored and asked for, letters beyond ASCII in their encoded form.
 * @throws SiteError BAD_DOMAIN
 */
export function domainOf(typed: string): string {
  // The conversion would stop at what ends a host in an address, and take the rest for no part of it.
  const name = typed.trim().replace(/\.$/, "");
  const domain = /[/\\?#@:]/.test(name) ? "" : domainToASCII(name).toLowerCase();
  if (isDomain(domain)) return domain;
  throw new SiteError("BAD_DOMAIN", `${JSON.stringify(typed.slice(0, 80))} is no domain that a site can have. Type it as it stands in an address, for example example.org or www.example.org, without http:// and without a path.`);
}
