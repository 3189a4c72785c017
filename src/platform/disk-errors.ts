import type { PlatformErrorCode } from "./errors.ts";
import { PlatformError, codeOf } from "./errors.ts";

const FULL = "the disk is full. Free some space or lower the host's capacity.";
const FORBIDDEN = "not permitted. Check who owns it and its mode.";
const ABSENT = "it does not exist.";

/** What the operating system says of disks, by its codes, and what we say. */
const DISK_FAULTS: ReadonlyMap<string, readonly [PlatformErrorCode, string]> = new Map([
  ["ENOSPC", ["DISK_FULL", FULL]],
  ["EDQUOT", ["DISK_FULL", "your share of the disk is used up. Free some space or have it raised by whoever runs this machine."]],
  ["EFBIG", ["FILE_TOO_LARGE", "it is larger than this disk takes any file to be (FAT, as on many sticks, ends at 4 GB), or than this user may write. Choose another disk."]],
  ["ENAMETOOLONG", ["NAME_REFUSED", "the name is longer than this disk takes. Choose another disk, or a folder with a shorter name."]],
  // Of calls that name something: FAT and NTFS have characters that no name may have.
  ["EINVAL", ["NAME_REFUSED", 'this disk takes no such name (FAT and NTFS none with one of \\ : * ? " < > |). Choose another disk, or another name.']],
  ["EROFS", ["DISK_READ_ONLY", "the disk is read-only. Check it for errors and mount it writable."]],
  ["EIO", ["DISK_BROKEN", "the disk reported an error. Back it up and replace it."]],
  ["EACCES", ["NO_PERMISSION", FORBIDDEN]],
  ["EPERM", ["NO_PERMISSION", FORBIDDEN]],
  ["ENOENT", ["NOT_FOUND", ABSENT]],
  ["ENOTDIR", ["NOT_FOUND", ABSENT]],
]);

function isOfName(thrown: unknown): boolean {
  return thrown instanceof Error && "syscall" in thrown && ["open", "mkdir", "rename"].includes(String(thrown.syscall));
}

/** Turns the operating system's words into ours. `what` names the file or folder and the attempt. */
export function diskError(thrown: unknown, what: string): Error {
  const fault = codeOf(thrown) === "EINVAL" && !isOfName(thrown) ? undefined : DISK_FAULTS.get(codeOf(thrown) ?? "");
  if (fault !== undefined) return new PlatformError(fault[0], `${what}: ${fault[1]}`, { cause: thrown });
  return thrown instanceof Error ? thrown : new Error(`${what}: ${String(thrown)}`);
}
