import { constants } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { open } from "node:fs/promises";
import type { OpenFile } from "./disk.ts";
import { reading } from "./disk.ts";
import { diskError } from "./errors.ts";

/** A file that comes in over several tries: what an earlier one left is read, and cut where it is wrong; the rest is written behind it. */
export interface PartFile extends Pick<OpenFile, "read" | "close"> {
  /** How long it is now. */
  readonly sizeBytes: number;
  /** Leaves only its first bytes. */
  cut(sizeBytes: number): Promise<void>;
  /** Writes behind what is there. */
  write(bytes: Uint8Array): Promise<void>;
  /** Returns when all of it would survive a power cut. */
  sync(): Promise<void>;
}

/**
 * Opens a file to go on with, or makes an empty one, which its owner alone may read. Follows no link: whoever may write in the folder could point
 * it anywhere.
 * @returns undefined when what is there is no file @throws PlatformError
 */
export async function openPart(path: string): Promise<PartFile | undefined> {
  // Windows has no such flag, and lets few people make links.
  const flags = constants.O_RDWR | constants.O_CREAT | ((constants.O_NOFOLLOW as number | undefined) ?? 0);
  let file: FileHandle;
  try {
    file = await open(path, flags, 0o600);
  } catch (error) {
    if (isOfNoFile(error)) return undefined;
    throw diskError(error, path);
  }
  const found = await file.stat();
  if (found.isFile()) return part(file, path, found.size);
  await file.close();
  return undefined;
}

function isOfNoFile(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ELOOP" || error.code === "EISDIR" || error.code === "ENXIO");
}

function part(file: FileHandle, path: string, foundBytes: number): PartFile {
  let sizeBytes = foundBytes;
  const done = async (work: Promise<unknown>): Promise<void> => {
    await work.catch((error: unknown) => {
      throw diskError(error, path);
    });
  };
  return {
    ...reading(file, path),
    get sizeBytes() {
      return sizeBytes;
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
    sync: () => done(file.datasync()),
  };
}
