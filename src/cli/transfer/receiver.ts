import { dirname } from "node:path";
import { concatBytes, hex } from "../../codec/index.ts";
import { hasher, sha256 } from "../../crypto/index.ts";
import type { PrivateRow } from "../../door/index.ts";
import type { NewFile } from "../../platform/index.ts";
import { HoldfastError, codeOf, createForWriting, ensureFolder, putInPlace, removeIfPresent } from "../../platform/index.ts";
import type { EntryApi } from "../entry-api.ts";
import { CliError } from "../errors.ts";
import type { Progress } from "../progress.ts";
import { inParallel } from "./parallel.ts";
import type { Sources } from "./sources.ts";

/** Files of one bundle that are written at once. */
const WRITTEN_AT_ONCE = 4;
/** Behind the name of a file that is not whole yet. */
const PART = ".holdfast-part";

/** A file and where it goes. */
export interface Placed {
  readonly row: PrivateRow;
  readonly place: string;
}

/** Brings files from the host to their places. Each appears under its name when it is whole and its SHA-256 is the one that it was put with. */
export class Receiver {
  readonly #entries: EntryApi;
  readonly #id: string;
  readonly #progress: Progress;
  readonly #sources: Sources;
  readonly #whole: (row: PrivateRow) => void;
  /** Folders that were made, or found, already. */
  readonly #folders = new Set<string>();

  /** @param whole called for each file when it is in its place */
  constructor(entries: EntryApi, id: string, progress: Progress, sources: Sources, whole: (row: PrivateRow) => void) {
    this.#entries = entries;
    this.#id = id;
    this.#progress = progress;
    this.#sources = sources;
    this.#whole = whole;
  }

  /** @throws CliError DAMAGED; ApiError with the host's reasons */
  async fetch(files: readonly Placed[], signal: AbortSignal): Promise<void> {
    const bytes = files.length > 1 ? await this.#together(files, signal) : undefined;
    if (bytes === undefined) {
      // One by one, so that what can be had is had, and the host says what is wrong with the rest.
      for (const file of files) await this.#one(file, signal);
      return;
    }
    let end = 0;
    const parts = files.map((file) => ({ file, bytes: bytes.subarray(end, (end += file.row.sizeBytes)) }));
    await inParallel(parts, WRITTEN_AT_ONCE, signal, ({ file, bytes: content }, within) => this.#keep(file, within, async (target) => {
      await target.write(content);
      return sha256(content);
    }));
  }

  /** All bytes of a bundle, or undefined when they did not come whole. */
  async #together(files: readonly Placed[], signal: AbortSignal): Promise<Uint8Array | undefined> {
    const wanted = files.reduce((sum, { row }) => sum + row.sizeBytes, 0);
    const parts: Uint8Array[] = [];
    let length = 0;
    try {
      const response = await this.#entries.downloadTogether(this.#id, files.map(({ row }) => row.path), signal);
      for await (const chunk of response as AsyncIterable<Uint8Array>) {
        length += chunk.length;
        if (length > wanted) return undefined;
        parts.push(chunk);
      }
      if (length !== wanted) return undefined;
      this.#sources.add(response.trailers["holdfast-sources"]);
    } catch {
      signal.throwIfAborted();
      return undefined;
    }
    this.#progress.addBytes(length);
    return concatBytes(...parts);
  }

  async #one(file: Placed, signal: AbortSignal): Promise<void> {
    await this.#keep(file, signal, async (target) => {
      const hash = hasher();
      let received = 0;
      const take = async (chunk: Uint8Array): Promise<void> => {
        hash.update(chunk);
        await target.write(chunk);
        received += chunk.length;
        this.#progress.addBytes(chunk.length);
      };
      for (let before = -1; received < file.row.sizeBytes && received > before; ) {
        before = received;
        try {
          await this.#from(file.row.path, received, take, signal);
        } catch (error) {
          // What broke off after some of it came goes on where it was; when nothing more comes, the host's answer says why.
          if (signal.aborted || received === before) throw error;
        }
      }
      return hash.digest();
    });
  }

  async #from(path: string, offset: number, take: (chunk: Uint8Array) => Promise<void>, signal: AbortSignal): Promise<void> {
    const response = await this.#entries.download(this.#id, path, offset, signal);
    for await (const chunk of response as AsyncIterable<Uint8Array>) await take(chunk);
    this.#sources.add(response.trailers["holdfast-sources"]);
  }

  /** @param write fills the file and gives the SHA-256 of what it wrote */
  async #keep({ row, place }: Placed, signal: AbortSignal, write: (target: NewFile) => Promise<Uint8Array>): Promise<void> {
    const part = place + PART;
    try {
      await this.#makeFolder(dirname(place));
      if ((await filled(part, write)) !== row.sha256) throw new CliError("DAMAGED", `${row.path} has not the SHA-256 with which it was put. It was not kept; try again, from another host of yours.`);
      await putInPlace(part, place, row);
    } catch (error) {
      await removeIfPresent(part);
      signal.throwIfAborted();
      if (error instanceof HoldfastError) throw error;
      throw new CliError("DAMAGED", `${row.path} broke off. It was not kept; the same command fetches what is missing.`, { cause: error });
    }
    this.#whole(row);
  }

  async #makeFolder(path: string): Promise<void> {
    if (this.#folders.has(path)) return;
    await ensureFolder(path, 0o755);
    this.#folders.add(path);
  }
}

/** The SHA-256 of what was written into a new file. */
async function filled(part: string, write: (target: NewFile) => Promise<Uint8Array>): Promise<string> {
  const target = await created(part);
  try {
    return hex(await write(target));
  } finally {
    await target.close();
  }
}

async function created(part: string): Promise<NewFile> {
  try {
    return await createForWriting(part, 0o600);
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
    // Left by a fetch that was killed; nobody knows how much of it is right.
    await removeIfPresent(part);
    return createForWriting(part, 0o600);
  }
}
