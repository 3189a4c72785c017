import { lockDirectory, prepareDataDirectory, readMarker } from "../store/index.ts";
import { DataDirectory } from "./directory.ts";
import { DaemonError } from "./errors.ts";
import { writeHost } from "./host-files.ts";
import type { PersonalConfig } from "./personal.ts";
import type { Primed } from "./prime.ts";

export interface RenewOptions {
  /** An empty folder, on the new disk. */
  readonly data: string;
  /** The data folder that is to be replaced, or a backup of its small files: host.key, network.cbor, delegation.cbor, settings.json. */
  readonly from: string;
  /** Default: as much as before. */
  readonly capacityBytes?: number;
}

export type Renewed = Omit<Primed, "phrase" | "account">;

/**
 * Gives a host a new, empty disk under its old name and key. What it held is on other hosts, or lost: it claims no longer what it cannot fetch
 * again. Said by a person, because a disk that is not mounted looks like an empty one.
 * @throws DaemonError NOT_PRIMED, BAD_SETTINGS for the old folder; StoreError NOT_EMPTY, CAPACITY_TOO_LARGE, DIRECTORY_IN_USE
 */
export async function renewHost(personal: PersonalConfig, options: RenewOptions): Promise<Renewed> {
  const [old, fresh] = [new DataDirectory(options.from), new DataDirectory(options.data)];
  const { key, host, network, certificate, entrances } = await old.identity();
  const [settings, delegation] = [await old.settings(), await old.delegation()];
  const marker = await readMarker(old.path).catch(() => undefined);
  // Were it still running there, two hosts would have one key. A backup of a few files is nothing to run on.
  if (marker !== undefined) (await lockDirectory(old.path)).release();
  if (marker !== undefined && marker.host !== host) throw new DaemonError("BAD_SETTINGS", `${old.path} bears the marker of another host than its host.key. Check what was copied there.`);
  const capacityBytes = await prepareDataDirectory(fresh.path, { capacityBytes: options.capacityBytes ?? settings.capacityBytes });
  // Mirrors are fetched again, and what was still to be released is not there.
  const { releasing: _, ...kept } = settings;
  await writeHost(personal, fresh, { seed: key.seed, network, answer: { certificate, entrances }, delegation, settings: { ...kept, capacityBytes } });
  return { data: fresh.path, host, network: network.id, networkName: network.rules.name, capacityBytes };
}
