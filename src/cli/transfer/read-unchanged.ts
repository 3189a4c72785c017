import { codeOf, openForReading } from "../../platform/index.ts";
import { CliError } from "../errors.ts";
import type { Progress } from "../progress.ts";
import type { FileToSend } from "./scan.ts";
import type { Deed } from "./deed.ts";
import { PUBLISHING } from "./deed.ts";

const CHUNK_BYTES = 1024 * 1024;

/**
 * The file's bytes in chunks, of exactly the length that was seen before. What is sent is one state of the file:
 * @throws CliError FILE_CHANGED when its length or its time of change is another at the end than at the beginning
 */
export async function* readUnchanged(file: Pick<FileToSend, "path" | "absolutePath" | "sizeBytes">, deed: Deed = PUBLISHING): AsyncGenerator<Uint8Array> {
  const opened = await openForReading(file.absolutePath).catch((error: unknown) => {
    throw codeOf(error) === "NOT_FOUND" ? changed(file, "vanished", deed) : error;
  });
  try {
    const before = await opened.stat();
    if (before.sizeBytes !== file.sizeBytes) throw changed(file, "changed", deed);
    for (let offset = 0; offset < file.sizeBytes; ) {
      const chunk = await opened.read(offset, Math.min(CHUNK_BYTES, file.sizeBytes - offset));
      if (chunk.length === 0) throw changed(file, "became shorter", deed);
      offset += chunk.length;
      // The last bytes are given only when the whole was seen to be unchanged: so a changed file is never taken in.
      if (offset >= file.sizeBytes) {
        const after = await opened.stat();
        if (after.sizeBytes !== before.sizeBytes || after.modifiedMs !== before.modifiedMs) throw changed(file, "changed", deed);
      }
      yield chunk;
    }
  } finally {
    await opened.close();
  }
}

/** The same, and the progress with each chunk that was taken. */
export async function* readCounted(file: FileToSend, progress: Pick<Progress, "addBytes">, deed: Deed = PUBLISHING): AsyncGenerator<Uint8Array> {
  for await (const chunk of readUnchanged(file, deed)) {
    yield chunk;
    progress.addBytes(chunk.length);
  }
}

function changed(file: { readonly path: string }, how: string, deed: Deed): CliError {
  return new CliError("FILE_CHANGED", `${file.path} ${how} while it was being read. Nothing was ${deed.done}; wait until nothing writes to it, and ${deed.again}.`);
}
