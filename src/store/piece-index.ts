import { bytesOfId, codec, concatBytes, fixedBytes, idFromBytes, struct, uint, utf8 } from "../codec/index.ts";
import type { PackId } from "../codec/index.ts";
import { ownBytes } from "./own-entry.ts";
import { MAX_PIECE_INDEX, fileNameOf } from "./piece-name.ts";
import type { HeldPiece, LogEntry, LogOperation, RecordLog } from "./port.ts";

/** Keys of the piece index begin with this. No other table of the record log does: those of the rooms above are small letters. */
export const DEFAULT_INDEX_PREFIX = utf8("P");

const PACK_BYTES = 32;

const entryCodec = codec("An entry of the piece index", 1, 128, struct({ sizeBytes: uint(), fileBytes: uint(), root: fixedBytes(32) }));

export interface IndexedPiece extends HeldPiece {
  /** With its trailer. */
  readonly fileBytes: number;
}

/**
 * Which pieces are held, in the record log: the prefix, the pack's 32 bytes, the index as u16. An entry that the disk has damaged counts as
 * absent: the piece comes anew from others when it is missed, and at the next start its file speaks for itself. So does one whose file is gone and that
 * a full disk would not drop: it is written over, or the next start drops it.
 */
export class PieceIndex {
  readonly #log: RecordLog;
  readonly #prefix: Uint8Array;
  /** Names of pieces whose entries are still in the log, and whose files are not there. */
  readonly #fileless = new Set<string>();

  constructor(log: RecordLog, prefix: Uint8Array) {
    this.#log = log;
    this.#prefix = prefix;
  }

  get(pack: PackId, index: number): IndexedPiece | undefined {
    if (!Number.isInteger(index) || index < 0 || index > MAX_PIECE_INDEX || this.#fileless.has(fileNameOf(pack, index))) return undefined;
    const value = ownBytes(this.#log, this.#keyOf(pack, index));
    return value && { pack, index, ...entryCodec.decode(value) };
  }

  /** The pieces after `after`, in the order of the pack's bytes and then of the index. */
  list(after: { readonly pack: PackId; readonly index: number } | undefined, limit: number): IndexedPiece[] {
    const found: IndexedPiece[] = [];
    for (let from = after; found.length < limit; ) {
      const page = this.#page(from, limit - found.length);
      found.push(...page.filter(({ pack, index }) => !this.#fileless.has(fileNameOf(pack, index))));
      from = page.at(-1);
      if (from === undefined) break;
    }
    return found;
  }

  #page(after: { readonly pack: PackId; readonly index: number } | undefined, limit: number): IndexedPiece[] {
    // The least key beyond another one is that one and a zero byte.
    const from = after === undefined ? this.#prefix : concatBytes(this.#keyOf(after.pack, after.index), Uint8Array.of(0));
    return this.#log.scan({ from, to: this.#end(), limit }, () => {}).map((entry) => this.#parse(entry));
  }

  /** Their files are gone: they are not held from now on, whatever becomes of their entries. */
  lostFiles(pieces: readonly HeldPiece[]): void {
    for (const { pack, index } of pieces) this.#fileless.add(fileNameOf(pack, index));
  }

  async add(pieces: readonly IndexedPiece[]): Promise<void> {
    await this.#commit(
      pieces,
      pieces.map(({ pack, index, sizeBytes, fileBytes, root }) => ({ kind: "put", key: this.#keyOf(pack, index), value: entryCodec.encode({ sizeBytes, fileBytes, root }) })),
    );
  }

  async remove(pieces: readonly HeldPiece[]): Promise<void> {
    await this.#commit(pieces, pieces.map(({ pack, index }) => ({ kind: "delete", key: this.#keyOf(pack, index) })));
  }

  async #commit(pieces: readonly HeldPiece[], operations: readonly LogOperation[]): Promise<void> {
    if (operations.length > 0) await this.#log.commit(operations);
    for (const { pack, index } of pieces) this.#fileless.delete(fileNameOf(pack, index));
  }

  #keyOf(pack: PackId, index: number): Uint8Array {
    return concatBytes(this.#prefix, bytesOfId(pack), Uint8Array.of(index >> 8, index & 255));
  }

  /** Greater than every key with the prefix: a pack has 32 bytes, and this has 33 of the highest. */
  #end(): Uint8Array {
    return concatBytes(this.#prefix, new Uint8Array(PACK_BYTES + 1).fill(255));
  }

  #parse({ key, value }: LogEntry): IndexedPiece {
    const at = this.#prefix.length;
    const pack = idFromBytes<PackId>(key.slice(at, at + PACK_BYTES));
    return { pack, index: (key[at + PACK_BYTES]! << 8) | key[at + PACK_BYTES + 1]!, ...entryCodec.decode(value) };
  }
}
