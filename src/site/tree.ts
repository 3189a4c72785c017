import type { BlockSink, DagNode } from "./unixfs/block.ts";
import type { FolderItem } from "./unixfs/folder.ts";
import { writeFolder } from "./unixfs/folder.ts";
import { UNIXFS_V1_2025 } from "./unixfs/profile.ts";

interface Folder {
  readonly folders: Map<string, Folder>;
  readonly files: FolderItem[];
}

/** Writes the directory blocks of a whole tree, the deepest first. The paths are checked and fit together. */
export async function writeTree(files: Iterable<{ readonly path: string; readonly node: DagNode }>, sink: BlockSink): Promise<DagNode> {
  const root: Folder = { folders: new Map(), files: [] };
  for (const { path, node } of files) {
    const parts = path.split("/");
    const name = parts.pop()!;
    folderAt(root, parts).files.push({ name, node });
  }
  return writeOne(root, sink);
}

function folderAt(root: Folder, parts: readonly string[]): Folder {
  let folder = root;
  for (const part of parts) {
    let next = folder.folders.get(part);
    if (next === undefined) folder.folders.set(part, (next = { folders: new Map(), files: [] }));
    folder = next;
  }
  return folder;
}

async function writeOne(folder: Folder, sink: BlockSink): Promise<DagNode> {
  const items = [...folder.files];
  for (const [name, below] of folder.folders) items.push({ name, node: await writeOne(below, sink) });
  return writeFolder(items, UNIXFS_V1_2025.shardAboveBytes, sink);
}
