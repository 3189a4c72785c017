import type { PublishRow } from "../src/door/index.ts";
import { ask, askJson } from "./api.ts";
import type { PickedFile } from "./picked.ts";
import { encodedPath, sendFile } from "./send.ts";
import type { Way } from "./transfer.ts";
import { Transfer } from "./transfer.ts";

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
  const phase = current?.transfer.progress.phase;
  return phase === "done" || phase === "cancelled" ? undefined : current;
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
  return {
    begin: async (signal) => (await askJson<{ id: string }>("POST", "/publications", { json: { name, copies: COPIES, preview: isPreview }, signal })).id,
    send: (id, { path, file }, onBytes, signal) => sendFile(`/publications/${id}/files/${encodedPath(path)}`, file, {}, onBytes, signal),
    commit: (id, signal) => askJson<PublishRow>("POST", `/publications/${id}/commit`, { signal }),
    abort: async (id) => void (await ask("DELETE", `/publications/${id}`)),
  };
}

/** Makes an older version, or one that was only looked at, the current one. */
export function rollBack(name: string, sequence: number): Promise<PublishRow> {
  return askJson<PublishRow>("POST", `/sites/${encodeURIComponent(name)}/rollback`, { json: { sequence } });
}
