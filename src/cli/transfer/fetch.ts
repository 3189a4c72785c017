import { resolve } from "node:path";
import { hex } from "../../codec/index.ts";
import { hasher } from "../../crypto/index.ts";
import type { PrivateRow, SourceRow } from "../../door/index.ts";
import { PlatformError, ensureFolder, openForReading, removeIfPresent, stamp, statIfPresent } from "../../platform/index.ts";
import type { Context } from "../context.ts";
import type { EntryApi } from "../entry-api.ts";
import { CliError } from "../errors.ts";
import { Progress } from "../progress.ts";
import { count } from "../sizes.ts";
import { bundlesOf } from "./bundles.ts";
import { lockFetch } from "./fetch-lock.ts";
import { nameLastingly } from "./lasting.ts";
import { inParallel } from "./parallel.ts";
import { inTheWay, isOfOneFile, isVacant, partPath } from "./part.ts";
import type { Placed } from "./part.ts";
import { Patience } from "./patience.ts";
import { Receiver } from "./receiver.ts";
import { placeBelow } from "./safe-path.ts";
import { Sources } from "./sources.ts";

/** Files, or bundles of small ones, that are fetched at once: while some come, others are written. */
const WIDTH = 4;
const READ_BYTES = 1024 * 1024;
/** While files are written below it, a folder must let its owner in. */
const OPEN_FOLDER = 0o755;

export interface Fetched {
  readonly files: number;
  /** Those that were there already, with the content that they should have. */
  readonly alreadyThere: number;
  /** Had by an earlier fetch, of files that were not whole. */
  readonly resumedBytes: number;
  readonly sizeBytes: number;
  readonly sources: readonly SourceRow[];
}

/**
 * Fetches files into a folder. Each appears under its name when it is whole and its SHA-256 is the one that it was put with. What is there
 * already with that content is not fetched again, nor what has come of a file that is not whole, so that a fetch that was stopped or killed goes on
 * where it was; nothing else is overwritten. When it returns all of it would survive a power cut.
 * @param told called for each file once it is whole
 * @throws CliError FILE_IN_THE_WAY, UNSAFE_PATH, DAMAGED, CANCELLED; PlatformError FILE_TOO_LARGE or NAME_REFUSED when all else is there
 */
export async function fetchAll(context: Context, entries: EntryApi, id: string, rows: readonly PrivateRow[], to: string, told: (row: PrivateRow) => void): Promise<Fetched> {
  const root = resolve(to);
  const places = rows.map((row) => ({ row, place: placeBelow(root, row.path) }));
  const files = places.filter(({ row }) => row.kind === "file");
  const progress = new Progress(context.env, context.io, "Fetching", files.length, files.reduce((sum, { row }) => sum + row.sizeBytes, 0));
  const sources = new Sources();
  const done = { files: 0, alreadyThere: 0, sizeBytes: 0 };
  const refusals: PlatformError[] = [];
  try {
    const made = await makeFolder(root);
    await using _ = await lockFetch(root, id);
    const refused = (error: PlatformError): void => void refusals.push(error);
    const folders = await makeFolders(places.filter(({ row }) => row.kind === "folder"), refused);
    const whole = (row: PrivateRow): void => {
      done.files += 1;
      done.sizeBytes += row.sizeBytes;
      progress.addFile();
      told(row);
    };
    const there = (row: PrivateRow): void => {
      done.alreadyThere += 1;
      progress.had(row.sizeBytes);
      whole(row);
    };
    const receiver = new Receiver({ entries, id, progress, sources, patience: new Patience(context.env, progress), whole, refused });
    await inParallel(bundlesOf(files, ({ row }) => row.sizeBytes), WIDTH, context.signal, async (bundle, signal) => {
      await receiver.fetch(await missingOf(id, bundle, there), signal);
    });
    // The deepest first: whatever changes in a folder changes its time.
    for (const { row, place } of folders.toReversed()) await stamp(place, row);
    await nameLastingly(root, made, places.map(({ place }) => place), context.signal);
    if (refusals.length > 0) throw refusedBy(root, refusals, done.files);
    return { ...done, resumedBytes: receiver.resumedBytes, sources: sources.rows() };
  } catch (error) {
    throw context.signal.aborted ? new CliError("CANCELLED", `Stopped. ${count(done.files, "whole file")} of ${count(files.length, "file")} are in ${root}; the same command goes on from there.`, { cause: error }) : error;
  } finally {
    progress.end();
  }
}

async function makeFolder(path: string): Promise<string | undefined> {
  const found = await statIfPresent(path);
  if (found !== undefined && found.kind !== "folder") throw inTheWay(path, "and is no folder");
  return ensureFolder(path, OPEN_FOLDER);
}

/** @returns those that the disk takes; `refused` is called for the others */
async function makeFolders(folders: readonly Placed[], refused: (error: PlatformError) => void): Promise<Placed[]> {
  const made: Placed[] = [];
  for (const folder of folders) {
    try {
      await makeFolder(folder.place);
      made.push(folder);
    } catch (error) {
      if (!isOfOneFile(error)) throw error;
      refused(error);
    }
  }
  return made;
}

/** Those of the files that are to be fetched; `there` is called for each of the others. */
async function missingOf(id: string, files: readonly Placed[], there: (row: PrivateRow) => void): Promise<Placed[]> {
  const missing: Placed[] = [];
  for (const file of files) {
    if (await isThere(file)) {
      await removeIfPresent(partPath(id, file));
      there(file.row);
    } else missing.push(file);
  }
  return missing;
}

/** Says what the disk does not take, once all else is there. */
function refusedBy(root: string, refusals: readonly PlatformError[], wholeFiles: number): PlatformError {
  const first = refusals[0]!;
  const more = refusals.length === 1 ? "" : ` It refuses ${(refusals.length - 1).toLocaleString("en")} more.`;
  return new PlatformError(first.code, `${first.message}${more} All else is in ${root}: ${count(wholeFiles, "file")}.`, { cause: first });
}

/** @throws CliError FILE_IN_THE_WAY for anything that is not this very file */
async function isThere(file: Placed): Promise<boolean> {
  if (await isVacant(file)) return false;
  const { row, place } = file;
  const found = await statIfPresent(place);
  if (found?.kind !== "file" || found.sizeBytes !== row.sizeBytes || (await sha256Of(place)) !== row.sha256) throw inTheWay(place, "with other content");
  return true;
}

async function sha256Of(path: string): Promise<string> {
  const opened = await openForReading(path);
  const hash = hasher();
  try {
    for (let at = 0; ; ) {
      const bytes = await opened.read(at, READ_BYTES);
      if (bytes.length === 0) return hex(hash.digest());
      hash.update(bytes);
      at += bytes.length;
    }
  } finally {
    await opened.close();
  }
}
