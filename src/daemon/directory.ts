import { join, resolve } from "node:path";
import type { Delegation, Network, NetworkCertificate, RedeemAnswer } from "../cluster/index.ts";
import { delegationCodec, isGenuine, readCertificate, redeemAnswerCodec } from "../cluster/index.ts";
import type { HostId } from "../codec/index.ts";
import { fromHex, fromUtf8, hex, idFromBytes, utf8 } from "../codec/index.ts";
import type { KeyPair } from "../crypto/index.ts";
import { keyPairFromSeed } from "../crypto/index.ts";
import { codeOf, readIfPresent, removeIfPresent, writeDurably, writeInPlace } from "../platform/index.ts";
import { DaemonError } from "./errors.ts";
import type { FieldValues } from "./json-file.ts";
import { parseJson, pickFields } from "./json-file.ts";

const settingsFields = { hostName: "string", zone: "string", capacityBytes: "number", httpPort: "number?", peerPort: "number?", mirrors: "strings?", releasing: "strings?", lanPorts: "strings?" } as const;

export type Settings = FieldValues<typeof settingsFields>;

/** What a person who edited the settings may have got wrong. */
function absurdityOf({ hostName, capacityBytes, httpPort, peerPort }: Settings): string | undefined {
  if (hostName === "") return "hostName is empty";
  if (!Number.isSafeInteger(capacityBytes) || capacityBytes < 1) return "capacityBytes is no whole number of bytes above zero";
  for (const port of [httpPort, peerPort]) if (port !== undefined && (!Number.isInteger(port) || port < 0 || port > 65_535)) return "a port is a whole number from 0 to 65535";
  return undefined;
}

const apiFields = { url: "string", token: "string", pid: "number" } as const;

/** Where a running daemon's API listens, and the token that opens it. */
export type ApiAddress = FieldValues<typeof apiFields>;

/** What a data directory says about its host, all of it read and checked. */
export interface HostIdentity {
  readonly key: KeyPair;
  readonly host: HostId;
  readonly network: Network;
  readonly certificate: NetworkCertificate;
  /** Other hosts that were known last, or when this one joined. */
  readonly entrances: RedeemAnswer["entrances"];
}

const RESTORE = "Restore it from a backup; without one, move the folder aside and join anew with an invite.";
const DELEGATE = 'Have your person sign anew: "holdfast key import" with the recovery phrase.';

/** The named files of one data directory. The marker, the lock and what hosts hold belong to the room `store`. */
export class DataDirectory {
  readonly path: string;

  constructor(path: string) {
    this.path = resolve(path);
  }

  file(name: string): string {
    return join(this.path, name);
  }

  async writeIdentity(seed: Uint8Array, answer: RedeemAnswer): Promise<void> {
    await writeDurably(this.file("host.key"), utf8(`${hex(seed)}\n`));
    await this.writeEntrances(answer.certificate, answer.entrances);
  }

  /** The hosts by which this one finds the network again when its records are lost. */
  async writeEntrances(certificate: NetworkCertificate, entrances: RedeemAnswer["entrances"]): Promise<void> {
    await writeDurably(this.file("network.cbor"), redeemAnswerCodec.encode({ certificate, entrances: [...entrances] }));
  }

  async identity(): Promise<HostIdentity> {
    const key = this.#parse("host.key", await this.#need("host.key"), (bytes) => keyPairFromSeed(fromHex(fromUtf8(bytes).trim())), RESTORE);
    const { certificate, entrances } = this.#parse("network.cbor", await this.#need("network.cbor"), (bytes) => redeemAnswerCodec.decode(bytes), RESTORE);
    const network = readCertificate(certificate);
    if (network === undefined) throw new DaemonError("BAD_SETTINGS", `${this.file("network.cbor")} does not bear the founder's signature. ${RESTORE}`);
    return { key, host: idFromBytes<HostId>(key.publicKey), network, certificate, entrances };
  }

  async writeDelegation(delegation: Delegation): Promise<void> {
    await writeDurably(this.file("delegation.cbor"), delegationCodec.encode(delegation));
  }

  async delegation(): Promise<Delegation | undefined> {
    const bytes = await readIfPresent(this.file("delegation.cbor"));
    if (bytes === undefined) return undefined;
    const delegation = this.#parse("delegation.cbor", bytes, (each) => delegationCodec.decode(each), DELEGATE);
    if (!isGenuine(delegation)) throw new DaemonError("BAD_SETTINGS", `${this.file("delegation.cbor")} does not bear its person's signature. ${DELEGATE}`);
    return delegation;
  }

  async writeSettings(settings: Settings): Promise<void> {
    await writeDurably(this.file("settings.json"), utf8(`${JSON.stringify(settings, undefined, 2)}\n`));
  }

  async settings(): Promise<Settings> {
    const settings = pickFields(parseJson(await this.#need("settings.json")), settingsFields);
    if (settings === undefined) throw new DaemonError("BAD_SETTINGS", `${this.file("settings.json")} is not the JSON that Holdfast wrote. Mend it: hostName, zone, capacityBytes are needed.`);
    const wrong = absurdityOf(settings);
    if (wrong !== undefined) throw new DaemonError("BAD_SETTINGS", `${this.file("settings.json")} cannot be right: ${wrong}. Mend it.`);
    return settings;
  }

  /**
   * By which the Browser's sessions are proven, so that they hold over restarts.
   * @param fresh 32 random bytes, which become the key when there is none yet; whoever deletes the file ends all sessions with the next start
   */
  async browserKey(fresh: Uint8Array): Promise<Uint8Array> {
    const known = await readIfPresent(this.file("browser.key"));
    if (known !== undefined) return this.#parse("browser.key", known, (bytes) => exactly(fromHex(fromUtf8(bytes).trim()), fresh.length), "Delete it: web browsers then ask for a new link.");
    await writeDurably(this.file("browser.key"), utf8(`${hex(fresh)}\n`)).catch((error: unknown) => {
      // A full disk is no reason not to serve: sessions then end with this run of the host.
      if (codeOf(error) !== "DISK_FULL") throw error;
    });
    return fresh;
  }

  async writeApi(address: ApiAddress): Promise<void> {
    const bytes = utf8(JSON.stringify(address));
    await writeDurably(this.file("api.json"), bytes).catch(async (error: unknown) => {
      if (codeOf(error) !== "DISK_FULL") throw error;
      // A full disk is no reason not to serve what is there, and the file that a crash left has this one's size.
      await writeInPlace(this.file("api.json"), bytes).catch(() => {
        throw error;
      });
    });
  }

  /** What the last daemon wrote; whether it still runs shows only when one asks it. */
  async api(): Promise<ApiAddress | undefined> {
    const bytes = await readIfPresent(this.file("api.json"));
    return bytes === undefined ? undefined : pickFields(parseJson(bytes), apiFields);
  }

  async removeApi(): Promise<void> {
    await removeIfPresent(this.file("api.json"));
  }

  #parse<T>(name: string, bytes: Uint8Array, read: (bytes: Uint8Array) => T, doThis: string): T {
    try {
      return read(bytes);
    } catch (error) {
      throw new DaemonError("BAD_SETTINGS", `${this.file(name)} is damaged: it is not what Holdfast wrote. ${doThis}`, { cause: error });
    }
  }

  async #need(name: string): Promise<Uint8Array> {
    const bytes = await readIfPresent(this.file(name));
    if (bytes === undefined) throw new DaemonError("NOT_PRIMED", `${this.path} has no ${name}: it is no host's data directory. Make one with "holdfast init" or "holdfast join", or check --data.`);
    return bytes;
  }
}

/** @throws RangeError when the bytes are not as many as they must be */
function exactly(bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length !== length) throw new RangeError(`${bytes.length} bytes in place of ${length}`);
  return bytes;
}
