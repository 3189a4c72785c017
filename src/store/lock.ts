import { join } from "node:path";
import type { FileLock } from "../platform/index.ts";
import { lockFile, messageOf } from "../platform/index.ts";
import { StoreError } from "./errors.ts";

const LOCK_NAME = "lock.db";

/**
 * Keeps every other process out of the data directory until it is released or this process ends, however it ends.
 * @throws StoreError DIRECTORY_IN_USE, LOCK_FAILED
 */
export async function lockDirectory(directory: string): Promise<FileLock> {
  const path = join(directory, LOCK_NAME);
  let lock: FileLock | undefined;
  try {
    lock = await lockFile(path);
  } catch (error) {
    throw new StoreError("LOCK_FAILED", `${path} cannot be locked (${messageOf(error)}). Check that the directory is there and may be written; when the file is damaged, delete it while no Holdfast runs here.`, { cause: error });
  }
  if (lock === undefined) throw new StoreError("DIRECTORY_IN_USE", `Another Holdfast runs on ${directory}. Use that one, stop it first, or give this one a directory of its own with --data.`);
  return lock;
}
