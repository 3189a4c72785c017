import { resolve } from "node:path";
import type { HostRow } from "../door/index.ts";
import { HostApi } from "./api.ts";
import type { CommonOptions, Context } from "./context.ts";
import { invoked } from "./context.ts";
import { CliError } from "./errors.ts";
import { printable } from "./table.ts";

/**
 * The data folder that is meant: --data, else $HOLDFAST_DATA, else the only one that this person's configuration knows.
 * @throws CliError NO_DATA_FOLDER with what to type
 */
export async function dataFolder(options: CommonOptions): Promise<string> {
  const folder = await dataFolderIfAny(options);
  if (folder !== undefined) return folder;
  throw new CliError("NO_DATA_FOLDER", `There is no host of yours on this machine yet. Create a network with '${invoked()} init', join one with '${invoked()} join CODE', or say where its data is with --data FOLDER.`);
}

/** As `dataFolder`, but undefined when this person has no host yet. */
export async function dataFolderIfAny(options: CommonOptions): Promise<string | undefined> {
  const said = options.data ?? process.env["HOLDFAST_DATA"];
  if (said !== undefined && said !== "") return resolve(said);
  const { PersonalConfig } = await import("../daemon/index.ts");
  const known = await new PersonalConfig(process.env).directories();
  if (known.length <= 1) return known[0]?.path;
  const choice = known.map((each) => `  --data ${each.path}   (${printable(each.hostName)} of ${printable(each.network)})`).join("\n");
  throw new CliError("NO_DATA_FOLDER", `You have ${known.length} hosts on this machine. Say which one is meant, with one of:\n${choice}`);
}

/** The API of the host that runs on the data folder. @throws CliError NOT_RUNNING */
export async function connect(context: Context, options: CommonOptions): Promise<HostApi> {
  const folder = await dataFolder(options);
  const api = await apiOf(folder, context.signal);
  if (api !== undefined) return api;
  const { describeDirectory } = await import("../daemon/index.ts");
  const found = await describeDirectory(folder);
  if (found === undefined) throw new CliError("NO_DATA_FOLDER", `${folder} is no host's data folder. Check --data, or prime it with '${invoked()} init' or '${invoked()} join CODE'.`);
  throw new CliError("NOT_RUNNING", `The host ${found.hostName} is not running. Start it with '${invoked()} up --data ${folder}'.`);
}

/** The host that is meant, by its name or its id. @throws CliError USAGE when there is none, or more than one */
export async function hostNamed(api: HostApi, wanted: string): Promise<HostRow> {
  const [found, another] = (await api.hosts()).filter(({ name, id }) => name === wanted || id === wanted);
  if (found === undefined) throw new CliError("USAGE", `There is no host "${wanted}" in this network. '${invoked()} hosts' lists them.`);
  if (another !== undefined) throw new CliError("USAGE", `More than one host is called "${wanted}": ${found.id} and ${another.id}. Say which by its id.`);
  return found;
}

/** The host that answers. */
export async function ownHost(api: HostApi): Promise<HostRow> {
  return (await api.hosts()).find(({ isSelf }) => isSelf)!;
}

/** Undefined when no host runs on the folder. */
export async function apiOf(folder: string, signal: AbortSignal): Promise<HostApi | undefined> {
  const { readApiAddress } = await import("../daemon/index.ts");
  const address = await readApiAddress(folder);
  // A host that was killed leaves its address behind; its process id tells.
  if (address === undefined || !isAlive(address.pid)) return undefined;
  return new HostApi(address.url, address.token, signal);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
