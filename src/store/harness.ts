// What this room's tests share: folders that vanish, logs in memory that can be read, pieces of any content.
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { idFromBytes, utf8 } from "../codec/index.ts";
import type { PackId } from "../codec/index.ts";
import { leafHash, merkleRoot, sha256 } from "../crypto/index.ts";
import { machineEnv, silentLog } from "../platform/index.ts";
import type { Env, Log } from "../platform/index.ts";
import { MemoryDisk } from "./memory-disk.ts";
import { MemoryLog } from "./memory-log.ts";
import { piecePath } from "./piece-name.ts";
import { FilePieceStore } from "./piece-store.ts";
import type { PieceStoreOptions } from "./piece-store.ts";
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

export const RECORD = utf8("the pack's signed record");

/** A data directory whose store can be opened again and again, as after restarts. */
export class Host {
  readonly directory: string;
  disk = new MemoryDisk(testEnv.random);
  readonly #t: TestContext;

  constructor(t: TestContext) {
    this.#t = t;
    this.directory = temporaryFolder(t);
  }

  async start(env: Env = testEnv, files: Pick<PieceStoreOptions, "createFile" | "openFile"> = {}): Promise<FilePieceStore> {
    const log = new MemoryLog(env, this.disk);
    const store = await FilePieceStore.open(env, { directory: this.directory, log, capacityBytes: 2 ** 26, keepFreeBytes: 0, ...files });
    this.#t.after(() => store.close());
    return store;
  }

  pathOf(piece: HeldPiece): string {
    return piecePath(this.directory, `${piece.pack}.${piece.index}`);
  }

  /** Flips a bit of a piece's file, at `at` bytes from its start. */
  flip(piece: HeldPiece, at: number): void {
    const file = readFileSync(this.pathOf(piece));
    file[at]! ^= 1 << (at % 8);
    writeFileSync(this.pathOf(piece), file);
  }

  names(folder: string): string[] {
    return readdirSync(join(this.directory, folder), { recursive: true, withFileTypes: true }).flatMap((entry) => (entry.isFile() ? [entry.name] : []));
  }
}

export async function keep(store: FilePieceStore, piece: HeldPiece, bytes: Uint8Array, signal?: AbortSignal, source: AsyncIterable<Uint8Array> = chunksOf(bytes)): Promise<void> {
  await store.put(piece, RECORD, source, await store.reserve(piece.sizeBytes), signal);
}

export function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}
