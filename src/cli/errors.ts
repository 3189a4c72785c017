import { HoldfastError } from "../platform/index.ts";

export type CliErrorCode =
  | "USAGE"
  | "BAD_SIZE"
  | "NO_DATA_FOLDER"
  | "NOT_RUNNING"
  | "CANCELLED"
  | "EMPTY_FOLDER"
  | "UNFIT_FOLDER"
  | "FILE_CHANGED"
  | "FOLDER_NOT_EMPTY"
  | "FILE_IN_THE_WAY"
  | "NO_APPLICATION"
  | "APPLICATION_REFUSED"
  | "APPLICATION_EXPIRED"
  | "BUSY"
  | "UNREACHABLE"
  | "NO_SUCH_ENTRY"
  | "UNSAFE_PATH"
  | "DAMAGED"
  | "DEVICE_REFUSED"
  | "DEVICE_FAILED"
  | "NEEDS_ANSWER"
  | "DEMO_FAILED"
  | "UNEXPECTED_ANSWER";

export class CliError extends HoldfastError<CliErrorCode> {}

/** What the running host answered instead of doing what it was asked; code and message are its own. */
export class ApiError extends HoldfastError {
  readonly status: number;

  constructor(status: number, code: string, message: string, options?: ErrorOptions) {
    super(code, message, options);
    this.status = status;
  }
}
