import type { FileFault, FileRow, PublishRow } from "../src/door/index.ts";
import { ApiError, ask, askJson } from "./api.ts";
import { LARGEST_BYTES, fileIdOf } from "./file-id.ts";
import type { PickedFile } from "./picked.ts";
import { encodedPath, sendFile } from "./send.ts";
import type { Way } from "./transfer.ts";
import { Transfer, hasEnded } from "./transfer.ts";

// What is being published: it goes on while one looks at other pages.

const COPIES = 3;

export interface Publishing {
  readonly name: string;
  readonly isPreview: boolean;
  readonly transfer: Transfer<PublishRow>;
}

let current: Publishing | undefined;

/** The publication under way, also one that was stopped or has failed; none that has ended. */
export function currentPublishing(): Publishing | undefined {
  return current === undefined || hasEnded(current.transfer.progress.phase) ? undefined : current;
}

export function putAway(): void {
  current = undefined;
}

export function publish(name: string, files: readonly PickedFile[], isPreview: boolean): Publishing {
  current = { name, isPreview, transfer: new Transfer(files, wayOf(name, isPreview)) };
  void current.transfer.run();
  return current;
}

function wayOf(name: string, isPreview: boolean): Way<PublishRow> {
  let kept: Kept = { id: "", files: new Set() };
  return {
    begin: async (signal) => (await askJson<{ id: string }>("POST", "/publications", { json: { name, copies: COPIES, preview: isPreview }, signal })).id,
    spare: (id, files, signal) => {
      if (kept.id !== id) kept = { id, files: new Set() };
      return spare(name, kept, files, signal);
    },
    send: (id, { path, file }, onBytes, signal) => sendFile(`/publications/${id}/files/${encodedPath(path)}`, file, {}, onBytes, signal),
    commit: (id, signal) => askJson<PublishRow>("POST", `/publications/${id}/commit`, { signal }),
    abort: async (id) => void (await ask("DELETE", `/publications/${id}`)),
  };
}

/** As many as the host takes at once, with long paths. */
const ASKED_AT_ONCE = 200;

/** Files that a publication has taken in without their bytes. */
interface Kept {
  readonly id: string;
  readonly files: Set<PickedFile>;
}

/** Has the publication take in what the site shows already under the same path: only files of the same size are read for that. */
async function spare(name: string, kept: Kept, files: readonly PickedFile[], signal: AbortSignal): Promise<ReadonlySet<PickedFile>> {
  const published = await publishedFiles(name, signal);
  const same = new Map<string, { readonly picked: PickedFile; readonly id: string }>();
  for (const picked of files) {
    const before = published.get(picked.path);
    if (kept.files.has(picked) || before?.sizeBytes !== picked.file.size || picked.file.size > LARGEST_BYTES) continue;
    if (before.id === (await fileIdOf(picked.file, signal))) same.set(picked.path, { picked, id: before.id });
  }
  const asked = [...same].map(([path, { id }]) => ({ path, id }));
  for (let at = 0; at < asked.length; at += ASKED_AT_ONCE) {
    signal.throwIfAborted();
    // Not broken off by a stop: what the host has taken in it must not be given again.
    const answer = await askJson<{ kept: string[] }>("POST", `/publications/${kept.id}/kept`, { json: { files: asked.slice(at, at + ASKED_AT_ONCE) } });
    for (const path of answer.kept) kept.files.add(same.get(path)!.picked);
  }
  return kept.files;
}

/** What the site shows now; nothing when it is new, or its list is out of reach. */
async function publishedFiles(name: string, signal: AbortSignal): Promise<ReadonlyMap<string, FileRow>> {
  const rows = await askJson<{ files: (FileRow | FileFault)[] }>("GET", `/sites/${encodeURIComponent(name)}/files`, { signal }).catch((error: unknown) => {
    if (error instanceof ApiError) return { files: [] };
    throw error;
  });
  return new Map(rows.files.flatMap((row) => ("code" in row ? [] : [[row.path, row] as const])));
}

/** Makes an older version, or one that was only looked at, the current one. */
export function rollBack(name: string, sequence: number): Promise<PublishRow> {
  return askJson<PublishRow>("POST", `/sites/${encodeURIComponent(name)}/rollback`, { json: { sequence } });
}
