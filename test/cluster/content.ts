import { createHash, randomBytes } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, readdir } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { MIB } from "./size.ts";

/** What a folder holds: path → SHA-256. */
export type Digests = ReadonlyMap<string, string>;

/** A file of random bytes, which nothing can make smaller; `mark` stands in it once in every MiB. */
export async function writeNoise(path: string, sizeBytes: number, mark = Buffer.alloc(0)): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  function* parts(): Generator<Buffer> {
    for (let left = sizeBytes; left > 0; left -= MIB) {
      const part = randomBytes(Math.min(left, MIB));
      mark.copy(part, Math.min(1000, part.length));
      yield part;
    }
  }
  await pipeline(Readable.from(parts()), createWriteStream(path));
}

export async function digestOfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

/** All files below a folder, as paths of the machine. */
export async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)).sort();
}

export async function digestsBelow(folder: string): Promise<Digests> {
  const digests = new Map<string, string>();
  for (const path of await filesBelow(folder)) digests.set(relative(folder, path), await digestOfFile(path));
  return digests;
}

/** Which of the texts stand in a file, anywhere in its bytes. */
export async function textsIn(path: string, texts: readonly string[]): Promise<string[]> {
  const sought = texts.map((text) => ({ text, bytes: Buffer.from(text) }));
  const longest = Math.max(...sought.map(({ bytes }) => bytes.length));
  const found = new Set<string>();
  let before = Buffer.alloc(0);
  for await (const chunk of createReadStream(path, { highWaterMark: MIB })) {
    const bytes = Buffer.concat([before, chunk as Buffer]);
    for (const { text, bytes: wanted } of sought) if (bytes.includes(wanted)) found.add(text);
    before = bytes.subarray(Math.max(0, bytes.length - longest));
  }
  return [...found];
}
