import { basename, resolve } from "node:path";
import { concatBytes } from "../../codec/index.ts";
import type { PrivateRow, PutRow } from "../../door/index.ts";
import type { Context } from "../context.ts";
import type { EntryApi, Facts, FileFacts, WantedRedundancy } from "../entry-api.ts";
import { CliError } from "../errors.ts";
import { Progress } from "../progress.ts";
import { bundlesOf } from "./bundles.ts";
import { PUTTING } from "./deed.ts";
import { committed, ended } from "./ending.ts";
import { inParallel } from "./parallel.ts";
import { readCounted, readUnchanged } from "./read-unchanged.ts";
import type { FileToSend, Scan } from "./scan.ts";

/** Files, or bundles of small ones, that are sent at once: one is read, one is sealed, one waits for its answer. */
const WIDTH = 4;
/** Files of one bundle that are read at once. */
const READ_AT_ONCE = 4;
/** Folders named at once: with the longest of paths their list stays within what a host reads as JSON. */
const FOLDERS_AT_ONCE = 200;
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
    let bundles = 0;
    await inParallel(bundlesOf(found.files, ({ sizeBytes }) => sizeBytes), WIDTH, context.signal, async (files, signal) => {
      const [first] = files;
      if (files.length > 1) await sendBundle(entries, upload, (bundles += 1), files, progress, signal);
      else last = await entries.addFile(upload, fileFactsOf(first!), readCounted(first!, progress, PUTTING), signal);
      for (const _ of files) progress.addFile();
    });
    progress.end();
    if (context.io.isTerminal) context.io.redraw("Placing pieces ...");
    const row = await committed(() => entries.commit(upload, context.signal));
    return { row, sha256: found.kind === "file" ? (last?.sha256 ?? null) : null };
  } catch (error) {
    const inTime = await ended(() => entries.abort(upload));
    const words = inTime ? "Stopped. Nothing was put; another try sends only what is missing." : "Stopped while it was being kept: 'holdfast ls' says whether it is.";
    throw context.signal.aborted ? new CliError("CANCELLED", words, { cause: error }) : error;
  } finally {
    progress.end();
    context.io.redraw("");
  }
}

function factsOf({ path, mode, modifiedMs }: Facts): Facts {
  return { path, mode: mode & MODE_BITS, modifiedMs: Math.max(0, Math.floor(modifiedMs)) };
}

function fileFactsOf(file: FileToSend): FileFacts {
  return { ...factsOf(file), sizeBytes: file.sizeBytes };
}

/** Nothing of it is sent before each of its files was seen whole and unchanged. */
async function sendBundle(entries: EntryApi, upload: string, number: number, files: readonly FileToSend[], progress: Progress, signal: AbortSignal): Promise<void> {
  const contents: Uint8Array[] = [];
  await inParallel(files.entries(), READ_AT_ONCE, signal, async ([at, file]) => {
    contents[at] = concatBytes(...(await Array.fromAsync(readUnchanged(file, PUTTING))));
  });
  await entries.addBundle(upload, number, files.map(fileFactsOf), contents, signal);
  for (const { length } of contents) progress.addBytes(length);
}
