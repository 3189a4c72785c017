import type { Stats } from "node:fs";
import { lstat, readdir, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { diskError } from "./disk-errors.ts";

export interface FolderEntry {
  /** Path below the walked folder, its parts joined by "/". */
  readonly path: string;
  readonly kind: "file" | "folder" | "other" | "link-outside" | "link-broken" | "link-loop";
  readonly absolutePath: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  readonly mode: number;
}

/**
 * Everything below `root`, depth first, each folder's entries in the order of their UTF-8 bytes. Symbolic links are followed while they
 * stay inside the folder; others are named as what they are and left to the caller.
 */
export async function* walkFolder(root: string, signal?: AbortSignal, skips: (path: string, isFolder: boolean) => boolean = () => false): AsyncGenerator<FolderEntry> {
  const home = await realpath(root).catch((error: unknown) => {
    throw diskError(error, root);
  });
  yield* walk({ home, signal, skips }, home, "", [home]);
}

interface Walk {
  readonly home: string;
  readonly signal: AbortSignal | undefined;
  readonly skips: (path: string, isFolder: boolean) => boolean;
}

async function* walk(whole: Walk, folder: string, prefix: string, parents: readonly string[]): AsyncGenerator<FolderEntry> {
  const { home, signal, skips } = whole;
  const names = await readdir(folder).catch((error: unknown) => {
    throw diskError(error, folder);
  });
  for (const name of names.sort(byUtf8)) {
    signal?.throwIfAborted();
    const absolutePath = join(folder, name);
    const path = prefix + name;
    const entry = await describe(home, absolutePath, path, parents);
    if (skips(path, entry.kind === "folder")) continue;
    yield entry;
    if (entry.kind === "folder") {
      yield* walk(whole, entry.absolutePath, `${path}/`, [...parents, entry.absolutePath]);
    }
  }
}

async function describe(home: string, absolutePath: string, path: string, parents: readonly string[]): Promise<FolderEntry> {
  const found = await lstat(absolutePath);
  if (!found.isSymbolicLink()) {
    const kind = found.isFile() ? "file" : found.isDirectory() ? "folder" : "other";
    return { path, kind, absolutePath, ...factsOf(found) };
  }
  const target = await realpath(absolutePath).catch(() => undefined);
  if (target === undefined) return { path, kind: "link-broken", absolutePath, ...factsOf(found) };
  if (target !== home && !target.startsWith(home + sep)) return { path, kind: "link-outside", absolutePath, ...factsOf(found) };
  const behind = await stat(target);
  if (behind.isDirectory() && parents.includes(target)) return { path, kind: "link-loop", absolutePath, ...factsOf(behind) };
  const kind = behind.isFile() ? "file" : behind.isDirectory() ? "folder" : "other";
  return { path, kind, absolutePath: target, ...factsOf(behind) };
}

function factsOf(found: Stats): { readonly sizeBytes: number; readonly modifiedMs: number; readonly mode: number } {
  return { sizeBytes: found.size, modifiedMs: found.mtimeMs, mode: found.mode };
}

function byUtf8(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
