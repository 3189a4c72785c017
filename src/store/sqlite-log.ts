import { once } from "node:events";
import { open } from "node:fs/promises";
import { dirname, extname } from "node:path";
import { Worker } from "node:worker_threads";
import { idFromBytes } from "../codec/index.ts";
import type { StoreId } from "../codec/index.ts";
import { messageOf } from "../platform/index.ts";
import type { Env } from "../platform/index.ts";
import { CommitBatch } from "./commit-batch.ts";
import { StoreError } from "./errors.ts";
import type { LogFault } from "./log-fault.ts";
import { checkOperations } from "./log-limits.ts";
import type { LogEntry, LogOperation, LogRange, RecordLog } from "./port.ts";
import { SqliteLogReader, unreadable } from "./sqlite-log-reader.ts";
import { LOG_FORMAT } from "./sqlite-log-protocol.ts";
import type { FromWriter, ToWriter, WriterData } from "./sqlite-log-protocol.ts";

const PAGE_BYTES = 4096;

export interface SqliteLogOptions {
  /** Beyond this size of the database commits fail with LOG_FULL. Default: as much as the disk has. */
  readonly maxBytes?: number;
}

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: StoreError) => void;
}

/**
 * The record log on node:sqlite. Commits go to a writer in a thread of its own, which makes one transaction, and one fsync, of all
 * that wait; reads stay in the calling thread. How a commit goes: `commit` copies the operations into a batch; at the end of the turn
 * of the event loop the batch changes over to the writer; the writer adds what else has come meanwhile, commits, and answers how many
 * commits are done, in the order of their calls.
 *
 * A commit that was rejected with LOG_BROKEN may still be found done after a restart: nobody knows what a disk keeps whose sync failed.
 */
export class SqliteLog implements RecordLog {
  readonly storeId: StoreId;
  readonly #path: string;
  readonly #worker: Worker;
  readonly #reader: SqliteLogReader;
  readonly #batch = new CommitBatch();
  /** In the order of the calls; the writer answers in this order. */
  #waiting: Waiting[] = [];
  #fault: StoreError | undefined;
  #closing: Promise<void> | undefined;

  private constructor(path: string, worker: Worker, storeId: StoreId) {
    this.#path = path;
    this.#worker = worker;
    this.#reader = new SqliteLogReader(path);
    this.storeId = storeId;
    worker.on("message", (message: FromWriter) => this.#receive(message));
    worker.on("error", (error) => this.#fail({ kind: "broken", message: messageOf(error) }));
    worker.on("exit", () => this.#fail({ kind: "broken", message: "the writer has ended" }));
    // An idle log keeps no process alive; one with commits under way does.
    worker.unref();
  }

  /**
   * Opens the log in the file at `path`, or makes a new one with a random id.
   * @throws StoreError LOG_DAMAGED, LOG_TOO_NEW, LOG_FULL, LOG_BROKEN, LOG_BUSY; each says what to do
   */
  static async open(env: Env, path: string, options: SqliteLogOptions = {}): Promise<SqliteLog> {
    const worker = startWriter(path, env.random.bytes(32), options);
    try {
      const [answer] = (await once(worker, "message")) as [FromWriter];
      if (answer.kind !== "open") throw refusal(path, answer);
      await syncFolderOf(path);
      return new SqliteLog(path, worker, idFromBytes<StoreId>(answer.storeId));
    } catch (error) {
      await worker.terminate();
      throw error;
    }
  }

  commit(operations: readonly LogOperation[]): Promise<void> {
    const refused = this.#fault ?? (this.#closing && closed(this.#path)) ?? checkOperations(operations);
    if (refused !== undefined) return Promise.reject(refused);
    // All commits of this turn go together: nextTick runs after the promises that are ready now, and those they make ready.
    if (this.#batch.isEmpty) process.nextTick(() => this.#flush());
    this.#batch.add(operations);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    if (this.#waiting.push({ resolve, reject }) === 1) this.#worker.ref();
    return promise;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    this.#checkOpen();
    return this.#reader.get(key);
  }

  scan(range: LogRange, damaged?: (key: Uint8Array) => void): LogEntry[] {
    this.#checkOpen();
    return this.#reader.scan(range, damaged);
  }

  /** Waits for the commits under way. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#flush();
    // The writer's connection must be the last one, so that it can fold the write-ahead log into the database.
    this.#reader.close();
    if (this.#worker.threadId === -1) return;
    const ended = once(this.#worker, "exit");
    this.#worker.ref();
    this.#send({ kind: "close" });
    await ended;
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw closed(this.#path);
  }

  #flush(): void {
    if (this.#batch.isEmpty) return;
    const packed = this.#batch.take();
    this.#send({ kind: "commits", packed }, [packed.buffer]);
  }

  #send(message: ToWriter, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  #receive(message: FromWriter): void {
    if (message.kind === "done") this.#settle(message.commits, new Map(message.faults));
    else if (message.kind === "broken") this.#fault ??= errorOf(this.#path, message.fault);
  }

  #settle(commits: number, faults: ReadonlyMap<number, LogFault>): void {
    const settled = this.#waiting.slice(0, commits);
    this.#waiting = this.#waiting.slice(commits);
    if (this.#waiting.length === 0) this.#worker.unref();
    for (const [at, waiting] of settled.entries()) {
      const fault = faults.get(at);
      if (fault === undefined) waiting.resolve();
      else waiting.reject(errorOf(this.#path, fault));
    }
  }

  /** The writer is gone, and nobody knows what became of the commits under way. */
  #fail(fault: LogFault): void {
    this.#fault ??= errorOf(this.#path, fault);
    const lost = this.#waiting;
    this.#waiting = [];
    for (const waiting of lost) waiting.reject(this.#fault);
  }
}

function startWriter(path: string, newStoreId: Uint8Array, options: SqliteLogOptions): Worker {
  // The worker's file ends like this one: .ts in the source tree, .js in a release.
  const file = new URL(`./sqlite-log-worker${extname(import.meta.url)}`, import.meta.url);
  const maxPages = options.maxBytes === undefined ? undefined : Math.ceil(options.maxBytes / PAGE_BYTES);
  const workerData: WriterData = { path, newStoreId, maxPages };
  // Its heap holds a few objects for each commit under way; the bytes themselves lie outside it.
  // Under `node --watch` Node itself would report each loaded file as a message from the worker.
  const { WATCH_REPORT_DEPENDENCIES: _, ...env } = process.env;
  return new Worker(file, { name: "record-log", workerData, env, execArgv: [], resourceLimits: { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 4 } });
}

/** The database's name in its folder must survive a power cut; SQLite syncs only what is in it. */
async function syncFolderOf(path: string): Promise<void> {
  const folder = await open(dirname(path), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function refusal(path: string, answer: FromWriter): StoreError {
  if (answer.kind === "failed") {
    if (answer.fault.kind !== "full") return errorOf(path, answer.fault);
    return new StoreError("LOG_FULL", `The record log ${path} cannot be opened, because its disk is full (${answer.fault.message}). Free some space on the disk and start again.`);
  }
  if (answer.kind === "foreign" && answer.format > LOG_FORMAT) {
    return new StoreError("LOG_TOO_NEW", `The record log ${path} was written by a newer Holdfast (format ${answer.format}; this one knows ${LOG_FORMAT}). Update Holdfast on this host.`);
  }
  return unreadable(path, "it is a database, but no record log");
}

function closed(path: string): StoreError {
  return new StoreError("LOG_CLOSED", `The record log ${path} has been closed, because this host is shutting down.`);
}

function errorOf(path: string, fault: LogFault): StoreError {
  switch (fault.kind) {
    case "full":
      return new StoreError("LOG_FULL", `The record log ${path} has no room for this change (${fault.message}), and it was not made. Free some space on the disk; no restart is needed.`);
    case "busy":
      return new StoreError("LOG_BUSY", `Another program holds the record log ${path} (${fault.message}), and this change was not made. Close that program and try again.`);
    case "damaged":
      return unreadable(path, fault.message);
    case "broken":
      return new StoreError("LOG_BROKEN", `The record log ${path} could not be written (${fault.message}), and takes no more changes. Check the disk, repair or replace it, then restart this host.`);
  }
}
