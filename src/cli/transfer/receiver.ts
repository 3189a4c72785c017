import { dirname } from "node:path";
import { concatBytes } from "../../codec/index.ts";
import type { Hasher } from "../../crypto/index.ts";
import { hasher, sha256 } from "../../crypto/index.ts";
import type { PrivateRow } from "../../door/index.ts";
import type { PartFile, PlatformError } from "../../platform/index.ts";
import { HoldfastError, ensureFolder, messageOf } from "../../platform/index.ts";
import type { EntryApi } from "../entry-api.ts";
import { CliError } from "../errors.ts";
import type { Progress } from "../progress.ts";
import { formatBytes } from "../sizes.ts";
import { printable } from "../table.ts";
import { inParallel } from "./parallel.ts";
import type { Placed } from "./part.ts";
import { filled, isOfOneFile, rightPart } from "./part.ts";
import type { Patience } from "./patience.ts";
import type { Sources } from "./sources.ts";

/** Files of one bundle that are written at once. */
const WRITTEN_AT_ONCE = 4;

export interface ReceiverParts {
  readonly entries: EntryApi;
  readonly id: string;
  readonly progress: Progress;
  readonly sources: Sources;
  readonly patience: Patience;
  /** Called for each file when it is in its place. */
  readonly whole: (row: PrivateRow) => void;
  /** Called for each file that the disk cannot take, whatever room it has; it may take the others. */
  readonly refused: (error: PlatformError) => void;
}

/** Brings files from the host to their places. Each appears under its name when it is whole and its SHA-256 is the one that it was put with. */
export class Receiver {
  readonly #with: ReceiverParts;
  /** Folders that were made, or found, already. */
  readonly #folders = new Set<string>();
  /** Of files that were not whole: had by an earlier fetch. */
  resumedBytes = 0;

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
    await inParallel(parts, WRITTEN_AT_ONCE, signal, ({ file, bytes: content }, within) => this.#keep(file, within, async (part) => {
      await part.cut(0);
      await part.write(content);
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
    await this.#keep(file, signal, async (part) => {
      await part.fits(file.row.sizeBytes);
      const hash = hasher();
      await this.#goOn(file, part, hash, signal);
      const disk = { isFailing: false };
      const take = async (chunk: Uint8Array): Promise<void> => {
        disk.isFailing = true;
        await part.write(chunk);
        disk.isFailing = false;
        hash.update(chunk);
        this.#with.progress.addBytes(chunk.length);
        this.#with.patience.came();
      };
      for (let before = -1; part.sizeBytes < file.row.sizeBytes && part.sizeBytes > before; ) {
        before = part.sizeBytes;
        try {
          await this.#from(file.row.path, before, take, signal);
        } catch (error) {
          // Some of what was not written whole is in the part and none of it in the hash; and what the disk says, no host can mend.
          if (disk.isFailing) throw error;
          // What broke off after some of it came goes on where it was; when nothing more comes, the host's answer says why.
          if (signal.aborted || (part.sizeBytes === before && !(await this.#with.patience.again(error, signal)))) throw error;
          if (part.sizeBytes === before) before = -1;
        }
      }
      return hash.digest();
    });
  }

  /** Keeps what an earlier fetch left of the file as far as it is right, and says so. */
  async #goOn({ row }: Placed, part: PartFile, hash: Hasher, signal: AbortSignal): Promise<void> {
    const { entries, id, progress } = this.#with;
    const { isTorn } = await rightPart(part, () => entries.blobs(id, row.path, signal), hash, (sizeBytes) => progress.had(sizeBytes));
    this.resumedBytes += part.sizeBytes;
    const [name, had] = [printable(row.path), `${formatBytes(part.sizeBytes)} of ${formatBytes(row.sizeBytes)}`];
    if (isTorn) progress.say(`${name}: what an earlier fetch left is right up to ${had}; all behind that comes anew.`);
    else if (part.sizeBytes > 0) progress.say(`${name} goes on at ${had}.`);
  }

  async #from(path: string, offset: number, take: (chunk: Uint8Array) => Promise<void>, signal: AbortSignal): Promise<void> {
    const { entries, id, sources } = this.#with;
    const response = await entries.download(id, path, offset, signal);
    for await (const chunk of response as AsyncIterable<Uint8Array>) await take(chunk);
    sources.add(response.trailers["holdfast-sources"]);
  }

  /** @param write as `filled` takes it */
  async #keep(file: Placed, signal: AbortSignal, write: (part: PartFile) => Promise<Uint8Array>): Promise<void> {
    try {
      await this.#makeFolder(dirname(file.place));
      await filled(this.#with.id, file, write);
    } catch (error) {
      signal.throwIfAborted();
      if (isOfOneFile(error)) return this.#with.refused(error);
      if (error instanceof HoldfastError) throw error;
      throw new CliError("DAMAGED", `${file.row.path} broke off (${messageOf(error)}). The same command goes on where it stopped.`, { cause: error });
    }
    this.#with.whole(file.row);
  }

  async #makeFolder(path: string): Promise<void> {
    if (this.#folders.has(path)) return;
    await ensureFolder(path, 0o755);
    this.#folders.add(path);
  }
}
