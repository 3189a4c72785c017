import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { StoreError } from "./errors.ts";
import { faultOf } from "./log-fault.ts";

const LOCK_NAME = "lock.db";

export interface DirectoryLock {
  /** Lets others in. Idempotent. */
  release(): void;
}

/**
 * Keeps every other process out of the data directory until it is released or this process ends, however it ends: the lock is the
 * kernel's, which SQLite takes with BEGIN EXCLUSIVE on a file of its own. A file with a process id would outlive a crash, and name a
 * stranger after a reboot.
 * @throws StoreError DIRECTORY_IN_USE
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  const path = join(directory, LOCK_NAME);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: 0 });
    database.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    database?.close();
    throw refusal(directory, error);
  }
  return held(database);
}

function held(database: DatabaseSync): DirectoryLock {
  return {
    release() {
      if (database.isOpen) database.close();
    },
  };
}

function refusal(directory: string, error: unknown): StoreError {
  const fault = faultOf(error);
  if (fault.kind === "busy") {
    return new StoreError("DIRECTORY_IN_USE", `Another Holdfast runs on ${directory}. Use that one, stop it first, or give this one a directory of its own with --data.`);
  }
  return new StoreError("LOCK_FAILED", `${join(directory, LOCK_NAME)} cannot be locked (${fault.message}). Check that the directory is there and may be written; when the file is damaged, delete it while no Holdfast runs here.`, { cause: error });
}
