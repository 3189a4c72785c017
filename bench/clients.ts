import { randomBytes } from "node:crypto";
import { percentile } from "./figures.ts";

const VALUE_BYTES = 256;
/** Different keys that are written. */
const KEYS = 100_000;
const POOL = Array.from({ length: 512 }, () => new Uint8Array(randomBytes(VALUE_BYTES)));

export interface Writing {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/**
 * So many clients, each of which writes one record after the other, each when the last has been acknowledged.
 * @param write resolves with the acknowledgement
 */
export async function drive(clients: number, seconds: number, write: (key: string, value: Uint8Array) => Promise<void>): Promise<Writing> {
  const tookMs: number[] = [];
  const started = performance.now();
  const end = started + seconds * 1000;
  const client = async (): Promise<void> => {
    for (let now = performance.now(); now < end; ) {
      const key = `entry ${String(Math.floor(Math.random() * KEYS)).padStart(8, "0")}`;
      await write(key, POOL[tookMs.length % POOL.length]!);
      const done = performance.now();
      tookMs.push(done - now);
      now = done;
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return { perSecond: (tookMs.length / (performance.now() - started)) * 1000, p50Ms: percentile(tookMs, 0.5), p99Ms: percentile(tookMs, 0.99) };
}
