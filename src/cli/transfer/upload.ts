import type { PublishRow } from "../../door/index.ts";
import type { HostApi } from "../api.ts";
import type { Context } from "../context.ts";
import { ApiError, CliError } from "../errors.ts";
import { Progress } from "../progress.ts";
import { committed, ended } from "./ending.ts";
import { inParallel } from "./parallel.ts";
import { readCounted } from "./read-unchanged.ts";
import type { Scan } from "./scan.ts";
import { sendable } from "./unchanged.ts";

export interface Wanted {
  readonly name: string;
  readonly copies: number | "all";
  readonly preview: boolean;
}

export interface Uploaded {
  readonly row: PublishRow;
  /** How many files were sent to the host; it had the others. */
  readonly sent: number;
}

/** Files that are sent at once. More does not help: the disks are the limit. */
const WIDTH = 4;

/**
 * Sends what of the scanned files the site does not have, and commits all of them. When something goes wrong, nothing is published; the next time what was sent is not sent again, but for where there was no room for all.
 * @throws CliError FILE_CHANGED, CANCELLED; ApiError with the host's reasons
 */
export async function upload(context: Context, api: HostApi, wanted: Wanted, found: Scan): Promise<Uploaded> {
  const { name, copies, preview } = wanted;
  const publication = await api.beginPublication(name, copies, preview);
  let progress: Progress | undefined;
  try {
    const files = await sendable(context, api, publication, name, found.files);
    const shown = (progress = new Progress(context.env, context.io, "Publishing", files.length, files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)));
    await inParallel(files, WIDTH, context.signal, async (file, signal) => {
      await api.addFile(publication, file.path, file.sizeBytes, readCounted(file, shown), signal);
      shown.addFile();
    });
    shown.end();
    if (context.io.isTerminal) context.io.redraw("Placing copies ...");
    return { row: await committed(() => api.commit(publication, context.signal)), sent: files.length };
  } catch (error) {
    // What lacked room must not fill what is left of it.
    const inTime = await ended(() => (hadNoRoom(error) ? api.abort(publication) : api.leave(publication)));
    const words = inTime ? "Stopped. Nothing was published; publish again to go on from what was sent." : "Stopped while it was being published: 'holdfast sites' says whether it was.";
    throw context.signal.aborted ? new CliError("CANCELLED", words, { cause: error }) : error;
  } finally {
    progress?.end();
    context.io.redraw("");
  }
}

/** Insufficient Storage (RFC 4918, section 11.5): a disk, every host, or the person's share is full. */
function hadNoRoom(error: unknown): boolean {
  return error instanceof ApiError && error.status === 507;
}
