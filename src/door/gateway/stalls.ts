import type { ServerResponse } from "node:http";
import type { Env } from "../../platform/index.ts";
import { DoorError } from "../errors.ts";
import type { Traffic } from "../traffic.ts";

/** Bytes that may lie in memory, all in all, for clients that have not read for a while. */
const STALLED_BYTES_MAX = 64 * 1024 * 1024;
/** A client that reads at all empties its buffer sooner. */
const GRACE_MS = 5_000;
/** What is left of an ended answer and less than this is not counted: the operating system takes in more of it at the next moment. */
const LINGERING_MIN_BYTES = 64 * 1024;
/** From so many times as many bytes on, nobody is spared: very many who come at once hold as much memory as they like otherwise. */
const SPARED_TIMES = 4;

interface Stall {
  readonly sinceMs: number;
  readonly bytes: number;
  readonly response: ServerResponse;
  readonly shared: ArrayBufferLike | undefined;
}

/**
 * Waits for clients to read. Whoever reads slowly slows nobody but itself; when those who do not read at all hold too
 * much memory, or all who wait together hold very much, the one that has waited longest is cut off. A browser then asks for the rest with a Range.
 */
export class Stalls {
  readonly #env: Env;
  readonly #traffic: Traffic;
  readonly #bytesMax: number;
  readonly #graceMs: number;
  /** In the order of their beginning. */
  readonly #stalls = new Set<Stall>();
  /** By how many they are held. */
  readonly #shared = new Map<ArrayBufferLike, number>();
  #bytes = 0;

  constructor(env: Env, traffic: Traffic, bytesMax = STALLED_BYTES_MAX, graceMs = GRACE_MS) {
    this.#env = env;
    this.#traffic = traffic;
    this.#bytesMax = bytesMax;
    this.#graceMs = graceMs;
  }

  /** Counts what is left of an answer that was handed over to its end, until it is gone. Nobody waits for it. */
  linger(response: ServerResponse, view?: Uint8Array): void {
    if (response.writableLength > LINGERING_MIN_BYTES) this.drained(response, view).catch(() => {});
  }

  /**
   * Resolves when the connection has room again, or has taken all of an ended answer.
   * @param view what was written is part of; the memory that it lies in is counted once for all who hold it, instead of what each of them waits for
   * @throws DoorError CLIENT_GONE when it was closed
   */
  async drained(response: ServerResponse, view?: Uint8Array): Promise<void> {
    const shared = view?.buffer;
    const stall: Stall = { sinceMs: this.#env.clock.monotonicMs(), bytes: shared === undefined ? response.writableLength : 0, response, shared };
    if (shared !== undefined) this.#hold(shared);
    this.#stalls.add(stall);
    this.#bytes += stall.bytes;
    this.#cutOff();
    try {
      await drainOrClose(response);
    } finally {
      this.#forget(stall);
    }
  }

  #cutOff(): void {
    const latestMs = this.#env.clock.monotonicMs() - this.#graceMs;
    for (const stall of this.#stalls) {
      const isSpared = stall.sinceMs > latestMs && this.#bytes <= this.#bytesMax * SPARED_TIMES;
      if (this.#bytes <= this.#bytesMax || isSpared) return;
      this.#forget(stall);
      this.#traffic.cutOffClients += 1;
      stall.response.destroy();
    }
  }

  #forget(stall: Stall): void {
    if (!this.#stalls.delete(stall)) return;
    this.#bytes -= stall.bytes;
    if (stall.shared !== undefined) this.#release(stall.shared);
  }

  #hold(shared: ArrayBufferLike): void {
    const holders = this.#shared.get(shared) ?? 0;
    this.#shared.set(shared, holders + 1);
    if (holders === 0) this.#bytes += shared.byteLength;
  }

  #release(shared: ArrayBufferLike): void {
    const holders = this.#shared.get(shared)!;
    if (holders > 1) return void this.#shared.set(shared, holders - 1);
    this.#shared.delete(shared);
    this.#bytes -= shared.byteLength;
  }
}

function drainOrClose(response: ServerResponse): Promise<void> {
  return new Promise((resolve, reject) => {
    if (response.destroyed || response.closed) return reject(clientGone());
    const off = (): unknown => response.off("drain", drain).off("finish", drain).off("close", close);
    const drain = (): void => {
      off();
      resolve();
    };
    const close = (): void => {
      off();
      reject(clientGone());
    };
    response.once("drain", drain).once("finish", drain).once("close", close);
  });
}

export function clientGone(): DoorError {
  return new DoorError("CLIENT_GONE", "The client closed the connection before it had everything.");
}
