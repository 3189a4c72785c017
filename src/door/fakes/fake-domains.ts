import type { DomainInfo, Domains } from "../../site/index.ts";

/** For tests: domains of sites, which belong to whom a test says. */
export class FakeDomains implements Domains {
  readonly calls: unknown[] = [];
  /** The site of each domain that is proven. */
  readonly owners = new Map<string, string>();
  isReady = true;

  list: Domains["list"] = () => [...this.owners].map(([domain, site]): DomainInfo => ({ domain, site, standing: "proven", proof: { name: `_holdfast.${domain}`, text: "holdfast-site=x" } }));

  check: Domains["check"] = async (site) => {
    this.calls.push(["check", site]);
    return this.list().filter((each) => each.site === site);
  };

  add: Domains["add"] = async (...said) => {
    this.calls.push(["add", ...said]);
    return { safe: true };
  };

  remove: Domains["remove"] = async (...said) => {
    this.calls.push(["remove", ...said]);
    return { safe: true };
  };

  confirm: Domains["confirm"] = async (...said) => {
    this.calls.push(["confirm", ...said]);
    return { safe: false };
  };

  siteAt: Domains["siteAt"] = (domain) => this.owners.get(domain);
}
