import type { IncomingMessage } from "node:http";
import type { Acknowledged, CreatedInvite, FileFault, FileRow, HeadRow, HostRow, InviteGrants, Layout, NetworkSettings, PeerAddresses, PublishRow, SettingChanges, SiteRow, Status, VisitRow, WorkerRow } from "../door/index.ts";
import { ApiClient, encodedPath } from "./http.ts";
import { DomainsApi } from "./domains-api.ts";
import { EntryApi } from "./entry-api.ts";
import { KvApi } from "./kv/kv-api.ts";
import { NearbyApi } from "./nearby-api.ts";
import { UpkeepApi } from "./upkeep-api.ts";

/** The list of a large site's files may have to be fetched from other hosts before it can be gone through. */
const LISTING_MS = 120_000;

/** What the running host can be asked, as functions. The door describes it as OpenAPI. */
export class HostApi {
  readonly kv: KvApi;
  readonly entries: EntryApi;
  readonly upkeep: UpkeepApi;
  readonly domains: DomainsApi;
  readonly nearby: NearbyApi;
  readonly #client: ApiClient;
  readonly #signal: AbortSignal;

  constructor(url: string, token: string, signal: AbortSignal) {
    this.#client = new ApiClient(url, token);
    this.#signal = signal;
    this.kv = new KvApi(this.#client, signal);
    this.entries = new EntryApi(this.#client, signal);
    this.upkeep = new UpkeepApi((method, path, json) => this.#send(method, path, json));
    this.domains = new DomainsApi((method, path, json) => this.#send(method, path, json));
    this.nearby = new NearbyApi((method, path, json) => this.#send(method, path, json));
  }

  async status(): Promise<Status> {
    return (await this.#get("/status")) as Status;
  }

  /** A link that opens the Browser, once. */
  async browserLink(): Promise<{ readonly link: string }> {
    return (await this.#send("POST", "/links")) as { link: string };
  }

  async hosts(): Promise<readonly HostRow[]> {
    return ((await this.#get("/hosts")) as { hosts: HostRow[] }).hosts;
  }

  async sites(): Promise<readonly SiteRow[]> {
    return ((await this.#get("/sites")) as { sites: SiteRow[] }).sites;
  }

  async site(name: string): Promise<SiteRow> {
    return (await this.#get(`/sites/${encodeURIComponent(name)}`)) as SiteRow;
  }

  async history(name: string): Promise<readonly HeadRow[]> {
    return ((await this.#get(`/sites/${encodeURIComponent(name)}/history`)) as { history: HeadRow[] }).history;
  }

  async visits(name: string): Promise<readonly VisitRow[]> {
    return ((await this.#get(`/sites/${encodeURIComponent(name)}/visits`)) as { visits: VisitRow[] }).visits;
  }

  /** The files of one site, or of all; a site whose list is out of reach has one row that says so. */
  files(site: string | undefined): AsyncGenerator<FileRow | FileFault> {
    const path = site === undefined ? "/files" : `/sites/${encodeURIComponent(site)}/files`;
    return this.#client.rows(path, this.#signal) as AsyncGenerator<FileRow | FileFault>;
  }

  async layout(): Promise<Layout> {
    return (await this.#get("/layout")) as Layout;
  }

  async workers(): Promise<readonly WorkerRow[]> {
    return ((await this.#get("/workers")) as { workers: WorkerRow[] }).workers;
  }

  async addresses(): Promise<readonly PeerAddresses[]> {
    return ((await this.#get("/addresses")) as { addresses: PeerAddresses[] }).addresses;
  }

  async invite(grants: InviteGrants): Promise<CreatedInvite> {
    return (await this.#send("POST", "/invites", grants)) as CreatedInvite;
  }

  async removeHost(id: string): Promise<Acknowledged> {
    return (await this.#send("DELETE", `/hosts/${encodeURIComponent(id)}`)) as Acknowledged;
  }

  async giveUpHost(id: string): Promise<Acknowledged> {
    return (await this.#send("POST", `/hosts/${encodeURIComponent(id)}/lost`)) as Acknowledged;
  }

  async settings(): Promise<NetworkSettings> {
    return (await this.#get("/settings")) as NetworkSettings;
  }

  async changeSettings(changes: SettingChanges): Promise<Acknowledged> {
    return (await this.#send("PUT", "/settings", changes)) as Acknowledged;
  }

  async revokeHost(id: string): Promise<Acknowledged> {
    return (await this.#send("POST", `/hosts/${encodeURIComponent(id)}/revoke`)) as Acknowledged;
  }

  async unpublish(name: string): Promise<void> {
    await this.#send("DELETE", `/sites/${encodeURIComponent(name)}`);
  }

  async rollback(name: string, sequence: number): Promise<PublishRow> {
    return (await this.#send("POST", `/sites/${encodeURIComponent(name)}/rollback`, { sequence })) as PublishRow;
  }

  async beginPublication(name: string, copies: number | "all", preview: boolean): Promise<string> {
    return ((await this.#client.askPromptly("POST", "/publications", this.#signal, { name, copies, ...(preview ? { preview } : {}) }, LISTING_MS)) as { id: string }).id;
  }

  /** The paths of those files that the site had already, and that need not be sent. */
  async keepFiles(publication: string, files: readonly { readonly path: string; readonly id: string }[]): Promise<readonly string[]> {
    return ((await this.#client.askPromptly("POST", `/publications/${publication}/kept`, this.#signal, { files }, LISTING_MS)) as { kept: string[] }).kept;
  }

  async addFile(publication: string, path: string, sizeBytes: number, chunks: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<FileRow> {
    return (await this.#client.ask({ method: "PUT", path: `/publications/${publication}/files/${encodedPath(path)}`, body: { sizeBytes, chunks }, signal })) as FileRow;
  }

  /** Takes as long as it takes to place the copies. */
  async commit(publication: string, signal: AbortSignal): Promise<PublishRow> {
    return (await this.#client.ask({ method: "POST", path: `/publications/${publication}/commit`, signal })) as PublishRow;
  }

  /** Gives back what was sent. */
  async abort(publication: string): Promise<void> {
    await this.#client.ask({ method: "DELETE", path: `/publications/${publication}`, signal: AbortSignal.timeout(5000) });
  }

  /** What was sent stays for the next publication. Also after Ctrl-C: so it has its own patience. */
  async leave(publication: string): Promise<void> {
    await this.#client.ask({ method: "POST", path: `/publications/${publication}/leave`, signal: AbortSignal.timeout(5000) });
  }

  /** A file's bytes. */
  download(site: string, path: string, signal: AbortSignal): Promise<IncomingMessage> {
    return this.#client.open({ method: "GET", path: `/sites/${encodeURIComponent(site)}/content/${encodedPath(path)}`, signal });
  }

  close(): void {
    this.#client.close();
  }

  #get(path: string): Promise<unknown> {
    return this.#send("GET", path);
  }

  #send(method: "GET" | "POST" | "PUT" | "DELETE", path: string, json?: unknown): Promise<unknown> {
    return this.#client.askPromptly(method, path, this.#signal, json);
  }
}
