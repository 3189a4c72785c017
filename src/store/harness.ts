// What this room's tests share: folders that vanish, logs in memory that can be read, pieces of any content.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { idFromBytes, utf8 } from "../codec/index.ts";
import type { PackId } from "../codec/index.ts";
import { leafHash, merkleRoot, sha256 } from "../crypto/index.ts";
import { machineEnv, silentLog } from "../platform/index.ts";
import type { Env, Log } from "../platform/index.ts";
import { LEAF_BYTES } from "./port.ts";
import type { HeldPiece } from "./port.ts";

export const testEnv = machineEnv(silentLog);

export function temporaryFolder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "holdfast-store-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** An environment whose warnings can be read. */
export function listeningEnv(): { readonly env: Env; readonly warnings: string[] } {
  const warnings: string[] = [];
  const log: Log = { ...silentLog, warn: (event) => void warnings.push(event), child: () => log };
  return { env: machineEnv(log), warnings };
}

export function packId(name: string): PackId {
  return idFromBytes<PackId>(sha256(utf8(name)));
}

/** Bytes that repeat nowhere within a leaf's reach. */
export function contentOf(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed;
  for (let at = 0; at < length; at += 1) bytes[at] = (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) >>> 24;
  return bytes;
}

export function leavesOf(bytes: Uint8Array): Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / LEAF_BYTES) }, (_, at) => leafHash(bytes.subarray(at * LEAF_BYTES, (at + 1) * LEAF_BYTES)));
}

export function pieceOf(bytes: Uint8Array, pack = packId("a pack"), index = 0): HeldPiece {
  return { pack, index, sizeBytes: bytes.length, root: merkleRoot(leavesOf(bytes)) };
}

/** The bytes in chunks of the given length. */
export async function* chunksOf(bytes: Uint8Array, length = 65_536): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.slice(at, at + length);
}
