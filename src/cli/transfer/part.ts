import { dirname, join } from "node:path";
import { hex, utf8 } from "../../codec/index.ts";
import { sha256 } from "../../crypto/index.ts";
import type { Hasher } from "../../crypto/index.ts";
import type { BlobRow, PrivateRow } from "../../door/index.ts";
import type { PartFile } from "../../platform/index.ts";
import { PlatformError, lstatIfPresent, openPart, putInPlace, removeIfPresent } from "../../platform/index.ts";
import { CliError } from "../errors.ts";

// What has come of a file lies beside its place, under a name that follows from the entry and the path. An entry never changes, so what a
// fetch that was killed has left there is a part of that very file, or was: a power cut may have torn it, and anybody may have written over it.
// So the next fetch compares it with the file's blobs, keeps those that are right, and goes on behind them.

/** No blob but a file's last is smaller: of less than this nothing can be told, so nothing is kept. */
const WORTH_KEEPING_BYTES = 256 * 1024;
const NAME_LETTERS = 32;

/** A file and where it goes. */
export interface Placed {
  readonly row: PrivateRow;
  readonly place: string;
}

/** What files of a fetch are called: no two entries and paths share one, and it fits however long theirs are. */
export function fetchName(id: string, path: string): string {
  return hex(sha256(utf8(`${id}\0${path}`))).slice(0, NAME_LETTERS);
}

/** Where what has come of a file lies. */
export function partPath(id: string, { row, place }: Placed): string {
  return join(dirname(place), `${fetchName(id, row.path)}.holdfast-part`);
}

/**
 * Has a file filled and put in its place.
 * @param write fills it, whatever is in it, and gives the SHA-256 of the whole
 * @throws CliError DAMAGED, PlatformError FILE_TOO_LARGE or NAME_REFUSED, and nothing stays then; after any other failure what has come stays, when it is worth it
 */
export async function filled(id: string, file: Placed, write: (part: PartFile) => Promise<Uint8Array>): Promise<void> {
  const path = partPath(id, file);
  const part = await openPart(path, file.place);
  if (part === undefined) throw inTheWay(path, "and is no file");
  let isPlaced = false;
  try {
    if (hex(await write(part)) !== file.row.sha256) {
      await part.cut(0);
      throw new CliError("DAMAGED", `${file.row.path} has not the SHA-256 with which it was put. It was not kept; try again, from another host of yours.`);
    }
    // Before it has its name: else a power cut could leave the name with less than the file.
    await part.finish(file.row);
    isPlaced = await putInPlace(path, file.place);
    if (!isPlaced) throw inTheWay(file.place, "by now");
  } catch (error) {
    // No later fetch to this disk gets further than this one.
    if (isOfOneFile(error)) await part.cut(0);
    throw error;
  } finally {
    await part.close();
    if (!isPlaced && part.sizeBytes < WORTH_KEEPING_BYTES) await removeIfPresent(path);
  }
}

/** Whether nothing would be lost by putting the file there: what a power cut leaves of a file that was just put in its place is empty. A link is not, wherever it leads. */
export async function isVacant({ row, place }: Placed): Promise<boolean> {
  const found = await lstatIfPresent(place);
  return found === undefined || (found.kind === "file" && found.sizeBytes === 0 && row.sizeBytes > 0);
}

/** Keeps of a part what is right from its beginning on, hashes it, and says when one of the blobs was not right. */
export async function rightPart(part: PartFile, blobs: () => AsyncIterable<BlobRow>, hash: Hasher, kept: (sizeBytes: number) => void): Promise<{ readonly isTorn: boolean }> {
  let end = 0;
  let isTorn = false;
  if (part.sizeBytes > 0) {
    for await (const blob of blobs()) {
      if (end + blob.sizeBytes > part.sizeBytes) break;
      const bytes = await part.read(end, blob.sizeBytes);
      isTorn = hex(sha256(bytes)) !== blob.sha256;
      if (isTorn) break;
      hash.update(bytes);
      end += blob.sizeBytes;
      kept(blob.sizeBytes);
    }
  }
  await part.cut(end);
  return { isTorn };
}

/** Whether a disk says it of one file, or of one folder, and not of the others. */
export function isOfOneFile(error: unknown): error is PlatformError {
  return error instanceof PlatformError && (error.code === "FILE_TOO_LARGE" || error.code === "NAME_REFUSED");
}

export function inTheWay(place: string, how: string): CliError {
  return new CliError("FILE_IN_THE_WAY", `${place} is there already ${how}. Nothing is overwritten: move it away, or fetch into another folder with --to.`);
}
