// The record log's writer, a thread of its own: it opens the database, gathers all commits that wait into one transaction, and tells
// the calling thread what became of each. It imports as little as it can, because every import costs memory a second time.
import { DatabaseSync } from "node:sqlite";
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import type { MessagePort } from "node:worker_threads";
import { unpackCommits } from "./commit-batch.ts";
import type { PackedCommits, PackedOperation } from "./commit-batch.ts";
import { faultOf, openingFaultOf } from "./log-fault.ts";
import type { LogFault } from "./log-fault.ts";
import { APPLICATION_ID, LOG_FORMAT } from "./sqlite-log-protocol.ts";
import type { FromWriter, ToWriter, WriterData } from "./sqlite-log-protocol.ts";

/** A transaction is closed beyond this, so that the first of many commits does not wait for the last. */
const TRANSACTION_BYTES_MAX = 8 * 1024 * 1024;
/** 64 MiB of pages in the write-ahead log: the larger, the fewer pages are written twice, and the longer a restart takes. */
const CHECKPOINT_PAGES = 16_384;
/** After a checkpoint that the disk had no room for, the next waits for as many more pages. */
const CHECKPOINT_PAUSE_PAGES = 1024;
const BUSY_MS = 10_000;

class Foreign extends Error {
  readonly applicationId: number;
  readonly format: number;

  constructor(applicationId: number, format: number) {
    super("not a record log of this version");
    this.applicationId = applicationId;
    this.format = format;
  }
}

function openDatabase({ path, newStoreId, maxPages }: WriterData): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: BUSY_MS });
  const pragma = (name: string): number => Number(Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
  const isNew = pragma("schema_version") === 0;
  const [applicationId, format] = [pragma("application_id"), pragma("user_version")];
  if (!isNew && (applicationId !== APPLICATION_ID || format !== LOG_FORMAT)) throw new Foreign(applicationId, format);
  // Checkpoints are made by hand, because SQLite's own keep quiet about a sync that failed.
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON");
  database.exec("PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -2048; PRAGMA temp_store = MEMORY");
  if (isNew) makeTables(database, newStoreId);
  settle(database);
  if (maxPages !== undefined) database.exec(`PRAGMA max_page_count = ${maxPages}`);
  return database;
}

/** Makes the tables of a new database, all or nothing. */
function makeTables(database: DatabaseSync, newStoreId: Uint8Array): void {
  // With rowids: a table without them moves what is longer than a quarter of a page, as most rows of records are, to a page of its own
  // and writes that page too at each change. With them a new value of a key writes one page, and the keys stay where they are.
  database.exec("BEGIN IMMEDIATE; CREATE TABLE kv (key BLOB PRIMARY KEY, value BLOB NOT NULL)");
  database.exec("CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID");
  database.prepare("INSERT INTO meta VALUES ('store', ?)").run(newStoreId);
  database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${LOG_FORMAT}; COMMIT`);
}

/**
 * After a failed sync and a restart the write-ahead log may show commits out of the kernel's memory that the disk never got. Writing
 * them into the database and syncing that makes them true before anybody reads them. A full disk has no room for it, and is read as it is.
 */
function settle(database: DatabaseSync): void {
  try {
    database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  } catch (error) {
    if (faultOf(error).kind !== "full") throw error;
  }
}

function storeIdOf(database: DatabaseSync): Uint8Array {
  return database.prepare("SELECT value FROM meta WHERE name = 'store'").get()?.["value"] as Uint8Array;
}

class Writer {
  readonly #port: MessagePort;
  readonly #database: DatabaseSync;
  readonly #begin;
  readonly #end;
  readonly #put;
  readonly #delete;
  readonly #walSize;
  #broken: LogFault | undefined;
  #checkpointAt = CHECKPOINT_PAGES;
  #foldedAt = 0;

  constructor(port: MessagePort, database: DatabaseSync) {
    this.#port = port;
    this.#database = database;
    this.#begin = database.prepare("BEGIN IMMEDIATE");
    this.#end = database.prepare("COMMIT");
    this.#put = database.prepare("INSERT INTO kv VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value");
    this.#delete = database.prepare("DELETE FROM kv WHERE key = ?");
    this.#walSize = database.prepare("PRAGMA wal_checkpoint(NOOP)");
  }

  listen(): void {
    this.#port.on("message", (message: ToWriter) => this.#receive(message));
  }

  /** Gathers what has arrived meanwhile into the same transaction. */
  #receive(first: ToWriter): void {
    let message: ToWriter | undefined = first;
    while (message !== undefined) {
      const group: PackedCommits[] = [];
      let bytes = 0;
      while (message?.kind === "commits" && bytes < TRANSACTION_BYTES_MAX) {
        group.push(message.packed);
        bytes += message.packed.used;
        message = receiveMessageOnPort(this.#port)?.message as ToWriter | undefined;
      }
      if (group.length > 0) this.#commitGroup(group);
      if (message?.kind === "close") {
        this.#close();
        return;
      }
    }
  }

  #commitGroup(group: readonly PackedCommits[]): void {
    const commits = group.reduce((count, packed) => count + packed.commits, 0);
    let fault = this.#transact(everyOperation(group));
    if (fault?.kind === "full" && this.#makeRoom()) fault = this.#transact(everyOperation(group));
    if (fault === undefined) this.#report({ kind: "done", commits, faults: [] });
    else if (fault.kind === "full" && commits > 1) this.#commitSingly(group, commits);
    else this.#report({ kind: "done", commits, faults: Array.from({ length: commits }, (_, at) => [at, fault]) });
    if (this.#broken === undefined) this.#checkpoint();
  }

  /** The disk had no room for all of them together, which need not mean that it has none for each. */
  #commitSingly(group: readonly PackedCommits[], commits: number): void {
    const faults: [number, LogFault][] = [];
    let at = 0;
    for (const packed of group) {
      for (const operations of unpackCommits(packed)) {
        const fault = this.#transact(operations);
        if (fault !== undefined) faults.push([at, fault]);
        at += 1;
      }
    }
    this.#report({ kind: "done", commits, faults });
  }

  #transact(operations: Iterable<PackedOperation>): LogFault | undefined {
    if (this.#broken !== undefined) return this.#broken;
    try {
      this.#begin.run();
      for (const { key, value } of operations) {
        if (value === undefined) this.#delete.run(key);
        else this.#put.run(key, value);
      }
      this.#end.run();
      return undefined;
    } catch (error) {
      return this.#undo(faultOf(error));
    }
  }

  #undo(fault: LogFault): LogFault {
    try {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
    } catch (error) {
      this.#break({ kind: "broken", message: `${fault.message}; then ${faultOf(error).message}` });
    }
    if (fault.kind === "broken" || fault.kind === "damaged") this.#break(fault);
    return this.#broken ?? fault;
  }

  #break(fault: LogFault): void {
    this.#broken ??= fault;
    this.#report({ kind: "broken", fault: this.#broken });
  }

  /** Moves the write-ahead log into the database when it has grown long. Its next round then starts over. */
  #checkpoint(): void {
    try {
      const { log, checkpointed } = this.#walSize.get() as { readonly log: number; readonly checkpointed: number };
      if (log - checkpointed < this.#checkpointAt) return;
      this.#database.exec("PRAGMA wal_checkpoint(PASSIVE)");
      this.#checkpointAt = CHECKPOINT_PAGES;
    } catch (error) {
      const fault = faultOf(error);
      if (fault.kind === "full" || fault.kind === "busy") this.#checkpointAt += CHECKPOINT_PAUSE_PAGES;
      else this.#break(fault);
    }
  }

  /**
   * On a full disk: folds the write-ahead log, most of whose pages have a place in the database already, and gives its space back.
   * Not twice at the same length, because a fold for which there is no room costs as much as one that succeeds.
   */
  #makeRoom(): boolean {
    try {
      const { log } = this.#walSize.get() as { readonly log: number };
      if (log === this.#foldedAt) return false;
      this.#foldedAt = log;
      this.#database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
      this.#foldedAt = 0;
      return true;
    } catch (error) {
      const fault = faultOf(error);
      if (fault.kind !== "full" && fault.kind !== "busy") this.#break(fault);
      return false;
    }
  }

  #close(): void {
    try {
      this.#database.close();
    } catch (error) {
      this.#break(faultOf(error));
    }
    this.#port.close();
  }

  #report(message: FromWriter): void {
    this.#port.postMessage(message, []);
  }
}

function* everyOperation(group: readonly PackedCommits[]): Generator<PackedOperation> {
  for (const packed of group) for (const operations of unpackCommits(packed)) yield* operations;
}

function start(port: MessagePort, data: WriterData): void {
  const report = (message: FromWriter): void => port.postMessage(message, []);
  try {
    const database = openDatabase(data);
    const storeId = storeIdOf(database);
    new Writer(port, database).listen();
    report({ kind: "open", storeId });
  } catch (error) {
    if (error instanceof Foreign) report({ kind: "foreign", applicationId: error.applicationId, format: error.format });
    else report({ kind: "failed", fault: openingFaultOf(error) });
  }
}

if (parentPort !== null) start(parentPort, workerData as WriterData);
