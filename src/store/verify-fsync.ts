import { randomBytes } from "node:crypto";
import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { equalBytes } from "../codec/index.ts";
import { diskError, readIfPresent } from "../platform/index.ts";
import { StoreError } from "./errors.ts";

const ROUNDS = 5;
const BYTES = 4096;

/**
 * Tries whether the disk under a folder takes a durable write: writes and syncs a small file several times, and reads it back.
 * @returns the median time of a write and its sync, in milliseconds
 * @throws PlatformError when the disk refuses, StoreError DISK_LIES when it gives other bytes back
 */
export async function verifyFsync(directory: string): Promise<number> {
  const path = join(directory, `fsync-check-${randomBytes(6).toString("hex")}`);
  const bytes = new Uint8Array(randomBytes(BYTES));
  try {
    const tookMs = await timeWrites(path, bytes);
    if (!equalBytes((await readIfPresent(path)) ?? new Uint8Array(0), bytes)) {
      throw new StoreError("DISK_LIES", `The disk under ${directory} gave back other bytes than were written to it. Do not keep anything on it; replace it.`);
    }
    return tookMs;
  } catch (error) {
    throw diskError(error, `A durable write to ${directory}`);
  } finally {
    await rm(path, { force: true }).catch(() => {});
  }
}

async function timeWrites(path: string, bytes: Uint8Array): Promise<number> {
  const tookMs: number[] = [];
  const file = await open(path, "wx", 0o600);
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      const start = performance.now();
      await file.write(bytes, 0, bytes.length, 0);
      await file.datasync();
      tookMs.push(performance.now() - start);
    }
  } finally {
    await file.close();
  }
  return tookMs.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)]!;
}
