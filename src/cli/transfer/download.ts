import { dirname, join, resolve } from "node:path";
import type { FileRow } from "../../door/index.ts";
import { HoldfastError, createForWriting, ensureFolder, removeIfPresent, statIfPresent, walkFolder } from "../../platform/index.ts";
import { fileIdOf } from "../../site/index.ts";
import type { HostApi } from "../api.ts";
import type { Context } from "../context.ts";
import { CliError } from "../errors.ts";
import { Progress } from "../progress.ts";
import { nameLastingly } from "./lasting.ts";
import { inParallel } from "./parallel.ts";
import { placeBelow } from "./safe-path.ts";

const WIDTH = 4;

/**
 * Downloads the files into a folder that does not exist or is empty, each compared with its announced length and
 * its id, which is the hash of its content. When it returns, all of it would survive a power cut; when something fails, nothing stays.
 * @throws CliError FOLDER_NOT_EMPTY, UNSAFE_PATH, DAMAGED
 */
export async function download(context: Context, api: HostApi, site: string, files: readonly FileRow[], to: string): Promise<void> {
  const root = resolve(to);
  const places = files.map((file) => ({ file, place: placeBelow(root, file.path) }));
  const existed = await refuseNonEmpty(root);
  const progress = new Progress(context.env, context.io, "Downloading", files.length, files.reduce((sum, file) => sum + file.sizeBytes, 0));
  try {
    const made = await ensureFolder(root, 0o755);
    await inParallel(places, WIDTH, context.signal, async ({ file, place }, signal) => {
      await ensureFolder(dirname(place), 0o755);
      await downloadFile(api, site, file, place, progress, signal);
      progress.addFile();
    });
    await nameLastingly(root, made, places.map(({ place }) => place), context.signal);
  } catch (error) {
    await (existed ? removeBelow(root, files) : removeIfPresent(root));
    throw context.signal.aborted ? new CliError("CANCELLED", "Stopped. Nothing was kept.", { cause: error }) : error;
  } finally {
    progress.end();
  }
}

async function refuseNonEmpty(root: string): Promise<boolean> {
  const found = await statIfPresent(root);
  if (found === undefined) return false;
  if (found.kind !== "folder") throw new CliError("FOLDER_NOT_EMPTY", `${root} is a file. Choose a folder that does not exist yet, with --to.`);
  for await (const entry of walkFolder(root)) throw new CliError("FOLDER_NOT_EMPTY", `${root} is not empty (it holds ${entry.path}, for one). Nothing is overwritten; choose an empty folder with --to.`);
  return true;
}

/** The folder was empty before, so all that stands under the files' first parts is ours. */
async function removeBelow(root: string, files: readonly FileRow[]): Promise<void> {
  for (const first of new Set(files.map((file) => file.path.split("/")[0]!))) await removeIfPresent(join(root, first));
}

async function downloadFile(api: HostApi, site: string, file: FileRow, place: string, progress: Progress, signal: AbortSignal): Promise<void> {
  const response: AsyncIterable<Uint8Array> = await api.download(site, file.path, signal);
  const target = await createForWriting(place);
  let received = 0;
  const saved = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of response) {
      received += chunk.length;
      if (received > file.sizeBytes) return;
      await target.write(chunk);
      progress.addBytes(chunk.length);
      yield chunk;
    }
  };
  try {
    const id = await fileIdOf(saved());
    if (received !== file.sizeBytes || id !== file.id) throw new CliError("DAMAGED", `${file.path} is not what the list of files announced: the site may have been published anew meanwhile. Nothing was kept; try again.`);
    await target.sync();
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof HoldfastError) throw error;
    throw new CliError("DAMAGED", `${file.path} broke off after ${received} of ${file.sizeBytes} bytes. Nothing was kept; try again.`, { cause: error });
  } finally {
    await target.close();
  }
}
