import { join } from "node:path";
import { ensureFolder, readIfPresent, statIfPresent, writeDurably } from "../../platform/index.ts";
import type { Context } from "../context.ts";
import { CliError } from "../errors.ts";
import { ask } from "../io.ts";
import { LSBLK_ARGS, describeDevice, readDevices, refuseUnsafe, withFstabLine } from "./plan.ts";
import { runProgram } from "./run.ts";

export interface DevicePlan {
  readonly device: string;
  readonly mountpoint: string;
  /** The table of file systems; another one in tests. */
  readonly fstab: string;
  /** Erase without asking. */
  readonly isSure: boolean;
}

/**
 * Turns a disk or partition into a mounted, empty ext4 file system: shows what is on it, asks, formats, mounts it by
 * UUID now and at every start of the machine. Gives the data folder on it.
 * @throws CliError DEVICE_REFUSED, DEVICE_FAILED, CANCELLED, NEEDS_ANSWER
 */
export async function prepareDevice(context: Context, plan: DevicePlan): Promise<string> {
  refuseHere(plan.device);
  const found = readDevices(await runProgram("lsblk", [...LSBLK_ARGS, plan.device]))[0];
  if (found === undefined) throw new CliError("DEVICE_REFUSED", `${plan.device} is no disk. Type 'lsblk' to see the disks of this machine.`);
  context.io.note(`${describeDevice(found)}\n`);
  refuseUnsafe(found);
  await refuseUsedMountpoint(plan.mountpoint);
  if (!plan.isSure) await confirm(context, plan.device);
  context.signal.throwIfAborted();

  context.io.note(`Formatting ${plan.device} ...`);
  await runProgram("mkfs.ext4", ["-q", "-F", "-m", "0", "-L", "holdfast", plan.device]);
  const uuid = (await runProgram("blkid", ["-p", "-s", "UUID", "-o", "value", plan.device])).trim();
  await ensureFolder(plan.mountpoint, 0o755);
  const fstab = new TextDecoder().decode((await readIfPresent(plan.fstab)) ?? new Uint8Array());
  await runProgram("mount", ["-t", "ext4", "-o", "noatime", `UUID=${uuid}`, plan.mountpoint]);
  await writeDurably(plan.fstab, new TextEncoder().encode(withFstabLine(fstab, uuid, plan.mountpoint)), 0o644);
  context.io.note(`Mounted at ${plan.mountpoint} (UUID ${uuid}), and at every start of this machine by ${plan.fstab}.`);
  return join(plan.mountpoint, "holdfast");
}

function refuseHere(device: string): void {
  if (process.platform !== "linux") throw new CliError("DEVICE_REFUSED", "Whole disks can be primed on Linux only. Here, format and mount the disk yourself, and give --data a folder on it.");
  if (process.getuid?.() !== 0) throw new CliError("DEVICE_REFUSED", `Formatting ${device} needs an administrator. Run the same command with sudo, or mount the disk yourself and use --data.`);
}

async function refuseUsedMountpoint(mountpoint: string): Promise<void> {
  const found = await statIfPresent(mountpoint);
  if (found !== undefined && found.kind !== "folder") throw new CliError("DEVICE_REFUSED", `${mountpoint} is a file, so nothing can be mounted there. Choose a folder with --mount.`);
  const mounted = await runProgram("lsblk", ["--json", "--bytes", "--list", "--output", LSBLK_ARGS[3]]);
  const there = readDevices(mounted).find((device) => device.mountpoints.includes(mountpoint));
  if (there !== undefined) throw new CliError("DEVICE_REFUSED", `${there.path} is already mounted at ${mountpoint}. Choose another folder with --mount.`);
}

async function confirm(context: Context, device: string): Promise<void> {
  const typed = await ask(`Everything on ${device} will be erased. To go ahead, type its name (${device}): `, context.signal);
  if (typed.trim() !== device) throw new CliError("CANCELLED", `That is not "${device}". Nothing was changed.`);
}
