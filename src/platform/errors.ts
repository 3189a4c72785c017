/**
 * The root of every error that Holdfast itself raises: a stable code that docs/ERRORS.md explains, and a message
 * that says what happened, to what, and what to do.
 */
export class HoldfastError<Code extends string = string> extends Error {
  readonly code: Code;

  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

export type PlatformErrorCode = "DEADLINE" | "CANCELLED" | "DISK_FULL" | "DISK_READ_ONLY" | "DISK_BROKEN" | "NO_PERMISSION" | "NOT_FOUND";

export class PlatformError extends HoldfastError<PlatformErrorCode> {}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The code of anything that was thrown, if it has one. */
export function codeOf(thrown: unknown): string | undefined {
  return thrown instanceof Error && "code" in thrown && typeof thrown.code === "string" ? thrown.code : undefined;
}

/** Turns the operating system's words into ours. `what` names the file or folder and the attempt. */
export function diskError(thrown: unknown, what: string): Error {
  switch (codeOf(thrown)) {
    case "ENOSPC":
    case "EDQUOT":
      return new PlatformError("DISK_FULL", `${what}: the disk is full. Free some space or lower the host's capacity.`, { cause: thrown });
    case "EROFS":
      return new PlatformError("DISK_READ_ONLY", `${what}: the disk is read-only. Check it for errors and mount it writable.`, { cause: thrown });
    case "EIO":
      return new PlatformError("DISK_BROKEN", `${what}: the disk reported an error. Back it up and replace it.`, { cause: thrown });
    case "EACCES":
    case "EPERM":
      return new PlatformError("NO_PERMISSION", `${what}: not permitted. Check who owns it and its mode.`, { cause: thrown });
    case "ENOENT":
    case "ENOTDIR":
      return new PlatformError("NOT_FOUND", `${what}: it does not exist.`, { cause: thrown });
    default:
      return thrown instanceof Error ? thrown : new Error(`${what}: ${String(thrown)}`);
  }
}
