import type { StoreId } from "../codec/index.ts";
import { equalBytes } from "../codec/index.ts";
import { DamagedEntry } from "../store/index.ts";
import type { LogEntry, LogOperation, LogRange, RecordLog } from "../store/index.ts";

/** An entry that is not what was written. */
export interface Damaged {
  readonly key: Uint8Array;
  /** What lies there, where the log could tell. */
  readonly stored: Uint8Array | undefined;
}

/**
 * The record log without what the disk has damaged in it: one such entry must not keep anybody from reading, serving and writing all the
 * others. It counts as absent, and whoever listens is told at once, before the reader goes on: what is absent here may be elsewhere.
 */
export class SoundLog implements RecordLog {
  readonly storeId: StoreId;
  readonly #log: RecordLog;
  readonly #early: Damaged[] = [];
  #listener: ((damaged: Damaged) => void) | undefined;

  constructor(log: RecordLog) {
    this.#log = log;
    this.storeId = log.storeId;
  }

  commit(operations: readonly LogOperation[]): Promise<void> {
    return this.#log.commit(operations);
  }

  get(key: Uint8Array): Uint8Array | undefined {
    try {
      return this.#log.get(key);
    } catch (error) {
      if (!(error instanceof DamagedEntry)) throw error;
      this.met({ key, stored: undefined });
      return undefined;
    }
  }

  scan(range: LogRange): LogEntry[] {
    return this.#log.scan(range, (key) => this.met({ key, stored: undefined }));
  }

  close(): Promise<void> {
    return this.#log.close();
  }

  /** Somebody has read an entry that cannot be what was written. */
  met(damaged: Damaged): void {
    if (this.#listener === undefined) this.#early.push(damaged);
    else this.#listener(damaged);
  }

  /** Also tells of what was met before anybody listened. */
  listen(listener: (damaged: Damaged) => void): void {
    this.#listener = listener;
    for (const damaged of this.#early.splice(0)) listener(damaged);
  }

  /** Whether what was met lies there still. */
  isStill({ key, stored }: Damaged): boolean {
    try {
      const found = this.#log.get(key);
      return found !== undefined && stored !== undefined && equalBytes(found, stored);
    } catch (error) {
      if (error instanceof DamagedEntry) return true;
      throw error;
    }
  }
}
