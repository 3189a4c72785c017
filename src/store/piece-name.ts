import { join } from "node:path";
import { idFromText } from "../codec/index.ts";
import type { PackId } from "../codec/index.ts";
import { folders, shardOf } from "./folders.ts";

export const MAX_PIECE_INDEX = 65_535;

export interface PieceName {
  readonly pack: PackId;
  readonly index: number;
}

/** The name of a piece's file. @throws CodecError or RangeError when the pack or index could name anything else */
export function fileNameOf(pack: PackId, index: number): string {
  if (!Number.isInteger(index) || index < 0 || index > MAX_PIECE_INDEX) throw new RangeError(`${index} is not the index of a piece: they go from 0 to ${MAX_PIECE_INDEX}.`);
  return `${idFromText<PackId>(pack)}.${index}`;
}

/** Undefined for a file that is no piece's. */
export function parseFileName(name: string): PieceName | undefined {
  const [pack, index] = name.split(".", 2);
  try {
    const parsed = { pack: idFromText<PackId>(pack ?? ""), index: Number(index) };
    return fileNameOf(parsed.pack, parsed.index) === name ? parsed : undefined;
  } catch {
    return undefined;
  }
}

export function piecePath(directory: string, name: string): string {
  return join(folders.pieces(directory), shardOf(name), name);
}
