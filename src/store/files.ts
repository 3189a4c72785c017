import { constants } from "node:fs";
import { mkdir, open, readdir, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { codeOf } from "../platform/index.ts";
import type { Limiter } from "../platform/index.ts";

/** A file that is being made. Tests put one in front that runs out of space, or whose sync fails. */
export interface NewFile {
  /** Appends. Resolves once all bytes are with the operating system. */
  write(bytes: Uint8Array): Promise<void>;
  /** Resolves once all that was written is on the disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** Makes a file that is not there yet. */
export type CreateFile = (path: string) => Promise<NewFile>;

export const createFile: CreateFile = async (path) => {
  const file = await open(path, "wx", 0o600);
  return {
    async write(bytes) {
      for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at, bytes.length - at)).bytesWritten;
    },
    sync: () => file.datasync(),
    close: () => file.close(),
  };
};

/** The file behind a limit to what is written at once, over all files that share the limiter. */
export function limited(file: NewFile, limiter: Limiter): NewFile {
  return { write: (bytes) => limiter.run(() => file.write(bytes)), sync: () => limiter.run(() => file.sync()), close: () => file.close() };
}

/** A file that is read. Tests put one in front that the disk does not give. */
export interface ReadFile {
  read(into: Uint8Array, at: number, length: number, offset: number): Promise<{ readonly bytesRead: number }>;
  stat(): Promise<{ readonly size: number }>;
  close(): Promise<void>;
}

export type OpenFile = (path: string) => Promise<ReadFile>;

export const openFile: OpenFile = (path) => open(path, "r");

/** `length` bytes from `offset`; fewer when the file ends before. */
export async function readAt(file: ReadFile, offset: number, length: number): Promise<Uint8Array> {
  // Without zeros first: every byte that is handed out has been read.
  const bytes = Buffer.allocUnsafeSlow(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return new Uint8Array(bytes.buffer, 0, filled);
}

export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** The names in a folder; none when there is no such folder. */
export async function namesIn(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return [];
    throw error;
  }
}

/**
 * Moves a file into a folder that may have to be made, so that the move survives a power cut.
 * @param onMoved called once it lies there, also where it then turns out that the move may not survive
 */
export async function moveDurably(from: string, to: string, onMoved: () => void = () => {}): Promise<void> {
  const folder = dirname(to);
  const isNew = (await mkdir(folder, { recursive: true, mode: 0o700 })) !== undefined;
  await rename(from, to);
  onMoved();
  await syncFolder(folder);
  if (isNew) await syncFolder(dirname(folder));
}
