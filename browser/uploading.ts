import type { PutRow } from "../src/door/index.ts";
import { ask, askJson } from "./api.ts";
import type { Picked } from "./picked.ts";
import { encodedPath, sendFile } from "./send.ts";
import type { Way } from "./transfer.ts";
import { Transfer, hasEnded } from "./transfer.ts";

// Private files on their way: one thing after the other, and on while one looks at other pages.

/** What a web browser does not tell of files and folders: they come back as ordinary ones. */
const FILE_MODE = 0o644;
const FOLDER_MODE = 0o755;

export interface Uploading {
  readonly name: string;
  readonly transfer: Transfer<PutRow>;
}

let current: readonly Uploading[] = [];

export function currentUploads(): readonly Uploading[] {
  return current;
}

/** Things that were dropped together, one by one: each becomes an entry of its own. */
export function apart(picked: Picked): readonly Picked[] {
  if (picked.name !== "") return [picked];
  const byName = Map.groupBy(picked.files, ({ path }) => path.split("/")[0]!);
  return [...byName].map(([name, files]) => {
    const isFolder = files[0]!.path !== name;
    return { name, isFolder, files: isFolder ? files.map(({ path, file }) => ({ path: path.slice(name.length + 1), file })) : files };
  });
}

/** @param onKept called when one of them is there, or may be */
export function put(picked: Picked, onKept: () => void): readonly Uploading[] {
  const added = apart(picked).map((each) => ({ name: each.name, transfer: new Transfer(each.files, wayOf(each)) }));
  current = [...current.filter(({ transfer }) => !hasEnded(transfer.progress.phase)), ...added];
  void runAll(added, onKept);
  return current;
}

async function runAll(added: readonly Uploading[], onKept: () => void): Promise<void> {
  for (const { transfer } of added) {
    // It may have been cancelled before its turn came.
    if (transfer.progress.phase !== "waiting") continue;
    transfer.watch(({ phase }) => (phase === "done" || phase === "unsure") && onKept());
    await transfer.run();
  }
}

function wayOf({ name, isFolder, files }: Picked): Way<PutRow> {
  return {
    async begin(signal) {
      const { id } = await askJson<{ id: string }>("POST", "/uploads", { json: { name, kind: isFolder ? "folder" : "file" }, signal });
      const folders = foldersOf(files.map(({ path }) => path)).map((path) => ({ path, mode: FOLDER_MODE, modifiedMs: Date.now() }));
      if (folders.length > 0) await ask("POST", `/uploads/${id}/folders`, { json: { folders }, signal });
      return id;
    },
    send: (id, { path, file }, onBytes, signal) => sendFile(`/uploads/${id}/files/${encodedPath(path)}`, file, { "holdfast-mode": String(FILE_MODE), "holdfast-modified-ms": String(file.lastModified) }, onBytes, signal),
    commit: (id, signal) => askJson<PutRow>("POST", `/uploads/${id}/commit`, { signal }),
    abort: async (id) => void (await ask("DELETE", `/uploads/${id}`)),
  };
}

/** Every folder on the way to a file, those above first. */
export function foldersOf(paths: readonly string[]): readonly string[] {
  const folders = new Set<string>();
  for (const path of paths) {
    const parts = path.split("/");
    for (let length = 1; length < parts.length; length += 1) folders.add(parts.slice(0, length).join("/"));
  }
  return [...folders].sort();
}
