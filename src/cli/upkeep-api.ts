import type { Acknowledged, CapacityRow, MirrorsRow, PartingRow, PersonRow, PoolRow, WhereRow } from "../door/index.ts";

export type Send = (method: "GET" | "POST" | "PUT" | "DELETE", path: string, json?: unknown) => Promise<unknown>;

/** What the running host can be asked about hosts' space, as functions. */
export class UpkeepApi {
  readonly #send: Send;

  constructor(send: Send) {
    this.#send = send;
  }

  async drain(host: string, isDraining: boolean): Promise<Acknowledged> {
    return (await this.#send("PUT", `/hosts/${encodeURIComponent(host)}/draining`, { isDraining })) as Acknowledged;
  }

  async resize(capacityBytes: number): Promise<CapacityRow> {
    return (await this.#send("PUT", "/capacity", { capacityBytes })) as CapacityRow;
  }

  async parting(host: string): Promise<PartingRow> {
    return (await this.#send("GET", `/hosts/${encodeURIComponent(host)}/parting`)) as PartingRow;
  }

  async leave(isNow: boolean): Promise<Acknowledged> {
    return (await this.#send("POST", "/leave", { isNow })) as Acknowledged;
  }

  async pool(): Promise<PoolRow> {
    return (await this.#send("GET", "/pool")) as PoolRow;
  }

  async where(id: string): Promise<WhereRow> {
    return (await this.#send("GET", `/where/${encodeURIComponent(id)}`)) as WhereRow;
  }

  async mirrors(): Promise<MirrorsRow> {
    return (await this.#send("GET", "/mirrors")) as MirrorsRow;
  }

  /** @param site null: all of them */
  async mirror(site: string | null, isMirrored: boolean): Promise<MirrorsRow> {
    return (await this.#send("PUT", "/mirrors", { site, isMirrored })) as MirrorsRow;
  }

  async people(): Promise<readonly PersonRow[]> {
    return ((await this.#send("GET", "/people")) as { people: PersonRow[] }).people;
  }

  async setQuota(account: string, quotaBytes: number | null): Promise<Acknowledged> {
    return (await this.#send("PUT", `/people/${encodeURIComponent(account)}/quota`, { quotaBytes })) as Acknowledged;
  }
}
