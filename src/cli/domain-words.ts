import type { DomainRow } from "../door/index.ts";
import type { HostApi } from "./api.ts";

/** Adds domains to a site and says whose they are. @throws ApiError BAD_DOMAIN, NOT_OWNER, TOO_MANY_DOMAINS */
export async function wantDomains(api: HostApi, site: string, typed: readonly string[]): Promise<readonly DomainRow[]> {
  const { domainOf } = await import("../site/index.ts");
  const domains = typed.map(domainOf);
  for (const domain of domains) await api.domains.add(site, domain);
  return (await api.domains.of(site)).filter(({ domain }) => domains.includes(domain));
}

/** How a domain stands, and what to do about it. */
export function domainWords({ domain, site, standing, proof }: DomainRow): string {
  const record = `In the DNS of ${domain}, add a TXT record named ${proof.name} that says ${proof.text}`;
  switch (standing) {
    case "proven":
      return `${domain} is ${site}'s, as its DNS says.`;
    case "confirmed":
      return `${domain} is ${site}'s, by an administrator's word.`;
    case "elsewhere":
      return `${domain} belongs to another site. ${record}, and remove the one for the other site.`;
    case "unchecked":
      return `${domain}: this host got no answer from DNS. ${record}, if that is not done.`;
    case "unproven":
      return `${domain} is not proven to be yours yet. ${record}, or have an administrator confirm it.`;
  }
}
