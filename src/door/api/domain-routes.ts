import type { Domains } from "../../site/index.ts";
import { DomainGift, DomainList, domainRow } from "../domain-rows.ts";
import { acknowledge, acknowledged } from "./acknowledge.ts";
import type { Route } from "./route.ts";
import { ok } from "./route.ts";

/** Sites' own domains: which they should have, and whose they are. */
export function domainRoutes(domains: Domains): readonly Route[] {
  return [
    { method: "GET", path: "/api/domains", name: "domains", summary: "The domains that sites should have, and whose they are", gives: { 200: { description: "The domains", schema: DomainList } }, handle: () => ok({ domains: domains.list().map(domainRow) }) },
    {
      method: "PUT",
      path: "/api/domains/{domain}",
      name: "giveDomain",
      summary: "Say as an administrator whose a domain is, where DNS does not",
      takes: DomainGift,
      gives: acknowledged("It is said"),
      handle: async (call) => acknowledge(await domains.confirm(call.body<DomainGift>().site, call.param("domain"))),
    },
    {
      method: "POST",
      path: "/api/sites/{name}/domains",
      name: "checkDomains",
      summary: "Ask DNS now about the domains of a site",
      gives: { 200: { description: "The site's domains, and whose they are", schema: DomainList } },
      handle: async (call) => ok({ domains: (await domains.check(call.param("name"))).map(domainRow) }),
    },
    { method: "PUT", path: "/api/sites/{name}/domains/{domain}", name: "addDomain", summary: "Want a domain for a site of one's own", gives: acknowledged("It is wanted"), handle: async (call) => acknowledge(await domains.add(call.param("name"), call.param("domain"))) },
    { method: "DELETE", path: "/api/sites/{name}/domains/{domain}", name: "removeDomain", summary: "Want a domain no longer", gives: acknowledged("It is gone"), handle: async (call) => acknowledge(await domains.remove(call.param("name"), call.param("domain"))) },
  ];
}
