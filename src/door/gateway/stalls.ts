import type { ServerResponse } from "node:http";
import type { Env } from "../../platform/index.ts";
import { DoorError } from "../errors.ts";
import type { Traffic } from "../traffic.ts";

/** Bytes that may lie in memory, all in all, for clients that have not read for a while. */
const STALLED_BYTES_MAX = 64 * 1024 * 1024;
/** A client that reads at all empties its buffer sooner. */
const GRACE_MS = 5_000;
/** From so many times as many bytes on, nobody is spared: very many who come at once hold as much memory as they like otherwise. */
const SPARED_TIMES = 4;

interface Stall {
  readonly sinceMs: number;
  readonly bytes: number;
  readonly response: ServerResponse;
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
  #bytes = 0;

  constructor(env: Env, traffic: Traffic, bytesMax = STALLED_BYTES_MAX, graceMs = GRACE_MS) {
    this.#env = env;
    this.#traffic = traffic;
    this.#bytesMax = bytesMax;
    this.#graceMs = graceMs;
  }

  /** Resolves when the connection has room again. @throws DoorError CLIENT_GONE when it was closed */
  async drained(response: ServerResponse): Promise<void> {
    const stall: Stall = { sinceMs: this.#env.clock.monotonicMs(), bytes: response.writableLength, response };
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
    if (this.#stalls.delete(stall)) this.#bytes -= stall.bytes;
  }
}

function drainOrClose(response: ServerResponse): Promise<void> {
  return new Promise((resolve, reject) => {
    if (response.destroyed || response.closed) return reject(clientGone());
    const drain = (): void => {
      response.off("close", close);
      resolve();
    };
    const close = (): void => {
      response.off("drain", drain);
      reject(clientGone());
    };
    response.once("drain", drain);
    response.once("close", close);
  });
}

export function clientGone(): DoorError {
  return new DoorError("CLIENT_GONE", "The client closed the connection before it had everything.");
}
