import type { PackId } from "../codec/index.ts";
import { codeOf, diskError, messageOf } from "../platform/index.ts";
import type { Env } from "../platform/index.ts";
import { StoreError } from "./errors.ts";
import type { OpenFile } from "./files.ts";
import { NothingLeft, OpenPiece } from "./open-piece.ts";
import type { IndexedPiece, PieceIndex } from "./piece-index.ts";
import { fileNameOf, piecePath } from "./piece-name.ts";
import { Damage } from "./piece-trailer.ts";
import type { Turns } from "./piece-turns.ts";
import type { HeldPiece } from "./port.ts";
import type { Remains } from "./remains.ts";
import { SharedHandles } from "./shared-handles.ts";

const OPEN_FILES_MAX = 64;

/** A piece's file: of one that is here whole, as far as is known, or what remains of one. */
export interface Lying {
  readonly name: string;
  readonly piece: HeldPiece;
  readonly path: string;
  /** Its entry in the index. Undefined: it is in quarantine. */
  readonly held: IndexedPiece | undefined;
}

export interface ReadsParts {
  readonly env: Env;
  /** The data directory. */
  readonly directory: string;
  readonly index: PieceIndex;
  readonly remains: Remains;
  readonly openFile: OpenFile;
  /** Whoever changes what lies under a piece's name has its turn. */
  readonly turns: Turns;
  /** Moves a piece's file into quarantine, from where it is read on, and drops its entry. Of a file that is gone only the entry. Called in the piece's turn. */
  readonly takeOut: (name: string, piece: IndexedPiece, why: unknown) => Promise<void>;
}

/** Reads pieces' files, and decides what it means when one cannot be read. */
export class PieceReads {
  readonly #with: ReadsParts;
  readonly #handles = new SharedHandles<OpenPiece>(OPEN_FILES_MAX);

  constructor(parts: ReadsParts) {
    this.#with = parts;
  }

  /** @throws StoreError PIECE_MISSING */
  find(pack: PackId, index: number): Lying {
    const held = this.#with.index.get(pack, index);
    if (held !== undefined) {
      const name = fileNameOf(pack, index);
      return { name, piece: held, held, path: piecePath(this.#with.directory, name) };
    }
    const left = this.#remainsOf(pack, index);
    if (left === undefined) throw missing(pack, index);
    return left;
  }

  /** @throws StoreError PIECE_MISSING, PIECE_DAMAGED; PlatformError for a disk that fails in another way */
  async use<T>(lying: Lying, work: (file: OpenPiece) => Promise<T>): Promise<T> {
    try {
      return await this.#attempt(lying, work);
    } catch (error) {
      if (!isLoss(error)) throw diskError(error, `Reading ${lying.path}`);
      // A put that replaces what remains of a piece reads of it, and would wait for itself.
      if (lying.held === undefined) return await this.#again(lying, work);
      return await this.#with.turns.run(lying.name, () => this.#again(this.find(lying.piece.pack, lying.piece.index), work));
    }
  }

  /**
   * Tries once more, on the file as it lies there now: a cable that was loose for a moment gives the second time what is there, and a reader that comes
   * late may have read a file that has been replaced since. What fails again is damage.
   */
  async #again<T>(lying: Lying, work: (file: OpenPiece) => Promise<T>): Promise<T> {
    await this.#handles.forget(lying.path);
    try {
      return await this.#attempt(lying, work);
    } catch (error) {
      if (!isLoss(error)) throw diskError(error, `Reading ${lying.path}`);
      await this.#note(lying, error);
      throw codeOf(error) === "ENOENT" ? missing(lying.piece.pack, lying.piece.index) : damaged(lying, error);
    }
  }

  #attempt<T>(lying: Lying, work: (file: OpenPiece) => Promise<T>): Promise<T> {
    return this.#handles.use(lying.path, () => this.#open(lying), work);
  }

  /** Closes the file as soon as nobody reads from it. */
  forget(path: string): Promise<void> {
    return this.#handles.forget(path);
  }

  close(): Promise<void> {
    return this.#handles.closeIdle();
  }

  #remainsOf(pack: PackId, index: number): Lying | undefined {
    const piece = this.#with.remains.get(pack, index);
    if (piece === undefined) return undefined;
    const name = fileNameOf(pack, index);
    return { name, piece, held: undefined, path: this.#with.remains.pathOf(name) };
  }

  async #open({ path, piece, held }: Lying): Promise<OpenPiece> {
    const { openFile } = this.#with;
    const open = (): Promise<OpenPiece> => (held === undefined ? OpenPiece.openRemains(openFile, path, piece) : OpenPiece.open(openFile, path, piece));
    try {
      return await open();
    } catch (error) {
      if (codeOf(error) !== "EMFILE" && codeOf(error) !== "ENFILE") throw error;
      // Out of file descriptors: those that only wait for another reader are given up.
      await this.#handles.closeIdle();
      return await open();
    }
  }

  /** A piece of which not all is right is not held from here on. What remains of one becomes no less by a further leaf that is not right. */
  async #note({ name, held }: Lying, error: unknown): Promise<void> {
    const { env, remains, takeOut } = this.#with;
    try {
      if (held !== undefined) await takeOut(name, held, error);
      else if (codeOf(error) === "ENOENT" || error instanceof NothingLeft) await remains.setAside(name);
    } catch (failure) {
      env.log.error("a piece that cannot be read could not be taken out", { piece: name, error: failure });
    }
  }
}

/** The disk does not have what was written, as against that it could not be read this time. */
function isLoss(error: unknown): boolean {
  return error instanceof Damage || codeOf(error) === "EIO" || codeOf(error) === "ENOENT";
}

function missing(pack: PackId, index: number): StoreError {
  return new StoreError("PIECE_MISSING", `Piece ${index} of pack ${pack} is not on this host. Ask another holder.`);
}

function damaged({ piece: { pack, index } }: Lying, error: unknown): StoreError {
  const what = `Piece ${index} of pack ${pack} is damaged (${messageOf(error)}), and was moved into the folder quarantine.`;
  return new StoreError("PIECE_DAMAGED", `${what} What is right of it is read from there until it has come again from other hosts; check the disk if this happens often.`, { cause: error });
}
