// For tests only: a host that gives files, and a folder into which they are fetched.

import { createHash, randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { PrivateRow } from "../../../door/index.ts";
import { ensureFolder, machineEnv, removeIfPresent, silentLog } from "../../../platform/index.ts";
import type { Context } from "../../context.ts";
import type { EntryApi } from "../../entry-api.ts";
import { fetchAll } from "../fetch.ts";

export const io = { json: false, isTerminal: false, columns: 80, answer() {}, bytes: async () => {}, row: async () => {}, note() {}, redraw() {} };

export function context(signal = new AbortController().signal): Context {
  return { io, env: machineEnv(silentLog), signal };
}

export async function folder(): Promise<{ path: string; [Symbol.asyncDispose](): Promise<void> }> {
  const path = join(tmpdir(), `holdfast-fetch-${randomUUID()}`);
  await ensureFolder(path);
  return { path, [Symbol.asyncDispose]: () => removeIfPresent(path) };
}

export function file(path: string, content: string): PrivateRow {
  return { path, kind: "file", mode: 0o640, modifiedMs: 1_500_000_000_000, sizeBytes: content.length, sha256: createHash("sha256").update(content).digest("hex") };
}

/** A host that gives each file the content under its path, or an error. */
export function serving(contents: Readonly<Record<string, string | Error>>, asked: string[] = []): EntryApi {
  const download = async (_: string, path: string): Promise<unknown> => {
    asked.push(path);
    const content = contents[path];
    if (content === undefined || content instanceof Error) throw content ?? new Error("no such file");
    return Object.assign(Readable.from([Buffer.from(content)]), { trailers: { "holdfast-sources": JSON.stringify([{ host: "h", via: "network", bytes: content.length, elapsedMs: 2 }]) } });
  };
  return { download, downloadTogether: async () => Promise.reject(new Error("one by one, please")) } as unknown as EntryApi;
}

export function fetched(api: EntryApi, rows: readonly PrivateRow[], to: string, signal?: AbortSignal): ReturnType<typeof fetchAll> {
  return fetchAll(context(signal), api, "id", rows, to, () => {});
}
