import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { PackId } from "../codec/index.ts";
import { messageOf } from "../platform/index.ts";
import type { Log } from "../platform/index.ts";
import { moveDurably, namesIn } from "./files.ts";
import type { OpenFile } from "./files.ts";
import { folders } from "./folders.ts";
import { parseFileName, piecePath } from "./piece-name.ts";
import type { PieceName } from "./piece-name.ts";
import { readTrailerOf } from "./piece-scan.ts";
import { Damage } from "./piece-trailer.ts";
import type { HeldPiece } from "./port.ts";

/** Files of no more use that are kept for a person to look at. Beyond that the oldest go. */
const KEPT_MAX = 128;

export interface RemainsParts {
  readonly log: Log;
  /** The data directory. */
  readonly directory: string;
  readonly openFile: OpenFile;
}

/**
 * What lies in quarantine. The leaf hashes of a file there tell which of its leaves are right, and these are read until the piece is here whole again:
 * of two copies that were damaged in different places nothing is lost. The folder alone says what is there, so a host that stops at any moment finds
 * either the piece or what remains of it, except where the trailer is damaged: that is read until the host stops.
 */
export class Remains {
  readonly #with: RemainsParts;
  readonly #pieces = new Map<string, HeldPiece>();
  /** Files that the disk did not give at the start. The next start may find a piece in them. */
  readonly #unread = new Set<string>();

  private constructor(parts: RemainsParts) {
    this.#with = parts;
  }

  /** @param isHeld whether the piece is here whole, so that nothing needs what remains of an older file */
  static async open(parts: RemainsParts, isHeld: (piece: PieceName) => boolean): Promise<Remains> {
    const remains = new Remains(parts);
    for (const name of await namesIn(folders.quarantine(parts.directory))) {
      const parsed = parseFileName(name);
      if (parsed !== undefined && !isHeld(parsed)) await remains.#look(name, parsed);
    }
    await remains.#clear();
    return remains;
  }

  get(pack: PackId, index: number): HeldPiece | undefined {
    return this.#pieces.get(`${pack}.${index}`);
  }

  list(): HeldPiece[] {
    return [...this.#pieces.values()];
  }

  pathOf(name: string): string {
    return join(folders.quarantine(this.#with.directory), name);
  }

  /**
   * Moves the file of a piece here. From then on it is read here, also where the folder could not be synced: after a crash the file speaks for itself.
   * @param onMoved called in that moment
   */
  async take(name: string, { pack, index, sizeBytes, root }: HeldPiece, onMoved: () => void): Promise<void> {
    await moveDurably(piecePath(this.#with.directory, name), this.pathOf(name), () => {
      this.#pieces.set(name, { pack, index, sizeBytes, root });
      onMoved();
    });
  }

  /** Nothing more is read of it; its file stays for whoever wants to look. */
  async setAside(name: string): Promise<void> {
    if (this.#pieces.delete(name) || this.#unread.delete(name)) await this.#clear();
  }

  async delete(name: string): Promise<void> {
    this.#pieces.delete(name);
    await rm(this.pathOf(name), { force: true });
  }

  async #look(name: string, expected: PieceName): Promise<void> {
    try {
      const { piece } = await readTrailerOf(this.pathOf(name), this.#with.openFile);
      if (piece.pack === expected.pack && piece.index === expected.index) this.#pieces.set(name, piece);
    } catch (error) {
      if (error instanceof Damage) return;
      // A host starts without what cannot be read, whatever the reason: it was damaged in any case.
      this.#unread.add(name);
      this.#with.log.warn("what remains of a damaged piece cannot be read", { ...expected, why: messageOf(error) });
    }
  }

  async #clear(): Promise<void> {
    try {
      const idle = (await namesIn(folders.quarantine(this.#with.directory))).filter((name) => !this.#pieces.has(name) && !this.#unread.has(name));
      if (idle.length <= KEPT_MAX) return;
      const dated = await Promise.all(idle.map(async (name) => ({ name, atMs: (await stat(this.pathOf(name))).ctimeMs })));
      for (const { name } of dated.sort((a, b) => a.atMs - b.atMs).slice(0, -KEPT_MAX)) await rm(this.pathOf(name), { force: true });
    } catch (error) {
      this.#with.log.warn("old files in quarantine could not be deleted", { why: messageOf(error) });
    }
  }
}
