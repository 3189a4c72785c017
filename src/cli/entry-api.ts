import type { IncomingMessage } from "node:http";
import type { BlobRow, EntryFaultRow, EntryRow, PrivateRow, PutRow, UpgradePlanRow, UpgradeRow } from "../door/index.ts";
import type { ApiClient } from "./http.ts";
import { encodedPath } from "./http.ts";

const ABORT_MS = 5_000;

/** How redundantly something is to be kept, as the API is asked. */
export type WantedRedundancy = { readonly kind: "copies"; readonly copies: number | "all" } | { readonly kind: "code"; readonly k: number; readonly m: number };

/** A file or folder that is put. */
export interface Facts {
  readonly path: string;
  readonly mode: number;
  readonly modifiedMs: number;
}

export interface FileFacts extends Facts {
  readonly sizeBytes: number;
}

async function* each(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

/** What the running host can be asked about private content. */
export class EntryApi {
  readonly #client: ApiClient;
  readonly #signal: AbortSignal;

  constructor(client: ApiClient, signal: AbortSignal) {
    this.#client = client;
    this.#signal = signal;
  }

  list(): AsyncGenerator<EntryRow | EntryFaultRow> {
    return this.#client.rows("/entries", this.#signal) as AsyncGenerator<EntryRow | EntryFaultRow>;
  }

  rows(id: string): AsyncGenerator<PrivateRow> {
    return this.#client.rows(`/entries/${encodeURIComponent(id)}/files`, this.#signal) as AsyncGenerator<PrivateRow>;
  }

  async remove(id: string): Promise<{ readonly safe: boolean }> {
    return (await this.#ask("DELETE", `/entries/${encodeURIComponent(id)}`)) as { safe: boolean };
  }

  /** A file's bytes from `offset` to its end; behind them the trailer says where they came from. */
  download(id: string, path: string, offset: number, signal: AbortSignal): Promise<IncomingMessage> {
    const headers = { te: "trailers", ...(offset === 0 ? {} : { range: `bytes=${offset}-` }) };
    return this.#client.open({ method: "GET", path: `/entries/${encodeURIComponent(id)}/content/${encodedPath(path)}`, signal, headers });
  }

  /** What a file is made of, from its beginning to its end. */
  blobs(id: string, path: string, signal: AbortSignal): AsyncGenerator<BlobRow> {
    return this.#client.rows(`/entries/${encodeURIComponent(id)}/blobs/${encodedPath(path)}`, signal) as AsyncGenerator<BlobRow>;
  }

  /** Whole files one behind the other, in the order of their paths here. */
  downloadTogether(id: string, paths: readonly string[], signal: AbortSignal): Promise<IncomingMessage> {
    return this.#client.open({ method: "POST", path: `/entries/${encodeURIComponent(id)}/bundle`, json: { paths }, signal, headers: { te: "trailers" } });
  }

  /** The first upload looks through all that is kept already, which may take a while. */
  async begin(name: string, kind: "file" | "folder", redundancy: WantedRedundancy | undefined, signal: AbortSignal): Promise<string> {
    const json = { name, kind, ...(redundancy === undefined ? {} : { redundancy }) };
    return ((await this.#client.ask({ method: "POST", path: "/uploads", json, signal })) as { id: string }).id;
  }

  /** Goes through all that is kept, which may take a while. */
  async planUpgrade(signal: AbortSignal): Promise<UpgradePlanRow> {
    return (await this.#client.ask({ method: "GET", path: "/upgrade", signal })) as UpgradePlanRow;
  }

  /** The work goes on for as long as one listens. */
  upgrade(signal: AbortSignal): AsyncGenerator<UpgradeRow> {
    return this.#client.rows("/upgrade", signal, {}) as AsyncGenerator<UpgradeRow>;
  }

  async addFolders(upload: string, folders: readonly Facts[]): Promise<void> {
    await this.#ask("POST", `/uploads/${upload}/folders`, { folders });
  }

  async addFile(upload: string, file: FileFacts, chunks: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<PrivateRow> {
    const headers = { "holdfast-mode": file.mode, "holdfast-modified-ms": file.modifiedMs };
    return (await this.#client.ask({ method: "PUT", path: `/uploads/${upload}/files/${encodedPath(file.path)}`, headers, body: { sizeBytes: file.sizeBytes, chunks }, signal })) as PrivateRow;
  }

  /** Sends several files in one request. @param number another for each bundle of the upload */
  async addBundle(upload: string, number: number, files: readonly FileFacts[], contents: readonly Uint8Array[], signal: AbortSignal): Promise<void> {
    const head = Buffer.from(`${JSON.stringify({ files })}\n`);
    const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, head.length);
    await this.#client.ask({ method: "PUT", path: `/uploads/${upload}/bundles/${number}`, body: { sizeBytes, chunks: each([head, ...contents]) }, signal });
  }

  async commit(upload: string, signal: AbortSignal): Promise<PutRow> {
    return (await this.#client.ask({ method: "POST", path: `/uploads/${upload}/commit`, signal })) as PutRow;
  }

  /** Also after Ctrl-C: so it has its own patience. */
  async abort(upload: string): Promise<void> {
    await this.#client.ask({ method: "DELETE", path: `/uploads/${upload}`, signal: AbortSignal.timeout(ABORT_MS) });
  }

  #ask(method: "DELETE" | "POST", path: string, json?: unknown): Promise<unknown> {
    return this.#client.askPromptly(method, path, this.#signal, json);
  }
}
