import type { StoreId } from "../codec/index.ts";
import { copyOfBytes } from "../codec/index.ts";
import type { Env } from "../platform/index.ts";
import { DamagedEntry, StoreError } from "./errors.ts";
import { checkOperations } from "./log-limits.ts";
import type { MemoryDisk } from "./memory-disk.ts";
import type { LogEntry, LogOperation, LogRange, RecordLog } from "./port.ts";

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: StoreError) => void;
}

/** The record log's twin for the simulator: the same promises, on a disk in memory that can break them in every way that disks do. */
export class MemoryLog implements RecordLog {
  readonly storeId: StoreId;
  readonly #env: Env;
  readonly #disk: MemoryDisk;
  readonly #life: number;
  #waiting: Waiting[] = [];
  #syncing: Promise<void> | undefined;
  #fault: StoreError | undefined;
  #isClosed = false;

  constructor(env: Env, disk: MemoryDisk) {
    this.#env = env;
    this.#disk = disk;
    this.#life = disk.life;
    this.storeId = disk.storeId;
  }

  commit(operations: readonly LogOperation[]): Promise<void> {
    const refused = this.#dead() ?? this.#fault ?? checkOperations(operations) ?? (this.#disk.isFull ? full() : undefined);
    if (refused !== undefined) return Promise.reject(refused);
    this.#disk.write(operations.map(copyOf));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ resolve, reject });
    this.#syncing ??= this.#sync();
    return promise;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    this.#checkAlive();
    if (this.#disk.isDamaged(key)) throw new DamagedEntry("in memory", key);
    return this.#disk.get(key);
  }

  scan(range: LogRange, damaged?: (key: Uint8Array) => void): LogEntry[] {
    this.#checkAlive();
    return this.#disk.scan(range, (key) => {
      if (damaged === undefined) throw new DamagedEntry("in memory", key);
      damaged(key);
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#syncing;
  }

  /** Group commit, as the real log does it: what comes during a sync waits for the next one. */
  async #sync(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      await (this.#disk.syncMs === 0 ? undefined : this.#env.timers.sleep(this.#disk.syncMs));
      this.#fault ??= this.#syncDisk(group.length);
      for (const waiting of group) {
        if (this.#fault === undefined) waiting.resolve();
        else waiting.reject(this.#fault);
      }
    }
    // At once, not when this promise is noticed: a commit that comes between must start the next sync.
    this.#syncing = undefined;
  }

  #syncDisk(commits: number): StoreError | undefined {
    if (this.#disk.life !== this.#life) return broken("the host crashed meanwhile");
    return this.#disk.sync(commits) ? undefined : broken("the sync failed");
  }

  #dead(): StoreError | undefined {
    if (this.#isClosed) return new StoreError("LOG_CLOSED", "The record log in memory has been closed.");
    return this.#disk.life === this.#life ? undefined : broken("the host crashed");
  }

  #checkAlive(): void {
    const dead = this.#dead();
    if (dead !== undefined) throw dead;
  }
}

function copyOf(operation: LogOperation): LogOperation {
  return operation.kind === "put" ? { kind: "put", key: copyOfBytes(operation.key), value: copyOfBytes(operation.value) } : { kind: "delete", key: copyOfBytes(operation.key) };
}

function full(): StoreError {
  return new StoreError("LOG_FULL", "The record log in memory has no room for this change, and it was not made.");
}

function broken(why: string): StoreError {
  return new StoreError("LOG_BROKEN", `The record log in memory could not be written (${why}), and takes no more changes.`);
}
