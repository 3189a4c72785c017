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
import type { Patience } from "./patience.ts";
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

export interface ReceiverParts {
  readonly entries: EntryApi;
  readonly id: string;
  readonly progress: Progress;
  readonly sources: Sources;
  readonly patience: Patience;
  /** Called for each file when it is in its place. */
  readonly whole: (row: PrivateRow) => void;
}

/** Brings files from the host to their places. Each appears under its name when it is whole and its SHA-256 is the one that it was put with. */
export class Receiver {
  readonly #with: ReceiverParts;
  /** Folders that were made, or found, already. */
  readonly #folders = new Set<string>();

  constructor(parts: ReceiverParts) {
    this.#with = parts;
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
    const { entries, id, sources, progress, patience } = this.#with;
    const wanted = files.reduce((sum, { row }) => sum + row.sizeBytes, 0);
    const parts: Uint8Array[] = [];
    let length = 0;
    try {
      const response = await entries.downloadTogether(id, files.map(({ row }) => row.path), signal);
      for await (const chunk of response as AsyncIterable<Uint8Array>) {
        length += chunk.length;
        if (length > wanted) return undefined;
        parts.push(chunk);
      }
      if (length !== wanted) return undefined;
      sources.add(response.trailers["holdfast-sources"]);
    } catch {
      signal.throwIfAborted();
      return undefined;
    }
    progress.addBytes(length);
    patience.came();
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
        this.#with.progress.addBytes(chunk.length);
        this.#with.patience.came();
      };
      for (let before = -1; received < file.row.sizeBytes && received > before; ) {
        before = received;
        try {
          await this.#from(file.row.path, received, take, signal);
        } catch (error) {
          // What broke off after some of it came goes on where it was; when nothing more comes, the host's answer says why.
          if (signal.aborted || (received === before && !(await this.#with.patience.again(error, signal)))) throw error;
          if (received === before) before = -1;
        }
      }
      return hash.digest();
    });
  }

  async #from(path: string, offset: number, take: (chunk: Uint8Array) => Promise<void>, signal: AbortSignal): Promise<void> {
    const { entries, id, sources } = this.#with;
    const response = await entries.download(id, path, offset, signal);
    for await (const chunk of response as AsyncIterable<Uint8Array>) await take(chunk);
    sources.add(response.trailers["holdfast-sources"]);
  }

  /** @param write fills the file and gives the SHA-256 of what it wrote */
  async #keep({ row, place }: Placed, signal: AbortSignal, write: (target: NewFile) => Promise<Uint8Array>): Promise<void> {
    const part = place + PART;
    try {
      await this.#makeFolder(dirname(place));
      await filled(part, async (target) => {
        if (hex(await write(target)) !== row.sha256) throw new CliError("DAMAGED", `${row.path} has not the SHA-256 with which it was put. It was not kept; try again, from another host of yours.`);
        // What somebody else has only begun to write must not appear as the whole file.
        if (!(await target.isInPlace())) throw new CliError("FILE_IN_THE_WAY", `Another fetch writes ${place} as well. Wait until it has ended; the same command fetches what is missing then.`);
        await putInPlace(part, place, row);
      });
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof HoldfastError) throw error;
      throw new CliError("DAMAGED", `${row.path} broke off. It was not kept; the same command fetches what is missing.`, { cause: error });
    }
    this.#with.whole(row);
  }

  async #makeFolder(path: string): Promise<void> {
    if (this.#folders.has(path)) return;
    await ensureFolder(path, 0o755);
    this.#folders.add(path);
  }
}

/** Has a new file written, of which nothing stays when that fails. */
async function filled(part: string, write: (target: NewFile) => Promise<void>): Promise<void> {
  const target = await created(part);
  try {
    await write(target);
  } catch (error) {
    if (await target.isInPlace()) await removeIfPresent(part);
    throw error;
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
