import type { DomainInfo } from "../site/index.ts";
import type { ValueOf } from "./schema.ts";
import { body, list, object, orNull } from "./schema.ts";

// The shapes in which the doors speak of sites' own domains.

export const DomainRow = object(
  {
    domain: { type: "string", description: "in lower case and ASCII" },
    site: { type: "string", description: "the name of the site whose owner wants it" },
    standing: { enum: ["proven", "confirmed", "elsewhere", "unproven", "unchecked"], description: "proven: DNS names the site; confirmed: an administrator does; elsewhere: it is another site's; unproven: nobody says so; unchecked: DNS has not answered this host" },
    proof: object({ name: { type: "string", description: "of the TXT record" }, text: { type: "string", description: "what it must say" } }),
  },
  { $id: "DomainRow", description: "A domain that a site should have." },
);
export type DomainRow = ValueOf<typeof DomainRow>;

export const DomainList = object({ domains: list(DomainRow) });

export const DomainGift = body({ site: orNull({ type: "string", minLength: 1, maxLength: 63, description: "null: the word is taken back" }) }, { $id: "DomainGift" });
export type DomainGift = ValueOf<typeof DomainGift>;

export function domainRow({ domain, site, standing, proof }: DomainInfo): DomainRow {
  return { domain, site, standing, proof: { ...proof } };
}
