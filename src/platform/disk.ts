import { constants } from "node:fs";
import type { Stats } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { chmod, link, lstat, mkdir, open, readFile, rename, rm, rmdir, stat, statfs, utimes } from "node:fs/promises";
import { dirname } from "node:path";
import { diskError } from "./disk-errors.ts";
import { codeOf } from "./errors.ts";

export interface Space {
  readonly totalBytes: number;
  readonly freeBytes: number;
}

/** What the disk under `path` has in all, and what it has free for us. */
export async function space(path: string): Promise<Space> {
  const stats = await statfs(path);
  return { totalBytes: stats.blocks * stats.bsize, freeBytes: stats.bavail * stats.bsize };
}

/** The file's bytes, or undefined when there is none. */
export async function readIfPresent(path: string): Promise<Uint8Array | undefined> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw diskError(error, path);
  }
}

export async function removeIfPresent(path: string): Promise<void> {
  await rm(path, { force: true, recursive: true });
}

/** Removes the folder if nothing is in it; else it stays, and where the disk refuses. */
export async function removeIfEmpty(path: string): Promise<void> {
  await rmdir(path).catch(() => {});
}

/**
 * Creates the folder and those above it. `mode` holds for those created.
 * @returns the topmost of those, undefined when the folder was there
 */
export async function ensureFolder(path: string, mode = 0o700): Promise<string | undefined> {
  try {
    return await mkdir(path, { recursive: true, mode });
  } catch (error) {
    throw diskError(error, path);
  }
}

/**
 * Replaces the file as a whole: after a power cut it holds either the old bytes or the new. Temporary file, fdatasync,
 * rename, fsync of the folder.
 */
export async function writeDurably(path: string, bytes: Uint8Array, mode = 0o600): Promise<void> {
  const temporary = `${path}.new`;
  try {
    const file = await open(temporary, "w", mode);
    try {
      await file.writeFile(bytes);
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw diskError(error, path);
  }
}

/**
 * Writes over an existing file where it stands, which needs no room on a full disk. Not atomic: for what is made anew at each start.
 * @throws PlatformError
 */
export async function writeInPlace(path: string, bytes: Uint8Array): Promise<void> {
  try {
    const file = await open(path, "r+");
    try {
      await file.write(bytes, 0, bytes.length, 0);
      await file.truncate(bytes.length);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw diskError(error, path);
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Of folders: they may be written and not read, or the system lets none be opened, or the disk syncs none, or there is none: then it has no names. */
const CANNOT_SYNC = new Set(["EACCES", "EPERM", "EISDIR", "EINVAL", "ENOTSUP", "ENOENT", "ENAMETOOLONG"]);

/** Returns when the names in the folder would survive a power cut, as far as that can be asked for there. */
export async function syncNames(path: string): Promise<void> {
  await syncFolder(path).catch((error: unknown) => {
    if (!CANNOT_SYNC.has(codeOf(error) ?? "")) throw diskError(error, path);
  });
}

export interface FileStat {
  readonly kind: "file" | "folder" | "other";
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  readonly mode: number;
}

/** What stands at `path`, following symbolic links; undefined when nothing does. */
export function statIfPresent(path: string): Promise<FileStat | undefined> {
  return foundBy(stat, path);
}

/** What stands at `path` itself: a symbolic link is neither file nor folder, wherever it leads. */
export function lstatIfPresent(path: string): Promise<FileStat | undefined> {
  return foundBy(lstat, path);
}

/** Nor can there be anything under a name that is too long. */
const NOTHING_THERE = new Set(["ENOENT", "ENOTDIR", "ENAMETOOLONG"]);

async function foundBy(look: (path: string) => Promise<Stats>, path: string): Promise<FileStat | undefined> {
  try {
    const found = await look(path);
    const kind = found.isFile() ? "file" : found.isDirectory() ? "folder" : "other";
    return { kind, sizeBytes: found.size, modifiedMs: found.mtimeMs, mode: found.mode };
  } catch (error) {
    if (NOTHING_THERE.has(codeOf(error) ?? "")) return undefined;
    throw diskError(error, path);
  }
}

/** A file held open. Reads see the file that was opened, also when its name has moved on. */
export interface OpenFile {
  stat(): Promise<FileStat>;
  /** Up to `length` bytes from `offset`; fewer only at the end of the file. */
  read(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

export async function openForReading(path: string): Promise<OpenFile> {
  try {
    return reading(await open(path, "r"), path);
  } catch (error) {
    throw diskError(error, path);
  }
}

export function reading(file: FileHandle, path: string): OpenFile {
  return {
    async stat() {
      const found = await file.stat();
      return { kind: found.isFile() ? "file" : "other", sizeBytes: found.size, modifiedMs: found.mtimeMs, mode: found.mode };
    },
    async read(offset, length) {
      const bytes = new Uint8Array(length);
      let filled = 0;
      try {
        while (filled < length) {
          const { bytesRead } = await file.read(bytes, filled, length - filled, offset + filled);
          if (bytesRead === 0) break;
          filled += bytesRead;
        }
      } catch (error) {
        throw diskError(error, path);
      }
      return filled === length ? bytes : bytes.subarray(0, filled);
    },
    close: () => file.close(),
  };
}

/** A file that did not exist before, written from its beginning to its end. */
export interface NewFile {
  write(bytes: Uint8Array): Promise<void>;
  /** Returns when all of it would survive a power cut; its name does once `syncNames` has returned for its folder. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** Creates a file and never replaces one: what stands at `path` already is an error. */
export async function createForWriting(path: string, mode = 0o644): Promise<NewFile> {
  try {
    const file = await open(path, "wx", mode);
    const failed = (error: unknown): never => {
      throw diskError(error, path);
    };
    return {
      write: (bytes) => file.writeFile(bytes).catch(failed),
      sync: () => file.sync().catch(failed),
      close: () => file.close(),
    };
  } catch (error) {
    throw diskError(error, path);
  }
}

/** When something was changed last, and who may do what with it: the nine bits of POSIX. */
export interface Stamp {
  readonly modifiedMs: number;
  readonly mode: number;
}

/** Gives a file or folder its time and its permissions. */
export async function stamp(path: string, { modifiedMs, mode }: Stamp): Promise<void> {
  try {
    await utimes(path, modifiedMs / 1000, modifiedMs / 1000);
    await chmod(path, mode);
  } catch (error) {
    throw diskError(error, path);
  }
}

/**
 * Has what was written under a temporary name appear under its own, whole. Replaces nothing but an empty file.
 * @returns whether it is there: not when something else is in its place @throws PlatformError
 */
export async function putInPlace(temporary: string, path: string): Promise<boolean> {
  try {
    // A second name, unlike a rename, is refused when something has come to be there an instant ago.
    await link(temporary, path);
  } catch {
    // For an empty file, and for the disks that know no second names; whatever else is wrong, the rename says it.
    const found = await lstatIfPresent(path);
    if (found !== undefined && (found.kind !== "file" || found.sizeBytes > 0)) return false;
    await rename(temporary, path).catch((error: unknown) => {
      throw diskError(error, path);
    });
    return true;
  }
  await removeIfPresent(temporary);
  return true;
}

/** Opens a file for appending, created if need be; its descriptor can be handed to another process as its log. */
export async function openForAppending(path: string, mode = 0o600): Promise<{ readonly descriptor: number; close(): Promise<void> }> {
  try {
    const file = await open(path, "a", mode);
    return { descriptor: file.fd, close: () => file.close() };
  } catch (error) {
    throw diskError(error, path);
  }
}
