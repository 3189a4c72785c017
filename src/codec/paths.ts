/** Bytes of UTF-8 in a whole path. */
export const MAX_PATH_BYTES = 2048;
/** In one part of it: what file systems take. */
const MAX_PART_BYTES = 255;
/** Its parts. */
export const MAX_PATH_PARTS = 64;

// Control characters could steer a terminal that lists names, and none belongs in a web address.
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f]/;

/**
 * What is wrong with a path inside a tree of files, in words that continue "the path ...", or undefined. Good paths are relative, have "/" between
 * their parts, and can be written below any folder of a disk without leaving it.
 */
export function pathFault(path: string): string | undefined {
  if (path === "") return "is empty";
  if (!path.isWellFormed()) return "is not Unicode text";
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) return `is longer than ${MAX_PATH_BYTES} bytes`;
  if (path.startsWith("/")) return 'begins with "/"; paths begin with a name';
  if (path.includes("\\")) return 'has a "\\"; write "/" between folders, and rename a file whose name has one';
  if (CONTROL.test(path)) return "has a control character; rename the file";
  const parts = path.split("/");
  if (parts.length > MAX_PATH_PARTS) return `is more than ${MAX_PATH_PARTS} folders deep`;
  if (parts.includes("")) return 'has an empty part: "/" at the end, or two in a row';
  if (parts.includes(".") || parts.includes("..")) return 'has a part "." or ".."';
  if (parts.some((part) => Buffer.byteLength(part) > MAX_PART_BYTES)) return `has a part longer than ${MAX_PART_BYTES} bytes`;
  return undefined;
}

function* foldersOf(path: string): Generator<string> {
  for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1)) yield path.slice(0, at);
}

export type PathRefusal = (code: "BAD_PATH" | "DUPLICATE_PATH", message: string) => Error;

/**
 * The paths of a tree that comes in file by file: no path twice, no path that is a file and a folder. A path is kept in the bytes in which
 * it came, because its id depends on them, but two that are equal after Unicode's NFC count as one: nobody could tell them apart.
 */
export class PathSet {
  readonly #files = new Map<string, string>();
  /** How many files are below each folder. */
  readonly #folders = new Map<string, number>();
  readonly #refusal: PathRefusal;

  /** @param refusal makes the error of whoever takes paths in */
  constructor(refusal: PathRefusal) {
    this.#refusal = refusal;
  }

  /** @throws BAD_PATH, DUPLICATE_PATH; nothing is taken then */
  take(path: string): void {
    const { key, shown } = this.#checked(path);
    if (this.#folders.has(key)) throw this.#refusal("BAD_PATH", `${shown} is given as a file, but other files lie in a folder of that name. Rename one.`);
    this.#files.set(key, path);
    for (const folder of foldersOf(key)) this.#folders.set(folder, (this.#folders.get(folder) ?? 0) + 1);
  }

  /** Takes in a folder by itself, as one that may be empty. @throws BAD_PATH, DUPLICATE_PATH */
  takeFolder(path: string): void {
    const { key } = this.#checked(path);
    for (const folder of [...foldersOf(key), key]) this.#folders.set(folder, (this.#folders.get(folder) ?? 0) + 1);
  }

  #checked(path: string): { readonly key: string; readonly shown: string } {
    const shown = JSON.stringify(path.slice(0, 200));
    const fault = pathFault(path);
    if (fault !== undefined) throw this.#refusal("BAD_PATH", `The path ${shown} cannot be taken: it ${fault}.`);
    const key = path.normalize("NFC");
    const same = this.#files.get(key);
    if (same === path) throw this.#refusal("DUPLICATE_PATH", `The path ${shown} was given twice. Give each file once.`);
    if (same !== undefined) throw this.#refusal("DUPLICATE_PATH", `Two files are called ${shown}; their names differ only in how accented letters are composed. Rename one.`);
    const file = foldersOf(key).find((folder) => this.#files.has(folder));
    if (file !== undefined) throw this.#refusal("BAD_PATH", `${shown} lies in ${JSON.stringify(file)}, which is given as a file. Rename one.`);
    return { key, shown };
  }

  /** Forgets a path that was taken, so that it may be given again. */
  release(path: string): void {
    const key = path.normalize("NFC");
    if (!this.#files.delete(key)) return;
    for (const folder of foldersOf(key)) {
      const left = this.#folders.get(folder)! - 1;
      if (left === 0) this.#folders.delete(folder);
      else this.#folders.set(folder, left);
    }
  }
}
