import { homedir } from "node:os";
import { join } from "node:path";
import { delegateToHost, accountFromPhrase } from "../account/index.ts";
import type { AccountId } from "../codec/index.ts";
import type { Env, LogLevel } from "../platform/index.ts";
import { jsonLog, machineEnv, silentLog } from "../platform/index.ts";
import type { ApiAddress } from "./directory.ts";
import { DataDirectory } from "./directory.ts";
import { DaemonError } from "./errors.ts";
import type { Finding } from "./doctor.ts";
import type { Nearby } from "./nearby.ts";
import type { HostOptions, RunningHost } from "./host.ts";
import { PersonalConfig } from "./personal.ts";
import type { InitOptions, JoinOptions, PrimeOptions, Primed } from "./prime.ts";
import type { RenewOptions, Renewed } from "./renew.ts";
import type { SetUp } from "./setup.ts";

// What the command line calls. Here, and nowhere else, the machine's environment is read and handed in; only where a person's own folder is
// when that does not say it, personal.ts knows. The rooms that are heavy to load (peers, doors) are loaded by what needs them: most commands
// only ask the running host.

function quiet(): Env {
  return machineEnv(silentLog);
}

function personal(): PersonalConfig {
  return new PersonalConfig(process.env);
}

export async function initNetwork(options: InitOptions): Promise<Primed> {
  const prime = await import("./prime.ts");
  return prime.initNetwork(quiet(), personal(), options);
}

export async function joinNetwork(options: JoinOptions): Promise<Primed> {
  const prime = await import("./prime.ts");
  return prime.joinNetwork(quiet(), personal(), options);
}

/** Gives a host a new, empty disk under its old name and key. */
export async function renewHost(options: RenewOptions): Promise<Renewed> {
  const renew = await import("./renew.ts");
  return renew.renewHost(personal(), options);
}

/** Starts the host of a data directory and resolves once it serves. @throws errors of every room, each saying what to do */
export async function runHost(options: Omit<HostOptions, "personal"> & { readonly log?: LogLevel }): Promise<RunningHost> {
  const { startHost } = await import("./host.ts");
  return startHost(machineEnv(jsonLog(options.log ?? "info")), { ...options, personal: personal() });
}

/** Has a person make a host from a web browser; resolves when it may be started. @throws DoorError PORT_TAKEN; the signal's reason */
export async function setUpHost(onLink: (link: string) => void, signal: AbortSignal): Promise<SetUp> {
  const setup = await import("./setup.ts");
  return setup.setUpHost(quiet(), { personal: personal(), folder: join(homedir(), "holdfast"), onLink, signal });
}

/**
 * Awaits hosts of the local network that may let this machine in, once it is known that the host can be made: its folder, if that is there by now.
 * @throws as `joinNetwork` does for a bad name or place; NetError PORT_TAKEN, CANNOT_LISTEN
 */
export async function openNearby(wanted: Pick<PrimeOptions, "host" | "capacityBytes"> & { readonly data: string | undefined }): Promise<Nearby> {
  const [prime, nearby] = await Promise.all([import("./prime.ts"), import("./nearby.ts")]);
  await prime.checkBeforeJoining(wanted);
  return nearby.openNearby(quiet());
}

/** What an invite says, before it is used. @throws ClusterError BAD_INVITE */
export async function decodeInvite(typed: string): Promise<{ readonly networkName: string; readonly expiresMs: number; readonly checkWords: string }> {
  const prime = await import("./prime.ts");
  return prime.decodeInvite(typed);
}

/** Looks at everything a host needs. */
export async function doctor(data?: string): Promise<readonly Finding[]> {
  const { examine } = await import("./doctor.ts");
  return examine(personal(), data);
}

/** @throws DaemonError NO_ACCOUNT_KEY */
export async function exportPhrase(data: string): Promise<string> {
  const delegation = await new DataDirectory(data).delegation();
  if (delegation === undefined) throw new DaemonError("NOT_PRIMED", `${data} has no delegation of an account. Give the recovery phrase with "holdfast key import".`);
  return (await personal().account(delegation.account)).phrase;
}

/**
 * Has this host act for the account that the phrase stands for, from its next start on.
 * @throws CryptoError BAD_PHRASE
 */
export async function importPhrase(data: string, phrase: string): Promise<{ readonly account: AccountId }> {
  const account = accountFromPhrase(phrase);
  const directory = new DataDirectory(data);
  const { host, network } = await directory.identity();
  await personal().keepAccount(account);
  await directory.writeDelegation(delegateToHost(account, network.id, host, quiet().clock.wallMs()));
  return { account: account.id };
}

/** Where the running daemon's API is, if one has been started there. It may have ended since. */
export function readApiAddress(data: string): Promise<ApiAddress | undefined> {
  return new DataDirectory(data).api();
}

export interface DirectoryDescription {
  readonly hostName: string;
  readonly networkName: string;
  readonly hostId: string;
}

/** Undefined when the folder is no host's data directory. */
export async function describeDirectory(data: string): Promise<DirectoryDescription | undefined> {
  const directory = new DataDirectory(data);
  try {
    const [settings, identity] = [await directory.settings(), await directory.identity()];
    return { hostName: settings.hostName, networkName: identity.network.rules.name, hostId: identity.host };
  } catch (error) {
    if (error instanceof DaemonError && error.code === "NOT_PRIMED") return undefined;
    throw error;
  }
}
