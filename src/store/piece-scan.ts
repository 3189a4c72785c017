import { rm } from "node:fs/promises";
import { join } from "node:path";
import { Limiter, codeOf, messageOf } from "../platform/index.ts";
import type { Log } from "../platform/index.ts";
import { moveDurably, namesIn, openFile } from "./files.ts";
import type { OpenFile } from "./files.ts";
import { folders, isShard, shardOf } from "./folders.ts";
import type { IndexedPiece, PieceIndex } from "./piece-index.ts";
import { fileNameOf, parseFileName } from "./piece-name.ts";
import { Damage, fileBytesOf, readTrailer } from "./piece-trailer.ts";

/** Index entries that are in memory at once. */
const PAGE = 1000;
/** Trailers that are read at once. */
const ADOPTING = 4;

/** Throws away what was being received when the host stopped. */
export async function emptyIncoming(directory: string): Promise<void> {
  const incoming = folders.incoming(directory);
  for (const name of await namesIn(incoming)) await rm(join(incoming, name), { force: true, recursive: true });
}

/**
 * Makes the index agree with the files. The files are right: an index entry without its file is dropped, a file without an entry is
 * adopted when its trailer is whole. Only names are compared, so that a start reads folders and not pieces.
 * @returns the bytes that the held pieces take on the disk
 */
export class PieceScan {
  readonly #log: Log;
  readonly #directory: string;
  readonly #index: PieceIndex;
  #usedBytes = 0;

  constructor(log: Log, directory: string, index: PieceIndex) {
    this.#log = log;
    this.#directory = directory;
    this.#index = index;
  }

  async run(): Promise<number> {
    const indexed = new IndexWalk(this.#index);
    const shards = (await namesIn(folders.pieces(this.#directory))).filter(isShard).sort(byAlphabet);
    for (const shard of shards) {
      await this.#drop(indexed.upTo(shard));
      await this.#compare(shard, indexed.within(shard));
    }
    await this.#drop(indexed.rest());
    return this.#usedBytes;
  }

  async #compare(shard: string, indexed: readonly IndexedPiece[]): Promise<void> {
    const unknown = new Set(await namesIn(join(folders.pieces(this.#directory), shard)));
    const missing = indexed.filter((piece) => !unknown.delete(fileNameOf(piece.pack, piece.index)));
    for (const piece of indexed) this.#usedBytes += piece.fileBytes;
    for (const piece of missing) this.#usedBytes -= piece.fileBytes;
    await this.#drop(missing);
    await this.#adopt(shard, [...unknown]);
  }

  async #drop(pieces: readonly IndexedPiece[]): Promise<void> {
    for (const { pack, index } of pieces) this.#log.warn("a piece that was held is not on the disk any more", { pack, index });
    this.#index.lostFiles(pieces);
    await this.#hasRoom(() => this.#index.remove(pieces));
  }

  /** A full disk must not keep a host from starting: it serves what there is, and makes room. */
  async #hasRoom(commit: () => Promise<void>): Promise<boolean> {
    try {
      await commit();
      return true;
    } catch (error) {
      if (codeOf(error) !== "LOG_FULL") throw error;
      this.#log.warn("the disk is too full for the index of pieces to be made right; the next start tries again", { why: messageOf(error) });
      return false;
    }
  }

  async #adopt(shard: string, names: readonly string[]): Promise<void> {
    const limiter = new Limiter(ADOPTING);
    const read = await Promise.all(names.map((name) => limiter.run(() => this.#read(shard, name))));
    const adopted = read.filter((piece) => piece !== undefined);
    if (!(await this.#hasRoom(() => this.#index.add(adopted)))) return;
    for (const { pack, index, fileBytes } of adopted) {
      this.#log.info("a piece that the index did not know was found on the disk", { pack, index });
      this.#usedBytes += fileBytes;
    }
  }

  async #read(shard: string, name: string): Promise<IndexedPiece | undefined> {
    const path = join(folders.pieces(this.#directory), shard, name);
    const expected = parseFileName(name);
    if (expected === undefined || shardOf(name) !== shard) {
      this.#log.warn("a file among the pieces is none of ours; it is left alone", { path });
      return undefined;
    }
    try {
      const { piece, packRecord } = await readTrailerOf(path);
      if (piece.pack !== expected.pack || piece.index !== expected.index) throw new Damage("it is another piece than its name says");
      return { ...piece, fileBytes: fileBytesOf(piece.sizeBytes, packRecord.length) };
    } catch (error) {
      if (!(error instanceof Damage) && codeOf(error) !== "EIO") throw error;
      this.#log.warn("a piece is damaged and was put into quarantine", { path, why: messageOf(error) });
      await moveDurably(path, join(folders.quarantine(this.#directory), name));
      return undefined;
    }
  }
}

/** @throws Damage, and whatever the operating system throws */
export async function readTrailerOf(path: string, open: OpenFile = openFile): ReturnType<typeof readTrailer> {
  const file = await open(path);
  try {
    return await readTrailer(file);
  } finally {
    await file.close();
  }
}

/** Walks the index in its order, which is also that of the folders when their letters are ordered as base32 orders them. */
class IndexWalk {
  readonly #index: PieceIndex;
  #page: IndexedPiece[] = [];
  #at = 0;
  #isDone = false;

  constructor(index: PieceIndex) {
    this.#index = index;
  }

  /** The next pieces before this folder. */
  upTo(shard: string): IndexedPiece[] {
    return this.#takeWhile((piece) => byAlphabet(shardOf(piece.pack), shard) < 0);
  }

  within(shard: string): IndexedPiece[] {
    return this.#takeWhile((piece) => shardOf(piece.pack) === shard);
  }

  rest(): IndexedPiece[] {
    return this.#takeWhile(() => true);
  }

  #takeWhile(matches: (piece: IndexedPiece) => boolean): IndexedPiece[] {
    const taken: IndexedPiece[] = [];
    for (let piece = this.#peek(); piece !== undefined && matches(piece); piece = this.#peek()) {
      taken.push(piece);
      this.#at += 1;
    }
    return taken;
  }

  #peek(): IndexedPiece | undefined {
    if (this.#at === this.#page.length && !this.#isDone) {
      this.#page = this.#index.list(this.#page.at(-1), PAGE);
      this.#at = 0;
      this.#isDone = this.#page.length < PAGE;
    }
    return this.#page[this.#at];
  }
}

/** In base32 the letters stand for 0 to 25 and the digits for 26 to 31, so digits come last. */
function byAlphabet(a: string, b: string): number {
  const rank = (text: string): string => text.replaceAll(/[2-7]/g, (digit) => `~${digit}`);
  return rank(a) < rank(b) ? -1 : rank(a) > rank(b) ? 1 : 0;
}
