import type { HostId } from "../codec/index.ts";
import type { Env } from "../platform/index.ts";
import type { PieceStore, RecordLog, SegmentCache } from "../store/index.ts";
import { FilePieceStore, FileSegmentCache, SqliteLog, checkMarker, lockDirectory } from "../store/index.ts";
import type { DataDirectory, HostIdentity, Settings } from "./directory.ts";

export interface LocalStore {
  readonly identity: HostIdentity;
  readonly settings: Settings;
  readonly log: RecordLog;
  readonly pieces: PieceStore;
  readonly cache: SegmentCache;
}

const MIB = 1024 ** 2;

/** A twentieth of the capacity, at least 64 MiB and at most 4 GiB. */
function cacheBytes(capacityBytes: number): number {
  return Math.min(4096 * MIB, Math.max(64 * MIB, Math.floor(capacityBytes / 20)));
}

/**
 * Opens the disk of a data directory after making sure that it is the right one and that nobody else has it.
 * @param expected whose directory this person's configuration says it is
 */
export async function openStore(env: Env, directory: DataDirectory, expected: HostId | undefined, started: AsyncDisposableStack): Promise<LocalStore> {
  await checkMarker(directory.path, expected === undefined ? {} : { host: expected });
  const lock = await lockDirectory(directory.path);
  started.defer(() => lock.release());
  const [identity, settings] = [await directory.identity(), await directory.settings()];
  const log = await SqliteLog.open(env, directory.file("records.db"));
  started.defer(() => log.close());
  const pieces = await FilePieceStore.open(env, { directory: directory.path, log, capacityBytes: settings.capacityBytes });
  started.defer(() => pieces.close());
  const cache = await FileSegmentCache.open(env, { directory: directory.path, budgetBytes: cacheBytes(settings.capacityBytes) });
  return { identity, settings, log, pieces, cache };
}
