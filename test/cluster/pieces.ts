import { open, readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { filesBelow } from "./content.ts";

// What lies on the disks of a test's hosts, told by the files themselves and not by what any host says of them.

/** A host's disk. */
export interface Disk {
  readonly name: string;
  readonly data: string;
}

export interface PieceFile {
  readonly pack: string;
  readonly index: number;
  readonly path: string;
  readonly sizeBytes: number;
}

export async function piecesOn(disk: Disk): Promise<PieceFile[]> {
  const paths = (await readdir(disk.data)).includes("pieces") ? await filesBelow(join(disk.data, "pieces")) : [];
  const found = paths.flatMap((path) => {
    const [, pack, index] = /^([a-z2-7]{52})\.(\d+)$/.exec(basename(path)) ?? [];
    return pack === undefined ? [] : [{ path, pack, index: Number(index) }];
  });
  return Promise.all(found.map(async (piece) => ({ ...piece, sizeBytes: (await stat(piece.path)).size })));
}

/** Pack → the pieces that lie anywhere on the disks, each with the disk's name. */
export async function packsOn(disks: readonly Disk[]): Promise<Map<string, { readonly disk: string; readonly index: number }[]>> {
  const packs = new Map<string, { readonly disk: string; readonly index: number }[]>();
  for (const disk of disks) {
    for (const { pack, index } of await piecesOn(disk)) packs.set(pack, [...(packs.get(pack) ?? []), { disk: disk.name, index }]);
  }
  return packs;
}

/** How many different pieces of a pack lie on disks of their own. */
export function spreadOf(pieces: readonly { readonly disk: string; readonly index: number }[]): number {
  return Math.min(new Set(pieces.map(({ disk }) => disk)).size, new Set(pieces.map(({ index }) => index)).size);
}

/** Turns bits of one byte over, where it lies. */
export async function flipByte(path: string, offset: number, bits = 0xff): Promise<void> {
  const file = await open(path, "r+");
  try {
    const byte = new Uint8Array(1);
    await file.read(byte, 0, 1, offset);
    await file.write(byte.map((value) => value ^ bits), 0, 1, offset);
  } finally {
    await file.close();
  }
}
