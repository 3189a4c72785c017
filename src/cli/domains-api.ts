import type { Acknowledged, DomainRow } from "../door/index.ts";
import type { Send } from "./upkeep-api.ts";

/** What the running host can be asked about sites' own domains, as functions. */
export class DomainsApi {
  readonly #send: Send;

  constructor(send: Send) {
    this.#send = send;
  }

  async all(): Promise<readonly DomainRow[]> {
    return ((await this.#send("GET", "/domains")) as { domains: DomainRow[] }).domains;
  }

  /** Has DNS asked first. */
  async of(site: string): Promise<readonly DomainRow[]> {
    return ((await this.#send("POST", `/sites/${encodeURIComponent(site)}/domains`)) as { domains: DomainRow[] }).domains;
  }

  async add(site: string, domain: string): Promise<Acknowledged> {
    return (await this.#send("PUT", `/sites/${encodeURIComponent(site)}/domains/${encodeURIComponent(domain)}`)) as Acknowledged;
  }

  async remove(site: string, domain: string): Promise<Acknowledged> {
    return (await this.#send("DELETE", `/sites/${encodeURIComponent(site)}/domains/${encodeURIComponent(domain)}`)) as Acknowledged;
  }

  /** @param site null: an administrator's word is taken back */
  async give(site: string | null, domain: string): Promise<Acknowledged> {
    return (await this.#send("PUT", `/domains/${encodeURIComponent(domain)}`, { site })) as Acknowledged;
  }
}
