import { space } from "../platform/index.ts";
import { StoreError } from "./errors.ts";
import type { Reservation } from "./port.ts";

const MIB = 1024 * 1024;

export interface SpaceOptions {
  /** Any folder on the disk. */
  readonly directory: string;
  readonly capacityBytes: number;
  /** What of the disk stays free whatever the capacity says. Default: 1 % of the disk, and 256 MiB at least. */
  readonly keepFreeBytes?: number;
}

/** What of the disk stays free by default, so that the record log and the system go on when the pieces have filled the rest. */
export async function defaultFloorBytes(directory: string): Promise<number> {
  return Math.max(256 * MIB, Math.ceil((await space(directory)).totalBytes / 100));
}

/** Space that is promised, and then used or given back. */
export class PromisedSpace implements Reservation {
  readonly #budget: SpaceBudget;
  #bytes: number;

  constructor(budget: SpaceBudget, bytes: number) {
    this.#budget = budget;
    this.#bytes = bytes;
  }

  release(): void {
    this.#budget.giveBack(this.take());
  }

  /** Takes the promise out of this object; from now on the caller answers for it. */
  take(): number {
    const bytes = this.#bytes;
    this.#bytes = 0;
    return bytes;
  }
}

/** Accounts for a part of a disk: what is used, what is promised, and what may still be taken. */
export class SpaceBudget {
  /** May be changed at any time, to less than is used too. */
  capacityBytes: number;
  readonly #directory: string;
  readonly #floorBytes: number;
  #usedBytes: number;
  #promisedBytes = 0;

  private constructor(options: SpaceOptions, floorBytes: number, usedBytes: number) {
    this.#directory = options.directory;
    this.capacityBytes = options.capacityBytes;
    this.#floorBytes = floorBytes;
    this.#usedBytes = usedBytes;
  }

  static async open(options: SpaceOptions, usedBytes: number): Promise<SpaceBudget> {
    return new SpaceBudget(options, options.keepFreeBytes ?? (await defaultFloorBytes(options.directory)), usedBytes);
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Never negative. What is promised is taken off the disk's free space too, though a part of it may have been written already. */
  async availableBytes(): Promise<number> {
    const { freeBytes } = await space(this.#directory);
    return Math.max(0, Math.min(this.#unpromisedBytes, freeBytes - this.#floorBytes - this.#promisedBytes));
  }

  /** @throws StoreError STORE_FULL */
  async promise(bytes: number): Promise<PromisedSpace> {
    const { freeBytes } = await space(this.#directory);
    const onDisk = freeBytes - this.#floorBytes - this.#promisedBytes;
    if (bytes > onDisk || bytes > this.#unpromisedBytes) throw this.#full(bytes, onDisk);
    this.#promisedBytes += bytes;
    return new PromisedSpace(this, bytes);
  }

  /**
   * Turns a promise into one of exactly `bytes`.
   * @throws StoreError STORE_FULL when it must grow and cannot; it is given back then
   */
  adjust(reservation: Reservation, bytes: number): PromisedSpace {
    const promised = reservation instanceof PromisedSpace ? reservation.take() : 0;
    this.giveBack(promised);
    if (bytes > promised && bytes > this.#unpromisedBytes) throw this.#full(bytes, this.#unpromisedBytes);
    this.#promisedBytes += bytes;
    return new PromisedSpace(this, bytes);
  }

  giveBack(promisedBytes: number): void {
    this.#promisedBytes -= promisedBytes;
  }

  /** What was promised is now used. */
  use(promised: PromisedSpace): void {
    const bytes = promised.take();
    this.#promisedBytes -= bytes;
    this.#usedBytes += bytes;
  }

  /** What was used is free again. */
  free(bytes: number): void {
    this.#usedBytes -= bytes;
  }

  get #unpromisedBytes(): number {
    return this.capacityBytes - this.#usedBytes - this.#promisedBytes;
  }

  #full(bytes: number, onDisk: number): StoreError {
    const left = Math.max(0, Math.min(onDisk, this.#unpromisedBytes));
    const why = this.#unpromisedBytes < bytes ? `of its capacity of ${this.capacityBytes} bytes` : `of the disk under ${this.#directory}, of which ${this.#floorBytes} bytes stay free`;
    return new StoreError("STORE_FULL", `This host cannot take ${bytes} bytes: ${left} are left ${why}. Raise its capacity, free some space, or ask another host.`);
  }
}
