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

export type PlatformErrorCode = "DEADLINE" | "CANCELLED" | "DISK_FULL" | "DISK_READ_ONLY" | "DISK_BROKEN" | "FILE_TOO_LARGE" | "NAME_REFUSED" | "NO_PERMISSION" | "NOT_FOUND";

export class PlatformError extends HoldfastError<PlatformErrorCode> {}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The code of anything that was thrown, if it has one. */
export function codeOf(thrown: unknown): string | undefined {
  return thrown instanceof Error && "code" in thrown && typeof thrown.code === "string" ? thrown.code : undefined;
}
