import type { SQLOutputValue, StatementSync } from "node:sqlite";
import { DatabaseSync } from "node:sqlite";
import { messageOf } from "../platform/index.ts";
import { DamagedEntry, StoreError } from "./errors.ts";
import { openValue } from "./log-entry.ts";
import { faultOf } from "./log-fault.ts";
import { DEFAULT_SCAN_LIMIT } from "./port.ts";
import type { LogEntry, LogRange } from "./port.ts";

/** Reads the log in the calling thread, on a connection of its own. In WAL mode no reader waits for the writer. */
export class SqliteLogReader {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #get: StatementSync;
  readonly #ascending: StatementSync;
  readonly #descending: StatementSync;

  /** @throws StoreError LOG_DAMAGED */
  constructor(path: string) {
    this.#path = path;
    try {
      this.#database = new DatabaseSync(path, { readOnly: true, timeout: 5000, returnArrays: true });
      this.#database.exec("PRAGMA cache_size = -1024");
      this.#get = this.#database.prepare("SELECT value FROM kv WHERE key = ?");
      this.#ascending = this.#database.prepare("SELECT key, value FROM kv WHERE key >= ? AND key < ? ORDER BY key LIMIT ?");
      this.#descending = this.#database.prepare("SELECT key, value FROM kv WHERE key >= ? AND key < ? ORDER BY key DESC LIMIT ?");
    } catch (error) {
      throw unreadable(path, faultOf(error).message, error);
    }
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const row = this.#guard(() => this.#get.get(key)) as SQLOutputValue[] | undefined;
    if (row === undefined) return undefined;
    const value = openValue(key, row[0] as Uint8Array);
    if (value === undefined) throw new DamagedEntry(this.#path, key);
    return value;
  }

  scan({ from, to, limit = DEFAULT_SCAN_LIMIT, bytes = Infinity, reverse = false }: LogRange, damaged?: (key: Uint8Array) => void): LogEntry[] {
    const entries: LogEntry[] = [];
    let left = bytes;
    for (let [begin, end] = [from, to]; ; ) {
      const wanted = limit - entries.length;
      const { rows, isCut } = this.#guard(() => page(reverse ? this.#descending : this.#ascending, [begin, end, wanted], left));
      for (const [key, stored] of rows) {
        const value = openValue(key, stored);
        if (value !== undefined) {
          entries.push({ key, value });
          left -= key.length + value.length;
        } else if (damaged === undefined) throw new DamagedEntry(this.#path, key);
        else damaged(key);
      }
      if (entries.length === limit || left <= 0 || (rows.length < wanted && !isCut)) return entries;
      const [last] = rows.at(-1)!;
      [begin, end] = reverse ? [begin, last] : [Uint8Array.from([...last, 0]), end];
    }
  }

  close(): void {
    this.#database.close();
  }

  #guard<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw unreadable(this.#path, faultOf(error).message, error);
    }
  }
}

type Stored = readonly [key: Uint8Array, value: Uint8Array];

/** Rows as they are stored, no more of them than are wanted. All at once is quicker than one by one, which a bound in bytes takes. */
function page(statement: StatementSync, range: [begin: Uint8Array, end: Uint8Array, wanted: number], bytes: number): { readonly rows: readonly Stored[]; readonly isCut: boolean } {
  if (bytes === Infinity) return { rows: statement.all(...range) as unknown as Stored[], isCut: false };
  const rows: Stored[] = [];
  let left = bytes;
  for (const row of statement.iterate(...range) as unknown as Iterable<Stored>) {
    rows.push(row);
    left -= row[0].length + row[1].length;
    if (left <= 0) return { rows, isCut: true };
  }
  return { rows, isCut: false };
}

/** What a person reads when the log's file is not what was written. */
export function unreadable(path: string, why: string, cause?: unknown): StoreError {
  return new StoreError(
    "LOG_DAMAGED",
    `The record log ${path} is damaged (${why}). Stop this host, check the disk, move the file and those that begin with its name aside, and start again: the records come back from the other hosts.`,
    { cause },
  );
}

/**
 * Reads through the whole log and says what is wrong with it; nothing when all is well. For a doctor: it takes seconds for each GiB.
 * May run beside the daemon.
 */
export function inspectLog(path: string): string[] {
  try {
    const database = new DatabaseSync(path, { readOnly: true, timeout: 5000, returnArrays: true });
    try {
      const findings = database.prepare("PRAGMA integrity_check(10)").all() as unknown as [string][];
      const wrong = findings.map(([finding]) => finding).filter((finding) => finding !== "ok");
      return wrong.length > 0 ? wrong : inspectEntries(database);
    } finally {
      database.close();
    }
  } catch (error) {
    return [messageOf(error)];
  }
}

function inspectEntries(database: DatabaseSync): string[] {
  let wrong = 0;
  for (const row of database.prepare("SELECT key, value FROM kv").iterate() as unknown as Iterable<[Uint8Array, Uint8Array]>) {
    if (openValue(row[0], row[1]) === undefined) wrong += 1;
  }
  return wrong === 0 ? [] : [`${wrong} entries do not match their checksums`];
}
