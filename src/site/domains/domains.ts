import type { AccountId, NamespaceId } from "../../codec/index.ts";
import type { Env } from "../../platform/index.ts";
import { Limiter, Worker } from "../../platform/index.ts";
import { scan } from "../catalogue.ts";
import { SITE_TYPE } from "../claim.ts";
import { SiteError } from "../errors.ts";
import type { DomainInfo, Domains, SiteInfo } from "../port.ts";
import type { SiteIndex } from "../site-index.ts";
import type { SiteParts } from "../sites.ts";
import { domainOf } from "./domain-name.ts";
import { DOMAIN_PREFIX, claimedDomainCodec, domainInKey, domainKey, givenDomainCodec, givenTo } from "./domain-records.ts";
import { Proofs, proofOf } from "./proofs.ts";
import type { DomainFacts } from "./standing.ts";
import { ownerOf, standingFor } from "./standing.ts";

/** How often DNS is asked again: a domain that is given to another site is served by it within that time and what DNS itself keeps. */
const ASK_EVERY_MS = 10 * 60_000;
/** Questions under way at once. */
const WIDTH = 8;
/** Further ones are as if they were not there, so that nobody has all hosts ask DNS for ever. */
export const DOMAINS_PER_SITE_MAX = 64;

/** The domains that sites want, and whose they are. */
export class SiteDomains implements Domains {
  readonly workers: readonly Worker[];
  readonly #env: Env;
  readonly #with: SiteParts;
  readonly #index: SiteIndex;
  readonly #account: () => AccountId;
  readonly #proofs: Proofs;
  /** By site, kept until a record of it changes. */
  readonly #wanted = new Map<NamespaceId, readonly string[]>();
  /** By domain, the sites that want it; made anew when anything changes on which it depends. */
  #table: ReadonlyMap<string, readonly SiteInfo[]> | undefined;
  #tableOf: unknown;
  /** What administrators say of domains that were asked for. */
  readonly #given = new Map<string, NamespaceId | undefined>();
  #isReady: boolean;

  constructor(env: Env, parts: SiteParts, index: SiteIndex, account: () => AccountId) {
    this.#env = env;
    this.#with = parts;
    this.#index = index;
    this.#account = account;
    this.#proofs = new Proofs(env, parts.lookUpTexts);
    this.#isReady = parts.servesDomains !== true;
    const worker = new Worker(env, { name: "look up domains", everyMs: ASK_EVERY_MS, work: async ({ report }) => report(`asked DNS about ${await this.#askAll()} domains`) });
    this.workers = parts.servesDomains === true ? [worker] : [];
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  applied(namespace: NamespaceId, keys: readonly string[]): void {
    const isOfNetwork = namespace === this.#index.catalogue.namespace;
    if (!isOfNetwork && !keys.some((key) => key.startsWith(DOMAIN_PREFIX))) return;
    this.#wanted.delete(namespace);
    this.#table = undefined;
    this.#given.clear();
    if (!isOfNetwork && this.#with.records.genesis(namespace)?.type === SITE_TYPE) for (const worker of this.workers) worker.nudge();
  }

  siteAt(domain: string): string | undefined {
    const sites = this.#byDomain().get(domain);
    if (sites === undefined) return undefined;
    const owner = ownerOf(this.#facts(domain, sites));
    return owner && sites.find(({ namespace }) => namespace === owner.namespace)?.name;
  }

  list(): readonly DomainInfo[] {
    return [...this.#byDomain().keys()].sort().flatMap((domain) => this.#infos(domain));
  }

  async check(site: string): Promise<readonly DomainInfo[]> {
    const { info } = this.#index.require(site);
    const domains = this.#wantedBy(info.namespace);
    await this.#ask(domains);
    return domains.flatMap((domain) => this.#infos(domain)).filter((each) => each.site === info.name);
  }

  async add(site: string, typed: string): Promise<{ readonly safe: boolean }> {
    const domain = domainOf(typed);
    const { label, info } = this.#index.requireOf(site, this.#account());
    const wanted = this.#wantedBy(info.namespace);
    if (wanted.includes(domain)) return { safe: true };
    if (wanted.length >= DOMAINS_PER_SITE_MAX) throw new SiteError("TOO_MANY_DOMAINS", `"${label}" has ${wanted.length} domains, and more are not served. Remove one with "holdfast domains ${label} --remove DOMAIN".`);
    return this.#write(info.namespace, domainKey(domain), claimedDomainCodec.encode({ sinceMs: Math.floor(this.#env.clock.wallMs()) }));
  }

  async remove(site: string, typed: string): Promise<{ readonly safe: boolean }> {
    const domain = domainOf(typed);
    const { label, info } = this.#index.requireOf(site, this.#account());
    if (!this.#wantedBy(info.namespace).includes(domain)) throw noDomain(label, domain);
    return this.#write(info.namespace, domainKey(domain), null);
  }

  async confirm(site: string | null, typed: string): Promise<{ readonly safe: boolean }> {
    const domain = domainOf(typed);
    const network = this.#index.catalogue.namespace;
    if (site === null) return this.#write(network, domainKey(domain), null);
    const { label, info } = this.#index.require(site);
    if (!this.#wantedBy(info.namespace).includes(domain)) throw noDomain(label, domain);
    return this.#write(network, domainKey(domain), givenDomainCodec.encode({ namespace: info.namespace }));
  }

  async #write(namespace: NamespaceId, key: string, value: Uint8Array | null): Promise<{ readonly safe: boolean }> {
    const { safe } = await this.#with.records.write([{ namespace, key, value }]);
    this.applied(namespace, [key]);
    return { safe };
  }

  async #askAll(): Promise<number> {
    const domains = new Set(this.#byDomain().keys());
    this.#proofs.keep(domains);
    await this.#ask([...domains]);
    this.#isReady = true;
    return domains.size;
  }

  async #ask(domains: readonly string[]): Promise<void> {
    const limiter = new Limiter(WIDTH);
    await Promise.all(domains.map((domain) => limiter.run(() => this.#proofs.ask(domain))));
  }

  #infos(domain: string): DomainInfo[] {
    const sites = this.#byDomain().get(domain) ?? [];
    const facts = this.#facts(domain, sites);
    return sites.map(({ name, namespace }) => ({ domain, site: name, standing: standingFor(namespace, facts), proof: proofOf(domain, namespace) }));
  }

  #facts(domain: string, sites: readonly SiteInfo[]): DomainFacts {
    if (!this.#given.has(domain)) this.#given.set(domain, givenTo(this.#with.records.local(this.#index.catalogue.namespace, domainKey(domain))));
    return { wantedBy: sites.map(({ namespace }) => namespace), told: this.#proofs.told(domain), given: this.#given.get(domain) };
  }

  #byDomain(): ReadonlyMap<string, readonly SiteInfo[]> {
    // Other voters may settle names otherwise.
    const roster = this.#with.roster();
    if (this.#table !== undefined && this.#tableOf === roster) return this.#table;
    const table = new Map<string, SiteInfo[]>();
    for (const site of this.#index.list()) {
      for (const domain of this.#wantedBy(site.namespace)) table.set(domain, [...(table.get(domain) ?? []), site]);
    }
    this.#table = table;
    this.#tableOf = roster;
    return table;
  }

  #wantedBy(namespace: NamespaceId): readonly string[] {
    const known = this.#wanted.get(namespace);
    if (known !== undefined) return known;
    const domains: string[] = [];
    for (const { key } of scan(this.#with.records, namespace, DOMAIN_PREFIX)) {
      const domain = domainInKey(key);
      if (domain !== undefined) domains.push(domain);
      if (domains.length === DOMAINS_PER_SITE_MAX) break;
    }
    this.#wanted.set(namespace, domains);
    return domains;
  }
}

function noDomain(site: string, domain: string): SiteError {
  return new SiteError("NO_DOMAIN", `"${site}" does not have the domain ${domain}. "holdfast domains ${site}" lists those it has; its owner adds one with "holdfast publish --name ${site} --domain ${domain}".`);
}
