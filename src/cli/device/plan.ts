import { CliError } from "../errors.ts";
import { formatBytes } from "../sizes.ts";

/** One disk or partition as `lsblk --json` tells it. */
export interface BlockDevice {
  readonly path: string;
  readonly type: string;
  readonly sizeBytes: number;
  readonly isReadOnly: boolean;
  readonly model: string | undefined;
  readonly filesystem: string | undefined;
  readonly label: string | undefined;
  readonly mountpoints: readonly string[];
  readonly children: readonly BlockDevice[];
}

/** The columns that `readDevices` needs; sizes in bytes. */
export const LSBLK_ARGS = ["--json", "--bytes", "--output", "PATH,TYPE,SIZE,RO,MODEL,FSTYPE,LABEL,MOUNTPOINTS"] as const;

/** @throws CliError DEVICE_FAILED when the text is not what lsblk prints */
export function readDevices(lsblkJson: string): readonly BlockDevice[] {
  try {
    const found = JSON.parse(lsblkJson) as { blockdevices: unknown[] };
    return found.blockdevices.map(readDevice);
  } catch (error) {
    throw new CliError("DEVICE_FAILED", "'lsblk' answered with something unexpected. Mount the disk yourself and give --data a folder on it.", { cause: error });
  }
}

function readDevice(value: unknown): BlockDevice {
  const found = value as Record<string, unknown>;
  const words = (name: string): string | undefined => (typeof found[name] === "string" && found[name] !== "" ? found[name].trim() : undefined);
  const list = (name: string): unknown[] => (Array.isArray(found[name]) ? (found[name] as unknown[]) : []);
  return {
    path: words("path") ?? "",
    type: words("type") ?? "",
    sizeBytes: Number(found["size"]),
    isReadOnly: found["ro"] === true || found["ro"] === "1",
    model: words("model"),
    filesystem: words("fstype"),
    label: words("label"),
    mountpoints: list("mountpoints").filter((each) => typeof each === "string"),
    children: list("children").map(readDevice),
  };
}

/** What is on a device, a line for itself and each of its parts. */
export function describeDevice(device: BlockDevice, indent = ""): string {
  const has = device.filesystem === undefined ? (device.children.length > 0 ? "partitioned" : "no file system") : device.filesystem;
  const label = device.label === undefined ? "" : ` "${device.label}"`;
  const mounted = device.mountpoints.length === 0 ? "" : `, in use at ${device.mountpoints.join(", ")}`;
  const model = device.model === undefined ? "" : `, ${device.model}`;
  const line = `${indent}${device.path}  ${formatBytes(device.sizeBytes)} ${device.type}${model}: ${has}${label}${mounted}`;
  return [line, ...device.children.map((child) => describeDevice(child, `${indent}  `))].join("\n");
}

/** Types that stand for themselves. Others (crypt, lvm, raid members) belong to something that would break. */
const ERASABLE = new Set(["disk", "part", "loop"]);
const BELONGS_TO_OTHERS = new Set(["LVM2_member", "linux_raid_member", "crypto_LUKS", "zfs_member", "bcache", "swap"]);
/** Smaller ones hold too little beside the file system's own needs. */
const SMALLEST_BYTES = 64 * 1024 * 1024;

/**
 * Decides whether the device may be erased.
 * @throws CliError DEVICE_REFUSED saying why not and what to do
 */
export function refuseUnsafe(device: BlockDevice): void {
  const refuse = (why: string, advice: string): never => {
    throw new CliError("DEVICE_REFUSED", `${device.path} ${why}. ${advice}`);
  };
  if (!ERASABLE.has(device.type)) refuse(`is of the type "${device.type}"`, "Only whole disks, partitions and loop devices can be primed; for anything else mount it yourself and use --data.");
  if (device.isReadOnly) refuse("is read-only", "Check its write-protection switch.");
  if (device.sizeBytes < SMALLEST_BYTES) refuse(`has only ${formatBytes(device.sizeBytes)}`, `Take one of at least ${formatBytes(SMALLEST_BYTES)}.`);
  for (const part of [device, ...descendants(device)]) {
    const name = part === device ? "is" : `holds ${part.path}, which is`;
    if (part.mountpoints.length > 0) refuse(`${name} mounted at ${part.mountpoints.join(", ")}`, `If nothing there is needed, unmount it ('umount ${part.path}') and try again.`);
    if (part !== device && !ERASABLE.has(part.type)) refuse(`${name} in use as "${part.type}"`, "Take it apart first, or use another disk.");
    if (BELONGS_TO_OTHERS.has(part.filesystem ?? "")) refuse(`${name} part of something else (${part.filesystem})`, "Take it apart first, or use another disk.");
  }
}

function descendants(device: BlockDevice): readonly BlockDevice[] {
  return device.children.flatMap((child) => [child, ...descendants(child)]);
}

/** The line for /etc/fstab. "nofail": the machine also starts without this disk. Spaces as fstab(5) wants them. */
export function fstabLine(uuid: string, mountpoint: string): string {
  const escaped = mountpoint.replaceAll("\\", "\\134").replaceAll(" ", "\\040").replaceAll("\t", "\\011");
  return `UUID=${uuid} ${escaped} ext4 defaults,nofail,noatime 0 2`;
}

/** The table with the line added; the same table when the disk is in it already. */
export function withFstabLine(fstab: string, uuid: string, mountpoint: string): string {
  if (fstab.split("\n").some((line) => line.trim().startsWith(`UUID=${uuid} `))) return fstab;
  return `${fstab}${fstab === "" || fstab.endsWith("\n") ? "" : "\n"}${fstabLine(uuid, mountpoint)}\n`;
}
