import type { Command } from "commander";
import { resolve } from "node:path";
import type { CommonOptions, Context } from "./context.ts";
import { invoked } from "./context.ts";
import { CliError } from "./errors.ts";
import { parseBytes } from "./sizes.ts";

/** What init and join have in common: where the data goes, and what the host is called. */
export interface PrimingOptions extends CommonOptions {
  readonly host: string;
  readonly zone?: string;
  readonly capacity?: number;
  readonly device?: string;
  readonly mount?: string;
  readonly yes?: true;
  readonly phrase?: true;
}

export function primingOptions(command: Command): Command {
  return command
    .requiredOption("--host <name>", "what this host is called, such as attic")
    .option("--capacity <size>", "how much of the disk it may use, such as 20GB (default: half of what is free)", parseBytes)
    .option("--zone <name>", "hosts of one zone fail together: a home, an owner (default: the host's name)")
    .option("--device <path>", "prime a whole disk or partition, such as /dev/sdb: it is erased, after asking")
    .option("--mount <folder>", "where the disk is mounted (default: /srv/holdfast-NAME)")
    .option("--yes", "erase the disk without asking")
    .option("--phrase", "use an account you already have: asks for its recovery phrase, or reads it from standard input");
}

/**
 * The folder to prime; a disk is prepared first, when the names that go on it may be names.
 * @throws CliError NO_DATA_FOLDER with what to type, and all that preparing a disk throws
 */
export async function folderToPrime(context: Context, options: PrimingOptions, names: readonly string[]): Promise<string> {
  if (options.device !== undefined) {
    if (options.data !== undefined) throw new CliError("USAGE", "Say either --data, a folder, or --device, a disk to be erased; with --device, --mount says where it appears.");
    // What would stop the priming is found before the disk is erased.
    const { checkHostName } = await import("../cluster/index.ts");
    for (const name of names) checkHostName(name);
    const { prepareDevice } = await import("./device/prepare.ts");
    return prepareDevice(context, { device: options.device, mountpoint: resolve(options.mount ?? `/srv/holdfast-${options.host.replaceAll(/[^\p{L}\p{N}]+/gu, "-")}`), fstab: "/etc/fstab", isSure: options.yes === true });
  }
  const said = options.data ?? process.env["HOLDFAST_DATA"];
  if (said === undefined || said === "") throw new CliError("NO_DATA_FOLDER", `Say where the host's data goes: a folder that is empty or does not exist yet, such as '--data ~/holdfast', or a disk with '--device'. '${invoked()} init --help' shows an example.`);
  return resolve(said);
}
