import { randomFillSync } from "node:crypto";
import { mkdir, open, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { MIB } from "./figures.ts";

export interface Tree {
  readonly folder: string;
  readonly files: readonly string[];
  readonly sizeBytes: number;
}

/** Writes files of random bytes, so that nothing of an earlier tree can be used again. */
async function write(folder: string, sizes: readonly (readonly [string, number])[]): Promise<Tree> {
  const chunk = Buffer.allocUnsafe(MIB);
  for (const [path, size] of sizes) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    const file = await open(join(folder, path), "w");
    for (let at = 0; at < size; at += MIB) await file.write(randomFillSync(chunk, 0, Math.min(MIB, size - at)), 0, Math.min(MIB, size - at));
    await file.close();
  }
  return { folder, files: sizes.map(([path]) => path), sizeBytes: sizes.reduce((sum, [, size]) => sum + size, 0) };
}

/** Files of 1 to 64 KiB in nested folders. */
export function writeTree(folder: string, count: number): Promise<Tree> {
  return write(folder, Array.from({ length: count }, (_, at) => [`part ${at % 10}/${at % 97}/page ${at}.html`, 1024 + ((at * 7919) % (63 * 1024))] as const));
}

export function writeFilm(folder: string, sizeBytes: number): Promise<Tree> {
  return write(folder, [["film.bin", sizeBytes]]);
}

/** Files of one size at the top of the folder, and a small one, round.txt, with the number that the folder's name ends with. */
export async function writePieces(folder: string, count: number, sizeBytes: number): Promise<Tree> {
  const tree = await write(folder, Array.from({ length: count }, (_, at) => [`${at}.bin`, sizeBytes] as const));
  await writeFile(join(folder, "round.txt"), /\d+$/.exec(folder)?.[0] ?? "");
  return tree;
}

/** Files that are copied at once. */
const AT_ONCE = 4;

/** The same bytes copied by plain file operations, so often, each file synced: the least a disk must do. */
export async function copyAndSync(tree: Tree, to: string, copies: number): Promise<void> {
  const rest = Array.from({ length: copies }, (_, copy) => tree.files.map((path) => [path, join(to, String(copy), path)] as const)).flat().values();
  const lane = async (): Promise<void> => {
    for (const [path, target] of rest) {
      await mkdir(dirname(target), { recursive: true });
      const bytes = await readFile(join(tree.folder, path));
      const file = await open(target, "w");
      await file.writeFile(bytes);
      await file.sync();
      await file.close();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}
