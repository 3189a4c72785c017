import type { DatabaseSync } from "node:sqlite";
import { constants } from "node:fs";
import { access, stat, writeFile } from "node:fs/promises";
import { diskError } from "./disk-errors.ts";
import { codeOf } from "./errors.ts";

/** Of SQLite: somebody else has the lock. The lowest byte of an extended code is the primary one. */
const SQLITE_BUSY = 5;

export interface FileLock {
  /** Lets others in. Idempotent. */
  release(): void;
}

/**
 * Keeps all others from locking the same file until it is released or this process ends, however it ends: the lock is the kernel's, which
 * SQLite takes with BEGIN EXCLUSIVE on an empty file. A file with a process id would outlive a crash, and name a stranger after a reboot.
 * Whoever deletes the file does so before the release.
 * @returns undefined while somebody else has it @throws PlatformError; what SQLite says of a file that it cannot lock
 */
export async function lockFile(path: string): Promise<FileLock | undefined> {
  await ensureFile(path);
  const before = await idOf(path);
  // Loaded when it is needed: most commands lock nothing.
  const { DatabaseSync: Database } = process.getBuiltinModule("node:sqlite");
  let database: DatabaseSync | undefined;
  try {
    database = new Database(path, { timeout: 0 });
    // Nothing is ever written, so that nothing need be taken back: without this it makes a second file, and a process that is killed leaves it.
    database.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    // Whoever had it may have deleted the file since, and somebody else have made and locked another.
    if (before !== undefined && (await idOf(path)) === before) return held(database);
    database.close();
    return undefined;
  } catch (error) {
    database?.close();
    if (error instanceof Error && "errcode" in error && typeof error.errcode === "number" && (error.errcode & 0xff) === SQLITE_BUSY) return undefined;
    throw error;
  }
}

/** Opens none that is there: when a process closes a file, the kernel drops all locks on it that this process has. @throws PlatformError */
async function ensureFile(path: string): Promise<void> {
  try {
    await writeFile(path, "", { flag: "wx", mode: 0o600 });
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw diskError(error, path);
    await access(path, constants.R_OK | constants.W_OK).catch((refused: unknown) => {
      // Whoever had it may have deleted it by now.
      if (codeOf(refused) !== "ENOENT") throw diskError(refused, path);
    });
  }
}

/** Tells a file from another one that is at its path later. */
async function idOf(path: string): Promise<bigint | undefined> {
  return (await stat(path, { bigint: true }).catch(() => undefined))?.ino;
}

function held(database: DatabaseSync): FileLock {
  return {
    release() {
      if (database.isOpen) database.close();
    },
  };
}
