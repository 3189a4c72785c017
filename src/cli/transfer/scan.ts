import { basename, resolve } from "node:path";
import type { FolderEntry } from "../../platform/index.ts";
import { messageOf, openForReading, statIfPresent, walkFolder } from "../../platform/index.ts";
import { CliError } from "../errors.ts";
import { count } from "../sizes.ts";
import { printable } from "../table.ts";
import type { Deed } from "./deed.ts";
import { PUBLISHING } from "./deed.ts";
import { readIgnore } from "./ignore.ts";
import { inParallel } from "./parallel.ts";
import { isSeldomPublic } from "./seldom-public.ts";

/** A file to be sent: where it lies and where it goes. */
export interface FileToSend {
  readonly path: string;
  readonly absolutePath: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  readonly mode: number;
}

export interface Scan {
  readonly kind: "file" | "folder";
  readonly files: readonly FileToSend[];
  readonly folders: readonly Pick<FileToSend, "path" | "modifiedMs" | "mode">[];
  readonly sizeBytes: number;
  /** What a person should hear of although it does not stop them. */
  readonly warnings: readonly string[];
}

/** To see whether they can be read. */
const OPENED_AT_ONCE = 4;

/**
 * What would be sent of a folder, or of a single file under its own name.
 * @throws CliError EMPTY_FOLDER; UNFIT_FOLDER listing what cannot be sent and why
 */
export async function scan(source: string, signal: AbortSignal, deed: Deed = PUBLISHING): Promise<Scan> {
  const root = resolve(source);
  const found = await statIfPresent(root);
  if (found === undefined) throw new CliError("UNFIT_FOLDER", `${root} does not exist. Check how it is spelt.`);
  if (found.kind === "other") throw new CliError("UNFIT_FOLDER", `${root} is neither a folder nor a file. Give a folder, or one file.`);
  if (found.kind === "file") {
    const { sizeBytes, modifiedMs, mode } = found;
    const file = { path: basename(root), absolutePath: root, sizeBytes, modifiedMs, mode };
    refuseFaults(root, await unreadable([file], signal), deed);
    return { kind: "file", files: [file], folders: [], sizeBytes: file.sizeBytes, warnings: [] };
  }
  return scanFolder(root, signal, deed);
}

async function scanFolder(root: string, signal: AbortSignal, deed: Deed): Promise<Scan> {
  const files: FileToSend[] = [];
  const folders: Scan["folders"][number][] = [];
  const faults: string[] = [];
  const broken: string[] = [];
  const skips = deed.isPublic ? await readIgnore(root) : () => false;
  for await (const entry of walkFolder(root, signal, (path, isFolder) => skips(isFolder ? `${path}/` : path))) {
    const { path, absolutePath, sizeBytes, modifiedMs, mode } = entry;
    if (entry.kind === "file") files.push({ path, absolutePath, sizeBytes, modifiedMs, mode });
    else if (entry.kind === "folder") folders.push({ path, modifiedMs, mode });
    else if (entry.kind === "link-broken") broken.push(entry.path);
    else faults.push(`${entry.path}: ${faultOf(entry)}`);
  }
  refuseFaults(root, [...faults, ...(await unreadable(files, signal))], deed);
  if (files.length === 0 && !deed.mayBeEmpty) throw new CliError("EMPTY_FOLDER", `${root} has no files in it, so there is nothing to be ${deed.done}. Check the folder's name.`);
  const warnings = broken.map((path) => `${printable(path)} is left out: the link leads nowhere.`);
  const isPrivate = deed.isPublic ? files.find((file) => isSeldomPublic(file.path)) : undefined;
  if (isPrivate !== undefined) warnings.push(`${printable(isPrivate.path)} will be public like all else in the folder. If it is not meant for everybody, unpublish, take it out, or name it in .holdfastignore, and publish again.`);
  return { kind: "folder", files, folders, sizeBytes: files.reduce((sum, file) => sum + file.sizeBytes, 0), warnings };
}

function faultOf(entry: FolderEntry): string {
  if (entry.kind === "link-outside") return "a link that leads out of the folder; copy what it leads to, or delete it";
  if (entry.kind === "link-loop") return "a link to a folder that it lies in; delete it";
  return "neither a file nor a folder; take it out";
}

async function unreadable(files: readonly FileToSend[], signal: AbortSignal): Promise<string[]> {
  const faults: string[][] = [];
  await inParallel(files.entries(), OPENED_AT_ONCE, signal, async ([at, file]) => {
    try {
      await (await openForReading(file.absolutePath)).close();
    } catch (error) {
      faults[at] = [`${file.path}: cannot be read (${messageOf(error)})`];
    }
  });
  return faults.flat();
}

const SHOWN = 20;

function refuseFaults(root: string, faults: readonly string[], deed: Deed): void {
  if (faults.length === 0) return;
  const more = faults.length > SHOWN ? `\n  and ${count(faults.length - SHOWN, "more", "more")}` : "";
  throw new CliError("UNFIT_FOLDER", `${root} cannot be ${deed.done} as it is. Nothing was ${deed.done}; mend this first:\n${faults.slice(0, SHOWN).map((fault) => `  ${fault}`).join("\n")}${more}`);
}
