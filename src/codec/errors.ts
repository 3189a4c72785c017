import { HoldfastError } from "../platform/index.ts";

export type CodecErrorCode = "MALFORMED";

/** Bytes that are not what they claim to be. Whoever sent them is at fault, or the disk is. */
export class CodecError extends HoldfastError<CodecErrorCode> {
  constructor(message: string, options?: ErrorOptions) {
    super("MALFORMED", message, options);
  }
}
