import ignore from "ignore";
import { isSeldomPublic } from "../src/cli/transfer/seldom-public.ts";
import { siteNameNear } from "../src/site/site-name.ts";

// Files that a person has chosen or dropped, with their places in the folder.

export interface PickedFile {
  /** "/" between its parts. */
  readonly path: string;
  readonly file: File;
}

export interface Picked {
  /** Of the folder, or of the only file. */
  readonly name: string;
  readonly isFolder: boolean;
  readonly files: readonly PickedFile[];
}

const IGNORE_FILE = ".holdfastignore";

export function sizeOf(files: readonly PickedFile[]): number {
  return files.reduce((sum, { file }) => sum + file.size, 0);
}

/** What a file chooser gives: of a folder every file with its path, of files their names. Undefined when nothing was chosen. */
export function fromChooser(chosen: readonly File[]): Picked | undefined {
  const [first] = chosen;
  if (first === undefined) return undefined;
  const [folder, ...below] = first.webkitRelativePath.split("/");
  if (folder === undefined || below.length === 0) return together(chosen.map((file) => ({ path: file.name, file })));
  return { name: folder, isFolder: true, files: chosen.map((file) => ({ path: file.webkitRelativePath.split("/").slice(1).join("/"), file })) };
}

/** What was dropped: one folder, one file, or several of both, which then stand side by side. */
export async function fromDrop(dropped: DataTransfer): Promise<Picked | undefined> {
  // All at once, before anything is awaited: the list is empty afterwards.
  const entries = [...dropped.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const [first] = entries;
  if (first === undefined) return undefined;
  if (entries.length === 1 && first.isDirectory) return { name: first.name, isFolder: true, files: await filesBelow(first as FileSystemDirectoryEntry, "") };
  const files = await Promise.all(entries.map((entry) => (entry.isDirectory ? filesBelow(entry as FileSystemDirectoryEntry, `${entry.name}/`) : fileOf(entry as FileSystemFileEntry, ""))));
  return together(files.flat());
}

function together(files: readonly PickedFile[]): Picked {
  const [only, another] = files;
  return another === undefined && only !== undefined && !only.path.includes("/") ? { name: only.path, isFolder: false, files } : { name: "", isFolder: true, files };
}

async function filesBelow(folder: FileSystemDirectoryEntry, prefix: string): Promise<PickedFile[]> {
  const reader = folder.createReader();
  const files: PickedFile[] = [];
  for (;;) {
    // A reader gives a hundred at a time, and none at its end.
    const entries = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (entries.length === 0) return files;
    for (const entry of entries) files.push(...(entry.isDirectory ? await filesBelow(entry as FileSystemDirectoryEntry, `${prefix}${entry.name}/`) : await fileOf(entry as FileSystemFileEntry, prefix)));
  }
}

async function fileOf(entry: FileSystemFileEntry, prefix: string): Promise<PickedFile[]> {
  const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject));
  return [{ path: `${prefix}${entry.name}`, file }];
}

export interface Publishable {
  readonly files: readonly PickedFile[];
  /** The first that is seldom meant for everybody. */
  readonly doubtful: string | undefined;
}

/** What of it is published: all but what its `.holdfastignore` names, as on the command line. */
export async function publishable(picked: Picked): Promise<Publishable> {
  const list = picked.files.find(({ path }) => path === IGNORE_FILE);
  const rules = list === undefined ? undefined : ignore().add(await list.file.text());
  const files = picked.files.filter(({ path }) => path !== IGNORE_FILE && rules?.ignores(path) !== true);
  return { files, doubtful: files.find(({ path }) => isSeldomPublic(path))?.path };
}

/** A name that could be typed for the folder, in the letters of an address; "" when nothing is near. */
export function suggestedName({ name }: Picked): string {
  return siteNameNear(name) ?? "";
}
