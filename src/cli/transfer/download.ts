import { dirname, resolve } from "node:path";
import type { FileRow } from "../../door/index.ts";
import type { NewFile } from "../../platform/index.ts";
import { HoldfastError, createForWriting, ensureFolder, removeIfEmpty, removeIfPresent, statIfPresent, walkFolder } from "../../platform/index.ts";
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
 * its id, which is the hash of its content. When it returns, all of it would survive a power cut; when something fails, nothing of it stays, and
 * all that others have put beside it meanwhile does.
 * @throws CliError FOLDER_NOT_EMPTY, UNSAFE_PATH, DAMAGED
 */
export async function download(context: Context, api: HostApi, site: string, files: readonly FileRow[], to: string): Promise<void> {
  const root = resolve(to);
  const places = files.map((file) => ({ file, place: placeBelow(root, file.path) }));
  await refuseNonEmpty(root);
  const written = new Written();
  const progress = new Progress(context.env, context.io, "Downloading", files.length, files.reduce((sum, file) => sum + file.sizeBytes, 0));
  try {
    const made = await written.ensureFolder(root);
    await inParallel(places, WIDTH, context.signal, async ({ file, place }, signal) => {
      await written.ensureFolder(dirname(place));
      await downloadFile({ api, site, file, place, written, progress }, signal);
      progress.addFile();
    });
    await nameLastingly(root, made, places.map(({ place }) => place), context.signal);
  } catch (error) {
    await written.remove();
    throw context.signal.aborted ? new CliError("CANCELLED", "Stopped. Nothing was kept.", { cause: error }) : error;
  } finally {
    progress.end();
  }
}

/** What a download itself has made on the disk. Whatever else is there when it fails belongs to somebody else: a person, or another download. */
class Written {
  readonly #files: string[] = [];
  readonly #folders = new Set<string>();

  /** @returns the topmost folder that had to be made */
  async ensureFolder(path: string): Promise<string | undefined> {
    const topmost = await ensureFolder(path, 0o755);
    if (topmost === undefined) return undefined;
    const above = dirname(topmost);
    for (let folder = path; folder !== above && folder !== dirname(folder); folder = dirname(folder)) this.#folders.add(folder);
    return topmost;
  }

  async create(path: string): Promise<NewFile> {
    const file = await createForWriting(path);
    this.#files.push(path);
    return file;
  }

  async remove(): Promise<void> {
    for (const file of this.#files) await removeIfPresent(file);
    const deepestFirst = [...this.#folders].sort((a, b) => b.length - a.length);
    for (const folder of deepestFirst) await removeIfEmpty(folder);
  }
}

async function refuseNonEmpty(root: string): Promise<void> {
  const found = await statIfPresent(root);
  if (found === undefined) return;
  if (found.kind !== "folder") throw new CliError("FOLDER_NOT_EMPTY", `${root} is a file. Choose a folder that does not exist yet, with --to.`);
  for await (const entry of walkFolder(root)) throw new CliError("FOLDER_NOT_EMPTY", `${root} is not empty (it holds ${entry.path}, for one). Nothing is overwritten; choose an empty folder with --to.`);
}

interface Download {
  readonly api: HostApi;
  readonly site: string;
  readonly file: FileRow;
  readonly place: string;
  readonly written: Written;
  readonly progress: Progress;
}

async function downloadFile({ api, site, file, place, written, progress }: Download, signal: AbortSignal): Promise<void> {
  const response: AsyncIterable<Uint8Array> = await api.download(site, file.path, signal);
  const target = await written.create(place);
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
