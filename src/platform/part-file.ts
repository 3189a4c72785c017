import { constants } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { chmod, lstat, open, rm } from "node:fs/promises";
import type { OpenFile, Stamp } from "./disk.ts";
import { reading } from "./disk.ts";
import { diskError } from "./disk-errors.ts";

const OWNER_ONLY = 0o600;
/** Every disk takes files of this size; FAT takes none that is larger. */
const EVERYWHERE_BYTES = 2 ** 32 - 1;

/** A file that comes in over several tries: what an earlier one left is read, and cut where it is wrong; the rest is written behind it. */
export interface PartFile extends Pick<OpenFile, "read" | "close"> {
  /** How long it is now. */
  readonly sizeBytes: number;
  /** Asks the disk whether it takes files of this size, before so much is brought for nothing. @throws PlatformError FILE_TOO_LARGE */
  fits(sizeBytes: number): Promise<void>;
  /** Leaves only its first bytes. */
  cut(sizeBytes: number): Promise<void>;
  /** Writes behind what is there. */
  write(bytes: Uint8Array): Promise<void>;
  /** Gives it its time and its permissions, and returns when all of it would survive a power cut. */
  finish(stamp: Stamp): Promise<void>;
}

/**
 * Opens a file to go on with, or makes an empty one, which its owner alone may read. Follows no link: whoever may write in the folder could point
 * it anywhere.
 * @param what the file that it is a part of, for errors to name
 * @returns undefined when what is there is no file @throws PlatformError
 */
export async function openPart(path: string, what = path): Promise<PartFile | undefined> {
  // Windows has no such flag, and lets few people make links.
  const flags = constants.O_RDWR | constants.O_CREAT | ((constants.O_NOFOLLOW as number | undefined) ?? 0);
  let file: FileHandle;
  try {
    await makeOurs(path);
    file = await open(path, flags, OWNER_ONLY);
  } catch (error) {
    if (isOfNoFile(error)) return undefined;
    throw diskError(error, what);
  }
  const found = await file.stat();
  if (found.isFile()) return part(file, what, found.size);
  await file.close();
  return undefined;
}

/** What a part may be left as when the process ended on the way to putting it in its place: stamped already, or there already under both names. */
async function makeOurs(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found?.isFile() !== true) return;
  // Whoever writes to the one name would change what is under the other.
  if (found.nlink > 1) await rm(path, { force: true });
  else if ((found.mode & 0o777) !== OWNER_ONLY) await chmod(path, OWNER_ONLY);
}

function isOfNoFile(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ELOOP" || error.code === "EISDIR" || error.code === "ENXIO");
}

function part(file: FileHandle, what: string, foundBytes: number): PartFile {
  let sizeBytes = foundBytes;
  const done = async (work: Promise<unknown>): Promise<void> => {
    await work.catch((error: unknown) => {
      throw diskError(error, what);
    });
  };
  return {
    ...reading(file, what),
    get sizeBytes() {
      return sizeBytes;
    },
    async fits(length) {
      if (length <= EVERYWHERE_BYTES) return;
      // Without its bytes, so that it takes no room. Whoever is killed in between leaves zeros, which are no more the file's than any others.
      try {
        await done(file.truncate(length));
      } finally {
        await done(file.truncate(sizeBytes));
      }
    },
    async cut(length) {
      if (length === sizeBytes) return;
      await done(file.truncate(length));
      sizeBytes = length;
    },
    async write(bytes) {
      for (let written = 0; written < bytes.length; ) {
        await done(
          file.write(bytes, written, bytes.length - written, sizeBytes).then(({ bytesWritten }) => {
            written += bytesWritten;
            sizeBytes += bytesWritten;
          }),
        );
      }
    },
    async finish({ modifiedMs, mode }) {
      await done(file.utimes(modifiedMs / 1000, modifiedMs / 1000));
      await done(file.chmod(mode));
      await done(file.sync());
    },
  };
}
