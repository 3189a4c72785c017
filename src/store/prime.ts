import { stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { codeOf, diskError, ensureFolder, space } from "../platform/index.ts";
import { StoreError } from "./errors.ts";
import { namesIn, syncFolder } from "./files.ts";
import { folders } from "./folders.ts";
import { MARKER_NAME } from "./marker.ts";

/** What systems put on a disk that nobody has used yet. */
const OF_THE_SYSTEM = ["lost+found", ".DS_Store", ".Spotlight-V100", ".Trashes", ".fseventsd", "System Volume Information", "$RECYCLE.BIN"];

export interface PrepareOptions {
  /** Default: half of what the disk has free. */
  readonly capacityBytes?: number;
  /** Names that may stand in the folder already, left by an earlier try of the caller. */
  readonly mayHold?: readonly string[];
}

/**
 * Makes a folder ready to become a data directory: it must be empty or absent, and its disk large enough. The marker, which the caller
 * writes last, makes it one. Nothing is changed when this throws one of its own errors.
 * @returns the capacity in bytes
 * @throws StoreError NOT_EMPTY, NOT_A_FOLDER, CAPACITY_TOO_LARGE; PlatformError when the disk refuses
 */
export async function prepareDataDirectory(directory: string, options: PrepareOptions = {}): Promise<number> {
  const capacityBytes = await checkPlace(directory, options);
  for (const folder of [folders.pieces, folders.incoming, folders.quarantine, folders.cache]) await ensureFolder(folder(directory), 0o700);
  // The folder's own name must survive a power cut, too.
  await syncFolder(dirname(resolve(directory))).catch((error: unknown) => {
    throw diskError(error, directory);
  });
  return capacityBytes;
}

/** Whether a folder can be prepared. Nothing is changed. @returns and throws as `prepareDataDirectory` does */
export async function checkPlace(directory: string, options: PrepareOptions = {}): Promise<number> {
  await checkEmpty(directory, options.mayHold ?? []);
  const { totalBytes, freeBytes } = await spaceAround(resolve(directory));
  const capacityBytes = options.capacityBytes ?? Math.floor(freeBytes / 2);
  refuseMoreThan({ totalBytes, freeBytes }, capacityBytes, directory);
  return capacityBytes;
}

/** @throws StoreError CAPACITY_TOO_LARGE when the disk under the folder has not so much at all */
export async function checkCapacity(directory: string, capacityBytes: number): Promise<void> {
  refuseMoreThan(await spaceAround(resolve(directory)), capacityBytes, directory);
}

function refuseMoreThan({ totalBytes, freeBytes }: Awaited<ReturnType<typeof space>>, capacityBytes: number, directory: string): void {
  if (capacityBytes <= totalBytes) return;
  throw new StoreError("CAPACITY_TOO_LARGE", `A capacity of ${capacityBytes} bytes is more than the disk under ${directory} has: ${totalBytes} bytes in all, ${freeBytes} of them free. Give a smaller one.`);
}

async function checkEmpty(directory: string, mayHold: readonly string[]): Promise<void> {
  const ours = new Set(Object.values(folders).map((folder) => folder("")));
  const allowed = new Set([...OF_THE_SYSTEM, ...mayHold]);
  const found = (await names(directory)).filter((name) => !allowed.has(name));
  if (found.includes(MARKER_NAME)) {
    throw new StoreError("NOT_EMPTY", `${directory} is a host's data directory already. Start it with "holdfast up --data ${directory}", or give another folder.`);
  }
  // An earlier try that got no further than the empty folders is no obstacle.
  for (const name of found) {
    if (ours.has(name) && (await names(resolve(directory, name))).length === 0) continue;
    throw new StoreError("NOT_EMPTY", `${directory} is not empty: it holds ${JSON.stringify(name)}${found.length > 1 ? ` and ${found.length - 1} more` : ""}. Give an empty folder, or one that is not there yet, so that nothing of yours is touched.`);
  }
}

async function names(directory: string): Promise<string[]> {
  try {
    return await namesIn(directory);
  } catch (error) {
    if (codeOf(error) === "ENOTDIR") throw new StoreError("NOT_A_FOLDER", `${directory} is a file. Give a folder; it is made when it is not there yet.`, { cause: error });
    throw diskError(error, directory);
  }
}

/** The disk on which the folder lies or would lie. */
async function spaceAround(path: string): ReturnType<typeof space> {
  try {
    await stat(path);
  } catch (error) {
    if (codeOf(error) !== "ENOENT" || dirname(path) === path) throw diskError(error, path);
    return spaceAround(dirname(path));
  }
  return space(path);
}
