import { dirname } from "node:path";
import { syncNames } from "../../platform/index.ts";
import { inParallel } from "./parallel.ts";

/** A disk writes down the names of many folders at once. */
const WIDTH = 16;

/**
 * Returns when what was put below a folder would survive a power cut by its names: the bytes of a file are safe before it has one. Once for each
 * folder when all is there, whatever number of files it has.
 * @param made the topmost folder that was made for `root`, if it or those above it were not there
 */
export async function nameLastingly(root: string, made: string | undefined, places: Iterable<string>, signal: AbortSignal): Promise<void> {
  const folders = new Set([root]);
  for (const place of places) {
    for (let folder = dirname(place); !folders.has(folder); folder = dirname(folder)) folders.add(folder);
  }
  // The folder that a new one is in has its name.
  if (made !== undefined) {
    const above = dirname(made);
    for (let folder = root; folder !== above && folder !== dirname(folder); ) folders.add((folder = dirname(folder)));
  }
  await inParallel(folders, WIDTH, signal, syncNames);
}
