import type { PublishRow } from "../../door/index.ts";
import type { HostApi } from "../api.ts";
import type { Context } from "../context.ts";
import { CliError } from "../errors.ts";
import { Progress } from "../progress.ts";
import { inParallel } from "./parallel.ts";
import { readUnchanged } from "./read-unchanged.ts";
import type { FileToSend, Scan } from "./scan.ts";

/** Files that are sent at once. More does not help: the disks are the limit. */
const WIDTH = 4;

/**
 * Sends what was scanned and commits it. Whatever goes wrong, nothing of it stays: the publication is taken back.
 * @throws CliError FILE_CHANGED, CANCELLED; ApiError with the host's reasons
 */
export async function upload(context: Context, api: HostApi, name: string, copies: number | "all", found: Scan): Promise<PublishRow> {
  const publication = await api.beginPublication(name, copies);
  const progress = new Progress(context.env, context.io, "Publishing", found.files.length, found.sizeBytes);
  try {
    await inParallel(found.files, WIDTH, context.signal, async (file, signal) => {
      await api.addFile(publication, file.path, file.sizeBytes, counted(file, progress), signal);
      progress.addFile();
    });
    progress.end();
    if (context.io.isTerminal) context.io.redraw("Placing copies ...");
    return await api.commit(publication, context.signal);
  } catch (error) {
    // A host that is gone has nothing to take back: it forgets publications that were not committed.
    await api.abort(publication).catch(() => {});
    throw context.signal.aborted ? new CliError("CANCELLED", "Stopped. Nothing was published.", { cause: error }) : error;
  } finally {
    progress.end();
    context.io.redraw("");
  }
}

async function* counted(file: FileToSend, progress: Progress): AsyncGenerator<Uint8Array> {
  for await (const chunk of readUnchanged(file)) {
    yield chunk;
    progress.addBytes(chunk.length);
  }
}
