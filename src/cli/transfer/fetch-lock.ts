import { join } from "node:path";
import type { FileLock } from "../../platform/index.ts";
import { codeOf, lockFile, messageOf, removeIfPresent } from "../../platform/index.ts";
import { CliError } from "../errors.ts";
import { fetchName } from "./part.ts";

/**
 * Keeps a second fetch of the same entry out of the folder: both would write the same parts. It ends with this process, however that ends.
 * Dispose of it when the fetch has ended: then nothing of it stays in the folder.
 * @throws CliError FILE_IN_THE_WAY
 */
export async function lockFetch(folder: string, id: string): Promise<AsyncDisposable> {
  const path = join(folder, `${fetchName(id, "")}.holdfast-lock`);
  const lock = await locked(path);
  if (lock !== undefined) return { [Symbol.asyncDispose]: () => removeIfPresent(path).finally(() => lock.release()) };
  throw new CliError("FILE_IN_THE_WAY", `Another fetch of the same writes into ${folder} just now. Wait until it has ended; the same command fetches what is missing then.`);
}

async function locked(path: string): Promise<FileLock | undefined> {
  try {
    return await lockFile(path);
  } catch (error) {
    if (codeOf(error) !== "ERR_SQLITE_ERROR") throw error;
    throw new CliError("FILE_IN_THE_WAY", `${path} cannot be locked (${messageOf(error)}). Delete it when no fetch is running; if that does not help, fetch to another disk.`, { cause: error });
  }
}
