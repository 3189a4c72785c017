import { hostname } from "node:os";
import { dirname, resolve } from "node:path";
import { isHostName } from "../cluster/index.ts";
import { hex } from "../codec/index.ts";
import { createSetupDoor } from "../door/index.ts";
import type { Applicant } from "../net/index.ts";
import { freePortPair } from "../net/index.ts";
import type { Env } from "../platform/index.ts";
import { messageOf, raceAbort, space, statIfPresent } from "../platform/index.ts";
import { BROWSER_FOLDERS, SESSION_KEY_BYTES } from "./browser.ts";
import { DataDirectory } from "./directory.ts";
import { awaitSponsors } from "./nearby.ts";
import type { PersonalConfig } from "./personal.ts";
import { decodeInvite, initNetwork, joinNetwork } from "./prime.ts";
import { Sponsors } from "./sponsors.ts";
import { VERSION } from "./version.ts";

export interface SetupOptions {
  readonly personal: PersonalConfig;
  /** The folder that is proposed. */
  readonly folder: string;
  /** Told the link with which a web browser of this machine sets the host up. */
  readonly onLink: (link: string) => void;
  readonly signal: AbortSignal;
}

export interface SetUp {
  readonly data: string;
  /** Where the set-up was, and where the page waits for the host. */
  readonly httpPort: number;
}

/**
 * Has a person make a host from a web browser, and resolves when it may be started. The key of the Browser's sessions is given to the
 * host, so that whoever set it up goes on in its Browser.
 * @throws DoorError PORT_TAKEN; the signal's reason
 */
export async function setUpHost(env: Env, { personal, folder: proposed, onLink, signal }: SetupOptions): Promise<SetUp> {
  const sessionKey = env.random.bytes(SESSION_KEY_BYTES);
  const { httpPort, peerPort } = await freePortPair();
  const sponsors = new Sponsors(env);
  const started = Promise.withResolvers<string>();
  let made: string | undefined;
  const keep = async (data: string): Promise<void> => {
    await new DataDirectory(data).browserKey(sessionKey);
    made = data;
  };
  const door = await createSetupDoor(env, {
    version: VERSION,
    sessionKey,
    token: hex(env.random.bytes(SESSION_KEY_BYTES)),
    browserFolders: BROWSER_FOLDERS,
    port: httpPort,
    desk: {
      nearby: sponsors,
      facts: async () => ({ folder: proposed, freeBytes: await freeBytes(proposed), host: proposedName() }),
      invite: async (code) => decodeInvite(code),
      async create({ folder, ...wanted }) {
        const primed = await initNetwork(env, personal, { ...wanted, data: resolve(folder) });
        await keep(primed.data);
        return { networkName: primed.networkName, phrase: primed.phrase ?? null };
      },
      async join({ folder, ...wanted }) {
        const primed = await joinNetwork(env, personal, { ...wanted, data: resolve(folder), signal });
        await keep(primed.data);
        return { networkName: primed.networkName, phrase: primed.phrase ?? null };
      },
      start: () => {
        if (made !== undefined) started.resolve(made);
      },
    },
  });
  const applicant = await awaited(env, sponsors, peerPort);
  try {
    onLink(door.browserLink());
    return { data: await raceAbort(started.promise, signal), httpPort: door.port };
  } finally {
    sponsors.withdraw();
    await applicant?.close();
    await door.close();
  }
}

/** A machine to which no host can come is set up with a code all the same. */
async function awaited(env: Env, sponsors: Sponsors, port: number): Promise<Applicant | undefined> {
  return awaitSponsors(env, sponsors, port).catch((error: unknown) => {
    env.log.info("hosts on the local network cannot come to this machine", { reason: messageOf(error) });
    return undefined;
  });
}

/** What is free where the folder is, or would be. */
async function freeBytes(folder: string): Promise<number> {
  return (await statIfPresent(folder)) === undefined && dirname(folder) !== folder ? freeBytes(dirname(folder)) : (await space(folder)).freeBytes;
}

/** The machine's own name, as far as a host can have it. */
function proposedName(): string {
  const name = hostname().split(".")[0]!.normalize("NFC").replaceAll(/[^\p{L}\p{N}_-]+/gu, " ").trim();
  return isHostName(name) && name !== "localhost" ? name : "";
}
