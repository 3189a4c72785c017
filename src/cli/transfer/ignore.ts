import { join } from "node:path";
import { openForReading, statIfPresent } from "../../platform/index.ts";
import { CliError } from "../errors.ts";

export const IGNORE_FILE = ".holdfastignore";
const MAX_BYTES = 256 * 1024;

/** Whether a path below the folder is left out. @param path "/" between its parts; of a folder with one behind */
export type Skips = (path: string) => boolean;

/**
 * What the folder's `.holdfastignore` says, in gitignore's language (https://git-scm.com/docs/gitignore), and the file itself.
 * @throws CliError UNFIT_FOLDER when it is far too large to be such a file
 */
export async function readIgnore(root: string): Promise<Skips> {
  const path = join(root, IGNORE_FILE);
  const found = await statIfPresent(path);
  if (found?.kind !== "file") return () => false;
  if (found.sizeBytes > MAX_BYTES) throw new CliError("UNFIT_FOLDER", `${path} is larger than ${MAX_BYTES / 1024} KiB. It lists what is not published; shorten it.`);
  const opened = await openForReading(path);
  try {
    const { default: ignore } = await import("ignore");
    const rules = ignore().add(new TextDecoder().decode(await opened.read(0, found.sizeBytes)));
    return (each) => each === IGNORE_FILE || rules.ignores(each);
  } finally {
    await opened.close();
  }
}
