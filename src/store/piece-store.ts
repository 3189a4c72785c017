import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { PackId } from "../codec/index.ts";
import { Limiter, codeOf, diskError, ensureFolder, messageOf } from "../platform/index.ts";
import type { Env } from "../platform/index.ts";
import { StoreError } from "./errors.ts";
import { createFile, limited, moveDurably, openFile } from "./files.ts";
import type { CreateFile, OpenFile } from "./files.ts";
import { folders } from "./folders.ts";
import { isSamePiece } from "./open-piece.ts";
import { DEFAULT_INDEX_PREFIX, PieceIndex } from "./piece-index.ts";
import type { IndexedPiece } from "./piece-index.ts";
import { fileNameOf, piecePath } from "./piece-name.ts";
import { PieceReads } from "./piece-reads.ts";
import { PieceScan, emptyIncoming } from "./piece-scan.ts";
import { fileBytesOf, leafCountOf } from "./piece-trailer.ts";
import { Turns } from "./piece-turns.ts";
import { PieceWriter, interruptible } from "./piece-writer.ts";
import { LEAF_BYTES } from "./port.ts";
import type { HeldPiece, PieceStore, ProvenLeaves, RecordLog, Reservation } from "./port.ts";
import { Remains } from "./remains.ts";
import { SpaceBudget } from "./space-budget.ts";
import type { SpaceOptions } from "./space-budget.ts";

/** More writes at once make the disk slower, not faster. Only the disk is waited for here: a slow sender holds up nobody else. */
const WRITING_MAX = 4;

export interface PieceStoreOptions extends SpaceOptions {
  /** The data directory. */
  readonly directory: string;
  /** Keeps the index of what is held. */
  readonly log: RecordLog;
  /** What the index's keys begin with. Default: "P". */
  readonly indexPrefix?: Uint8Array;
  readonly createFile?: CreateFile;
  readonly openFile?: OpenFile;
}

/**
 * Pieces as files. A put goes: take the space that was promised; write content, leaf hashes and pack record into `incoming/`, hashing
 * as the bytes come; compare the root; fdatasync; rename into `pieces/`; fsync that folder; enter it into the index. Wherever this
 * stops, the next start finds either nothing or a whole piece, and makes the index agree with it. A piece that turns out damaged is moved into
 * `quarantine/` and not held any more; what is right of it is read from there until a put has brought it back whole.
 */
export class FilePieceStore implements PieceStore {
  readonly #env: Env;
  readonly #directory: string;
  readonly #index: PieceIndex;
  readonly #space: SpaceBudget;
  readonly #remains: Remains;
  readonly #createFile: CreateFile;
  readonly #reads: PieceReads;
  readonly #writing = new Limiter(WRITING_MAX);
  readonly #turns = new Turns();
  #received = 0;

  private constructor(env: Env, options: PieceStoreOptions, index: PieceIndex, remains: Remains, space: SpaceBudget) {
    this.#env = env;
    this.#directory = options.directory;
    this.#createFile = options.createFile ?? createFile;
    this.#remains = remains;
    this.#index = index;
    this.#space = space;
    this.#reads = new PieceReads({ env, directory: this.#directory, index, remains, turns: this.#turns, openFile: options.openFile ?? openFile, takeOut: (...which) => this.#takeOut(...which) });
  }

  /** Opens the pieces of a data directory after making index and files agree. @throws PlatformError when the disk refuses */
  static async open(env: Env, options: PieceStoreOptions): Promise<FilePieceStore> {
    const { directory } = options;
    for (const folder of [folders.pieces, folders.incoming, folders.quarantine]) await ensureFolder(folder(directory));
    const index = new PieceIndex(options.log, options.indexPrefix ?? DEFAULT_INDEX_PREFIX);
    try {
      await emptyIncoming(directory);
      const usedBytes = await new PieceScan(env.log, directory, index).run();
      const remains = await Remains.open({ log: env.log, directory, openFile: options.openFile ?? openFile }, ({ pack, index: number }) => index.get(pack, number) !== undefined);
      return new FilePieceStore(env, options, index, remains, await SpaceBudget.open(options, usedBytes));
    } catch (error) {
      throw diskError(error, `Looking through the pieces in ${directory}`);
    }
  }

  get capacityBytes(): number {
    return this.#space.capacityBytes;
  }

  get usedBytes(): number {
    return this.#space.usedBytes;
  }

  resize(capacityBytes: number): void {
    this.#space.capacityBytes = capacityBytes;
  }

  availableBytes(): Promise<number> {
    return this.#space.availableBytes();
  }

  async reserve(sizeBytes: number): Promise<Reservation> {
    return this.#space.promise(fileBytesOf(sizeBytes, 0));
  }

  /** The source is not touched when the piece is there already. */
  async put(piece: HeldPiece, packRecord: Uint8Array, source: AsyncIterable<Uint8Array>, reservation: Reservation, signal?: AbortSignal): Promise<void> {
    const name = fileNameOf(piece.pack, piece.index);
    const fileBytes = fileBytesOf(piece.sizeBytes, packRecord.length);
    const promised = this.#space.adjust(reservation, fileBytes);
    const write = async (): Promise<void> => {
      if (this.#isHeld(piece)) return;
      await this.#write(name, piece, packRecord, source, signal);
      await this.#enter(name, { ...piece, fileBytes });
      this.#space.use(promised);
      await this.#remains.setAside(name);
      await this.#reads.forget(this.#remains.pathOf(name));
    };
    try {
      await this.#turns.run(name, write, signal);
    } finally {
      promised.release();
    }
  }

  held(pack: PackId, index: number): HeldPiece | undefined {
    const piece = this.#index.get(pack, index);
    return piece && withoutFile(piece);
  }

  list(after: { readonly pack: PackId; readonly index: number } | undefined, limit: number): HeldPiece[] {
    return this.#index.list(after, limit).map(withoutFile);
  }

  remains(pack: PackId, index: number): HeldPiece | undefined {
    return this.#remains.get(pack, index);
  }

  listRemains(): HeldPiece[] {
    return this.#remains.list();
  }

  async packRecord(pack: PackId, index: number): Promise<Uint8Array> {
    return this.#reads.use(this.#reads.find(pack, index), async (file) => file.packRecord.slice());
  }

  async read(pack: PackId, index: number, offset: number, length: number): Promise<Uint8Array> {
    const lying = this.#reads.find(pack, index);
    checkRange(lying.piece, offset, length, lying.piece.sizeBytes, "bytes");
    if (length === 0) return new Uint8Array(0);
    const first = Math.floor(offset / LEAF_BYTES);
    const bytes = await this.#reads.use(lying, (file) => file.readLeaves(first, leafCountOf(offset + length) - first));
    const from = offset - first * LEAF_BYTES;
    // A small range is copied out, so that whoever keeps it does not keep the whole leaf in memory.
    return length * 2 < bytes.length ? bytes.slice(from, from + length) : bytes.subarray(from, from + length);
  }

  async readProven(pack: PackId, index: number, firstLeaf: number, leafCount: number): Promise<ProvenLeaves> {
    const lying = this.#reads.find(pack, index);
    checkRange(lying.piece, firstLeaf, leafCount, leafCountOf(lying.piece.sizeBytes), "leaves");
    return this.#reads.use(lying, async (file) => ({ firstLeaf, bytes: await file.readLeaves(firstLeaf, leafCount), proof: file.proof(firstLeaf, leafCount) }));
  }

  async remove(pack: PackId, index: number): Promise<void> {
    const name = fileNameOf(pack, index);
    await this.#turns.run(name, async () => {
      const piece = this.#index.get(pack, index);
      await this.#deleteRemains(name);
      if (piece === undefined) return;
      // The file goes first: after a crash between the two the index follows the files.
      await this.#deleteFile(name);
      this.#lostFile(piece);
      await this.#index.remove([piece]);
    });
  }

  async removeRemains(pack: PackId, index: number): Promise<void> {
    const name = fileNameOf(pack, index);
    await this.#turns.run(name, () => this.#deleteRemains(name));
  }

  /** Closes the files that are open for reading. Must be called before the store is let go of: Node takes a lost open file for an error. */
  close(): Promise<void> {
    return this.#reads.close();
  }

  #isHeld(piece: HeldPiece): boolean {
    const held = this.#index.get(piece.pack, piece.index);
    if (held === undefined) return false;
    if (!isSamePiece(held, piece)) throw new StoreError("PIECE_MISMATCH", `Piece ${piece.index} of pack ${piece.pack} is here already, with another size or root. A pack never changes: check where the record came from.`);
    return true;
  }

  async #write(name: string, piece: HeldPiece, packRecord: Uint8Array, source: AsyncIterable<Uint8Array>, signal: AbortSignal | undefined): Promise<void> {
    const [temporary, final] = [join(folders.incoming(this.#directory), `${name}.${this.#received++}`), piecePath(this.#directory, name)];
    // Until this put moves its file there, what lies under the final name is not its own: a whole piece whose entry the disk has damaged waits there for the next start.
    const unfinished = [temporary];
    try {
      const file = await this.#createFile(temporary);
      try {
        const writer = new PieceWriter(piece, limited(file, this.#writing));
        for await (const chunk of interruptible(source, signal)) await writer.add(chunk);
        await writer.finish(packRecord);
      } finally {
        await file.close();
      }
      signal?.throwIfAborted();
      await this.#writing.run(() => moveDurably(temporary, final, () => void unfinished.push(final)));
    } catch (error) {
      await this.#clearAway(unfinished);
      throw diskError(error, `Writing piece ${name} into ${this.#directory}`);
    }
  }

  /** A file whose sync failed holds nobody knows what, and is never tried again. */
  async #clearAway(paths: readonly string[]): Promise<void> {
    for (const path of paths) {
      await rm(path, { force: true }).catch((error: unknown) => this.#env.log.warn("a file that could not be written could not be deleted either", { path, error }));
    }
  }

  async #enter(name: string, piece: IndexedPiece): Promise<void> {
    try {
      await this.#index.add([piece]);
    } catch (error) {
      await this.#deleteFile(name);
      throw error;
    }
  }

  async #deleteFile(name: string): Promise<void> {
    await this.#reads.forget(piecePath(this.#directory, name));
    try {
      await rm(piecePath(this.#directory, name), { force: true });
    } catch (error) {
      throw diskError(error, `Deleting piece ${name} from ${this.#directory}`);
    }
  }

  async #deleteRemains(name: string): Promise<void> {
    try {
      await this.#remains.delete(name);
    } catch (error) {
      throw diskError(error, `Deleting what remains of piece ${name} from ${this.#directory}`);
    }
    await this.#reads.forget(this.#remains.pathOf(name));
  }

  /** It is not held from this moment on, and takes no space, also where the disk is too full for its entry to be dropped. */
  #lostFile(piece: IndexedPiece): void {
    this.#index.lostFiles([piece]);
    this.#space.free(piece.fileBytes);
  }

  async #takeOut(name: string, piece: IndexedPiece, why: unknown): Promise<void> {
    this.#env.log.warn("a piece cannot be read and is not held any more", { pack: piece.pack, index: piece.index, why: messageOf(why) });
    if (codeOf(why) === "ENOENT") this.#lostFile(piece);
    else await this.#remains.take(name, piece, () => this.#lostFile(piece));
    // A file that lay in quarantine before has another one's place now.
    for (const path of [this.#remains.pathOf(name), piecePath(this.#directory, name)]) await this.#reads.forget(path);
    await this.#index.remove([piece]);
  }
}

function withoutFile({ pack, index, sizeBytes, root }: IndexedPiece): HeldPiece {
  return { pack, index, sizeBytes, root };
}

function checkRange(piece: HeldPiece, from: number, count: number, end: number, unit: string): void {
  if (Number.isSafeInteger(from) && Number.isSafeInteger(count) && from >= 0 && count >= 0 && from + count <= end) return;
  throw new StoreError("OUT_OF_RANGE", `Piece ${piece.index} of pack ${piece.pack} has ${end} ${unit}; ${count} from ${from} on were asked for. Ask for less.`);
}
