import type { HostApi } from "../api.ts";
import type { Context } from "../context.ts";
import { ApiError } from "../errors.ts";
import { Progress } from "../progress.ts";
import { inParallel } from "./parallel.ts";
import { readUnchanged } from "./read-unchanged.ts";
import type { FileToSend } from "./scan.ts";

const WIDTH = 4;
/** As many as the host takes at once, with long paths. */
const ASKED_AT_ONCE = 200;
/** Larger files are sent: to keep them the host would have to read a part of them. */
const LARGEST_BYTES = 1024 ** 3;

/**
 * Tells the host which files the site has already, by the ids of their content, and gives those that must be sent. Only files of the same
 * path and size are read for that: what is new is read once, when it is sent.
 */
export async function sendable(context: Context, api: HostApi, publication: string, site: string, files: readonly FileToSend[]): Promise<readonly FileToSend[]> {
  const published = await publishedFiles(api, site);
  const candidates = files.filter((file) => published.get(file.path)?.sizeBytes === file.sizeBytes && file.sizeBytes <= LARGEST_BYTES);
  if (candidates.length === 0) return files;
  const { fileIdOf } = await import("../../site/index.ts");
  const progress = new Progress(context.env, context.io, "Comparing", candidates.length, candidates.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0));
  const same: { readonly path: string; readonly id: string }[] = [];
  try {
    await inParallel(candidates, WIDTH, context.signal, async (file) => {
      const id = await fileIdOf(readUnchanged(file));
      if (id === published.get(file.path)!.id) same.push({ path: file.path, id });
      progress.addBytes(file.sizeBytes);
      progress.addFile();
    });
  } finally {
    progress.end();
  }
  const kept = new Set<string>();
  for (let at = 0; at < same.length; at += ASKED_AT_ONCE) for (const path of await api.keepFiles(publication, same.slice(at, at + ASKED_AT_ONCE))) kept.add(path);
  return files.filter((file) => !kept.has(file.path));
}

/** What the site shows now; nothing when it is new, or its list is out of reach. */
async function publishedFiles(api: HostApi, site: string): Promise<ReadonlyMap<string, { readonly id: string; readonly sizeBytes: number }>> {
  const published = new Map<string, { readonly id: string; readonly sizeBytes: number }>();
  try {
    for await (const row of api.files(site)) if (!("code" in row)) published.set(row.path, { id: row.id, sizeBytes: row.sizeBytes });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
  }
  return published;
}
