import { basename, resolve } from "node:path";
import type { PrivateRow, PutRow } from "../../door/index.ts";
import type { Context } from "../context.ts";
import type { EntryApi, Facts, WantedRedundancy } from "../entry-api.ts";
import { CliError } from "../errors.ts";
import { Progress } from "../progress.ts";
import { PUTTING } from "./deed.ts";
import { inParallel } from "./parallel.ts";
import { readUnchanged } from "./read-unchanged.ts";
import type { FileToSend, Scan } from "./scan.ts";

/** Files that are sent at once: small ones wait for their answers, and eight is as many connections as there are. */
const WIDTH = 8;
/** Folders named at once. */
const FOLDERS_AT_ONCE = 1000;
const MODE_BITS = 0o777;

export interface Put {
  readonly row: PutRow;
  /** Of a single file. */
  readonly sha256: string | null;
}

/**
 * Sends what was scanned and has it kept. Whatever goes wrong, there is no entry of it.
 * @throws CliError FILE_CHANGED, CANCELLED; ApiError with the host's reasons
 */
export async function putAll(context: Context, entries: EntryApi, source: string, redundancy: WantedRedundancy | undefined, found: Scan): Promise<Put> {
  const upload = await entries.begin(basename(resolve(source)) || "everything", found.kind, redundancy, context.signal);
  const progress = new Progress(context.env, context.io, "Putting", found.files.length, found.sizeBytes);
  let last: PrivateRow | undefined;
  try {
    for (let at = 0; at < found.folders.length; at += FOLDERS_AT_ONCE) await entries.addFolders(upload, found.folders.slice(at, at + FOLDERS_AT_ONCE).map(factsOf));
    await inParallel(found.files, WIDTH, context.signal, async (file, signal) => {
      last = await entries.addFile(upload, { ...factsOf(file), sizeBytes: file.sizeBytes }, counted(file, progress), signal);
      progress.addFile();
    });
    progress.end();
    if (context.io.isTerminal) context.io.redraw("Placing pieces ...");
    const row = await entries.commit(upload, context.signal);
    return { row, sha256: found.kind === "file" ? (last?.sha256 ?? null) : null };
  } catch (error) {
    // A host that is gone has nothing to take back: it forgets uploads that were not committed.
    await entries.abort(upload).catch(() => {});
    throw context.signal.aborted ? new CliError("CANCELLED", "Stopped. Nothing was put; another try sends only what is missing.", { cause: error }) : error;
  } finally {
    progress.end();
    context.io.redraw("");
  }
}

function factsOf({ path, mode, modifiedMs }: Facts): Facts {
  return { path, mode: mode & MODE_BITS, modifiedMs: Math.max(0, Math.floor(modifiedMs)) };
}

async function* counted(file: FileToSend, progress: Progress): AsyncGenerator<Uint8Array> {
  for await (const chunk of readUnchanged(file, PUTTING)) {
    yield chunk;
    progress.addBytes(chunk.length);
  }
}
