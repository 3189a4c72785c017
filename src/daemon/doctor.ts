import type { Env } from "../platform/index.ts";
import { machineEnv, messageOf, silentLog, space, statIfPresent } from "../platform/index.ts";
import { freePortPair, isFreePort } from "../net/index.ts";
import { checkMarker, verifyFsync } from "../store/index.ts";
import { DataDirectory } from "./directory.ts";
import type { PersonalConfig } from "./personal.ts";

/** One thing that was looked at. */
export interface Finding {
  readonly what: string;
  readonly ok: "ok" | "warning" | "problem";
  readonly says: string;
  readonly doThis?: string;
}

const LEAST_NODE = 26;
const GIB = 1024 ** 3;
/** Before this the clock cannot be right: Holdfast did not exist. */
const YEAR_2026_MS = 1_767_225_600_000;
const SLOW_FSYNC_MS = 200;

/** Looks at everything a host needs: Node, the disk, fsync, ports, the clock, whether it is reached. */
export async function examine(personal: PersonalConfig, data?: string): Promise<readonly Finding[]> {
  const env = machineEnv(silentLog);
  const findings = [node(), clock(env)];
  if (data === undefined) return [...findings, await ports(undefined), { what: "host", ok: "warning", says: "There is no host of yours on this machine yet.", doThis: 'Make one with "holdfast init" or "holdfast join".' }];
  const directory = new DataDirectory(data);
  return [...findings, await marker(personal, directory), ...(await disk(directory)), await ports(directory), await reach(directory)];
}

function node(): Finding {
  const version = process.versions.node;
  const isNewEnough = Number(version.split(".")[0]) >= LEAST_NODE;
  return isNewEnough ? { what: "Node", ok: "ok", says: version } : { what: "Node", ok: "problem", says: `${version} is too old.`, doThis: 'Run "npm ci" in the project, and start Holdfast with ./holdfast.' };
}

function clock(env: Env): Finding {
  const now = env.clock.wallMs();
  const says = new globalThis.Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeStyle: "medium", timeZone: "UTC" }).format(now);
  return now > YEAR_2026_MS ? { what: "clock", ok: "ok", says: `${says} UTC` } : { what: "clock", ok: "problem", says: `${says} UTC cannot be right.`, doThis: "Set the clock, and have it set itself (systemd-timesyncd, chrony). Invites expire by it." };
}

async function marker(personal: PersonalConfig, directory: DataDirectory): Promise<Finding> {
  try {
    const known = await personal.directory(directory.path);
    await checkMarker(directory.path, known === undefined ? {} : { host: known.host });
    return { what: "data folder", ok: "ok", says: directory.path };
  } catch (error) {
    return { what: "data folder", ok: "problem", says: messageOf(error) };
  }
}

async function disk(directory: DataDirectory): Promise<readonly Finding[]> {
  if ((await statIfPresent(directory.path)) === undefined) return [];
  try {
    const { totalBytes, freeBytes } = await space(directory.path);
    const says = `${Math.round(freeBytes / GIB)} of ${Math.round(totalBytes / GIB)} GiB are free.`;
    const room: Finding = freeBytes > GIB ? { what: "disk", ok: "ok", says } : { what: "disk", ok: "problem", says, doThis: "Free some space: below its floor a host takes nothing new." };
    const tookMs = await verifyFsync(directory.path);
    const sync: Finding =
      tookMs < SLOW_FSYNC_MS
        ? { what: "fsync", ok: "ok", says: `A durable write takes ${tookMs.toFixed(1)} ms.` }
        : { what: "fsync", ok: "warning", says: `A durable write takes ${Math.round(tookMs)} ms.`, doThis: "Publishing will be slow. Use a disk that is not busy, or an SSD." };
    return [room, sync];
  } catch (error) {
    return [{ what: "disk", ok: "problem", says: messageOf(error), doThis: "Check the disk and who owns the folder." }];
  }
}

async function ports(directory: DataDirectory | undefined): Promise<Finding> {
  const settings = await directory?.settings().catch(() => undefined);
  const wanted = [settings?.httpPort, settings?.peerPort].filter((port) => port !== undefined);
  if (wanted.length === 0) {
    const { httpPort, peerPort } = await freePortPair();
    return { what: "ports", ok: "ok", says: `${httpPort} and ${peerPort} are free and will be taken at the first start.` };
  }
  const taken: number[] = [];
  for (const port of wanted) if (!(await isFreePort(port))) taken.push(port);
  if (taken.length === 0) return { what: "ports", ok: "ok", says: `${wanted.join(" and ")} are free.` };
  return { what: "ports", ok: "warning", says: `${taken.join(" and ")} ${taken.length === 1 ? "is" : "are"} in use.`, doThis: "That is right while this host runs. Otherwise start it with other ones: --http-port, --peer-port." };
}

async function reach(directory: DataDirectory): Promise<Finding> {
  const api = await directory.api().catch(() => undefined);
  if (api === undefined) return { what: "reachability", ok: "warning", says: "The host is not running, so nobody reaches it.", doThis: `Start it: holdfast up --data ${directory.path}` };
  const { askStatus } = await import("./ask-status.ts");
  const status = await askStatus(api);
  if (status === undefined) return { what: "reachability", ok: "warning", says: "The host is not running, so nobody reaches it.", doThis: `Start it: holdfast up --data ${directory.path}` };
  const { hosts, peerAddresses } = status;
  const says = `${hosts.online} of ${hosts.total} hosts are connected. This one listens on ${peerAddresses.join(", ")}.`;
  if (hosts.total > 1 && hosts.online === 1) return { what: "reachability", ok: "problem", says, doThis: "Open the peer port in the firewall, or forward it and start with --announce ADDRESS. On another network give addresses with --peers FILE." };
  return { what: "reachability", ok: "ok", says };
}
