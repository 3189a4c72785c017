import type { KvChange, KvCreate, KvEntry, KvNamespace, KvRead, KvScan, KvWriteRow, KvWritten } from "../../door/index.ts";
import type { ApiClient } from "../http.ts";

/** A read may have to wait for a write that its reader knows of, and a write for a second copy. */
const PROMPT_MS = 30_000;

/** What the running host can be asked about keys and values. */
export class KvApi {
  readonly #client: ApiClient;
  readonly #signal: AbortSignal;

  constructor(client: ApiClient, signal: AbortSignal) {
    this.#client = client;
    this.#signal = signal;
  }

  async list(): Promise<readonly KvNamespace[]> {
    return ((await this.#ask("GET", "")) as { namespaces: KvNamespace[] }).namespaces;
  }

  async create(settings: KvCreate): Promise<KvNamespace> {
    return (await this.#ask("POST", "", settings)) as KvNamespace;
  }

  async read(name: string, question: KvRead): Promise<KvEntry> {
    return (await this.#ask("POST", `/${encodeURIComponent(name)}/read`, question)) as KvEntry;
  }

  async write(name: string, row: KvWriteRow): Promise<KvWritten> {
    return (await this.#ask("POST", `/${encodeURIComponent(name)}/write`, row)) as KvWritten;
  }

  scan(name: string, question: KvScan): AsyncGenerator<KvEntry> {
    return this.#client.rows(`/kv/${encodeURIComponent(name)}/scan`, this.#signal, question) as AsyncGenerator<KvEntry>;
  }

  changes(name: string, from: string | undefined): AsyncGenerator<KvChange> {
    return this.#client.rows(`/kv/${encodeURIComponent(name)}/changes`, this.#signal, from === undefined ? {} : { from }) as AsyncGenerator<KvChange>;
  }

  async follow(name: string): Promise<void> {
    await this.#ask("PUT", `/${encodeURIComponent(name)}/follow`);
  }

  async unfollow(name: string): Promise<void> {
    await this.#ask("DELETE", `/${encodeURIComponent(name)}/follow`);
  }

  #ask(method: "GET" | "POST" | "PUT" | "DELETE", path: string, json?: unknown): Promise<unknown> {
    return this.#client.askPromptly(method, `/kv${path}`, this.#signal, json, PROMPT_MS);
  }
}
