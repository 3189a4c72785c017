import { homedir } from "node:os";
import { join, resolve } from "node:path";
import type { Account } from "../account/index.ts";
import { accountFromSeed } from "../account/index.ts";
import type { AccountId, HostId } from "../codec/index.ts";
import { fromHex, fromUtf8, hex, utf8 } from "../codec/index.ts";
import { ensureFolder, readIfPresent, writeDurably } from "../platform/index.ts";
import { DaemonError } from "./errors.ts";
import { parseJson, pickFields } from "./json-file.ts";

const directoryFields = { path: "string", host: "string", hostName: "string", network: "string" } as const;

/** A data directory of this person, and whose it is. */
export interface KnownDirectory {
  readonly path: string;
  readonly host: HostId;
  readonly hostName: string;
  /** The network's name. */
  readonly network: string;
}

/**
 * What belongs to the person and not to a disk: which data directories are theirs, so that a missing disk is noticed, and their
 * account's key, so that a stolen disk does not carry it. In $HOLDFAST_CONFIG, else ~/.config/holdfast.
 */
export class PersonalConfig {
  readonly folder: string;

  constructor(environment: Readonly<Record<string, string | undefined>>) {
    // An empty one is as good as none (XDG Base Directory Specification); read as a path, it would put keys into the current folder.
    const { HOLDFAST_CONFIG: own = "", XDG_CONFIG_HOME: base = "" } = environment;
    this.folder = resolve(own !== "" ? own : join(base !== "" ? base : join(homedir(), ".config"), "holdfast"));
  }

  async directories(): Promise<readonly KnownDirectory[]> {
    const path = join(this.folder, "hosts.json");
    const bytes = await readIfPresent(path);
    if (bytes === undefined) return [];
    const directories = readDirectories(bytes);
    if (directories === undefined) throw new DaemonError("BAD_SETTINGS", `${path} cannot be read: it is not the JSON that Holdfast wrote. Mend it, or move it away and start each host with --data.`);
    return directories;
  }

  async directory(path: string): Promise<KnownDirectory | undefined> {
    const absolute = resolve(path);
    return (await this.directories()).find((each) => each.path === absolute);
  }

  /** Remembers a data directory, replacing what was known under its path. */
  async remember(directory: KnownDirectory): Promise<void> {
    const others = (await this.directories()).filter((each) => each.path !== directory.path);
    await ensureFolder(this.folder);
    await writeDurably(join(this.folder, "hosts.json"), utf8(`${JSON.stringify({ directories: [...others, directory] }, undefined, 2)}\n`));
  }

  async keepAccount(account: Account): Promise<void> {
    await ensureFolder(join(this.folder, "accounts"));
    await writeDurably(this.#accountPath(account.id), utf8(`${hex(account.seed)}\n`));
  }

  /** @throws DaemonError NO_ACCOUNT_KEY when this person's configuration has it not */
  async account(id: AccountId): Promise<Account> {
    const path = this.#accountPath(id);
    const bytes = await readIfPresent(path);
    if (bytes === undefined) {
      throw new DaemonError("NO_ACCOUNT_KEY", `The account's key is not in ${this.folder}. Run this as the person who set the host up, or give the recovery phrase with "holdfast key import".`);
    }
    try {
      return accountFromSeed(fromHex(fromUtf8(bytes).trim()));
    } catch (error) {
      throw new DaemonError("BAD_SETTINGS", `${path} is damaged: it is not what Holdfast wrote. Give the recovery phrase with "holdfast key import".`, { cause: error });
    }
  }

  #accountPath(id: AccountId): string {
    return join(this.folder, "accounts", `${id}.key`);
  }
}

function readDirectories(bytes: Uint8Array): readonly KnownDirectory[] | undefined {
  const parsed = parseJson(bytes);
  const listed: unknown = typeof parsed === "object" && parsed !== null && "directories" in parsed ? parsed.directories : undefined;
  if (!Array.isArray(listed)) return undefined;
  const directories = listed.map((each) => pickFields(each, directoryFields)).filter((each) => each !== undefined);
  if (directories.length !== listed.length) return undefined;
  return directories.map((each) => ({ ...each, host: each.host as HostId }));
}
