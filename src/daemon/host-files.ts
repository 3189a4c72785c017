import type { Delegation, Network, RedeemAnswer } from "../cluster/index.ts";
import type { HostId } from "../codec/index.ts";
import { idFromBytes } from "../codec/index.ts";
import { keyPairFromSeed } from "../crypto/index.ts";
import { writeMarker } from "../store/index.ts";
import type { DataDirectory, Settings } from "./directory.ts";
import type { PersonalConfig } from "./personal.ts";

/** All that makes a folder a host's. */
export interface HostFiles {
  readonly seed: Uint8Array;
  readonly network: Network;
  readonly answer: RedeemAnswer;
  /** Undefined when a host whose person has not signed for it yet gets a new disk. */
  readonly delegation: Delegation | undefined;
  readonly settings: Settings;
}

/** What `writeHost` writes before the marker. */
export const HOST_FILES = ["host.key", "network.cbor", "delegation.cbor", "settings.json"] as const;

/** Writes everything down. The marker comes last: without it the folder is not a host's. And only what is one is remembered. */
export async function writeHost(personal: PersonalConfig, directory: DataDirectory, { seed, network, answer, delegation, settings }: HostFiles): Promise<void> {
  const host = idFromBytes<HostId>(keyPairFromSeed(seed).publicKey);
  await directory.writeIdentity(seed, answer);
  if (delegation !== undefined) await directory.writeDelegation(delegation);
  await directory.writeSettings(settings);
  await writeMarker(directory.path, { host, network: network.id });
  await personal.remember({ path: directory.path, host, hostName: settings.hostName, network: network.rules.name });
}
