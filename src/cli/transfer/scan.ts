import { basename, resolve } from "node:path";
import type { FolderEntry } from "../../platform/index.ts";
import { messageOf, openForReading, statIfPresent, walkFolder } from "../../platform/index.ts";
import { CliError } from "../errors.ts";
import { count } from "../sizes.ts";
import { printable } from "../table.ts";

/** A file to be published: where it lies and where it goes. */
export interface FileToPublish {
  readonly path: string;
  readonly absolutePath: string;
  readonly sizeBytes: number;
}

export interface Scan {
  readonly files: readonly FileToPublish[];
  readonly sizeBytes: number;
  /** What a person should hear of although it does not stop them. */
  readonly warnings: readonly string[];
}

/** Names that are seldom meant for the public. */
const PRIVATE = /(^|\/)(\.git|\.svn|\.hg|\.env[^/]*|\.ssh|\.htpasswd|\.DS_Store|node_modules)(\/|$)/;

/**
 * What would be published from a folder, or from a single file under its own name.
 * @throws CliError EMPTY_FOLDER; UNFIT_FOLDER listing what cannot be published and why
 */
export async function scan(source: string, signal: AbortSignal): Promise<Scan> {
  const root = resolve(source);
  const found = await statIfPresent(root);
  if (found === undefined) throw new CliError("UNFIT_FOLDER", `${root} does not exist. Check how it is spelt.`);
  if (found.kind === "other") throw new CliError("UNFIT_FOLDER", `${root} is neither a folder nor a file. Publish a folder, or one file.`);
  if (found.kind === "file") {
    const file = { path: basename(root), absolutePath: root, sizeBytes: found.sizeBytes };
    refuseFaults(root, await unreadable([file]));
    return { files: [file], sizeBytes: file.sizeBytes, warnings: [] };
  }
  return scanFolder(root, signal);
}

async function scanFolder(root: string, signal: AbortSignal): Promise<Scan> {
  const files: FileToPublish[] = [];
  const faults: string[] = [];
  const broken: string[] = [];
  for await (const entry of walkFolder(root, signal)) {
    if (entry.kind === "file") files.push({ path: entry.path, absolutePath: entry.absolutePath, sizeBytes: entry.sizeBytes });
    else if (entry.kind === "link-broken") broken.push(entry.path);
    else if (entry.kind !== "folder") faults.push(`${entry.path}: ${faultOf(entry)}`);
  }
  refuseFaults(root, [...faults, ...(await unreadable(files))]);
  if (files.length === 0) throw new CliError("EMPTY_FOLDER", `${root} has no files in it, so there is nothing to publish. Check the folder's name.`);
  const warnings = broken.map((path) => `${printable(path)} is left out: the link leads nowhere.`);
  const isPrivate = files.find((file) => PRIVATE.test(file.path));
  if (isPrivate !== undefined) warnings.push(`${printable(isPrivate.path)} will be public like all else in the folder. If it is not meant for everybody, unpublish, take it out and publish again.`);
  return { files, sizeBytes: files.reduce((sum, file) => sum + file.sizeBytes, 0), warnings };
}

function faultOf(entry: FolderEntry): string {
  if (entry.kind === "link-outside") return "a link that leads out of the folder; copy what it leads to, or delete it";
  if (entry.kind === "link-loop") return "a link to a folder that it lies in; delete it";
  return "neither a file nor a folder; take it out";
}

async function unreadable(files: readonly FileToPublish[]): Promise<string[]> {
  const faults: string[] = [];
  for (const file of files) {
    try {
      await (await openForReading(file.absolutePath)).close();
    } catch (error) {
      faults.push(`${file.path}: cannot be read (${messageOf(error)})`);
    }
  }
  return faults;
}

const SHOWN = 20;

function refuseFaults(root: string, faults: readonly string[]): void {
  if (faults.length === 0) return;
  const more = faults.length > SHOWN ? `\n  and ${count(faults.length - SHOWN, "more", "more")}` : "";
  throw new CliError("UNFIT_FOLDER", `${root} cannot be published as it is. Nothing was published; mend this first:\n${faults.slice(0, SHOWN).map((fault) => `  ${fault}`).join("\n")}${more}`);
}
