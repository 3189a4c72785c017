import type { HostId, InviteId } from "../codec/index.ts";
import { fromUtf8, shortId, utf8 } from "../codec/index.ts";
import { HoldfastError } from "../platform/index.ts";

export type NetErrorCode =
  | "UNREACHABLE"
  | "REMOTE"
  | "TOO_LARGE"
  | "BUSY"
  | "STALLED"
  | "STRANGER"
  | "PROTOCOL"
  | "CLOSED"
  | "PORT_TAKEN"
  | "CANNOT_LISTEN"
  | "BAD_ADDRESS"
  | "BAD_KEY";

/** Something between hosts went wrong. For REMOTE, `remoteCode` is the code of the error that the other host's handler threw. */
export class NetError extends HoldfastError<NetErrorCode> {
  readonly remoteCode: string | undefined;

  constructor(code: NetErrorCode, message: string, options: ErrorOptions & { readonly remoteCode?: string } = {}) {
    super(code, message, options);
    this.remoteCode = options.remoteCode;
  }
}

/** What may be told to another host about a failure here. */
export interface Failure {
  readonly code: string;
  readonly message: string;
}

const MAX_CODE = 64;
const MAX_MESSAGE_BYTES = 1024;
/** The code under which an unforeseen error reaches the other host. Its words stay in the log of the host where it happened. */
export const INTERNAL = "INTERNAL";
/** The code under which a kind that the other host does not serve is refused. */
export const UNKNOWN_KIND = "UNKNOWN_KIND";

/** Our own errors say what happened in words meant for others; whatever else was thrown might carry secrets, so it is not told. */
export function failureOf(thrown: unknown): Failure {
  if (thrown instanceof HoldfastError && typeof thrown.code === "string") return { code: thrown.code, message: thrown.message };
  return { code: INTERNAL, message: "Something unforeseen went wrong there. That host's log says what." };
}

/** Bytes of a failure: one byte of the code's length, the code, the message. */
export function encodeFailure(failure: Failure): Uint8Array {
  const code = utf8(failure.code).subarray(0, MAX_CODE);
  const message = utf8(failure.message).subarray(0, MAX_MESSAGE_BYTES);
  const bytes = new Uint8Array(1 + code.length + message.length);
  bytes[0] = code.length;
  bytes.set(code, 1);
  bytes.set(message, 1 + code.length);
  return bytes;
}

/** @throws NetError PROTOCOL for bytes that are no failure */
export function decodeFailure(bytes: Uint8Array): Failure {
  const length = bytes[0] ?? 0;
  if (length === 0 || length > MAX_CODE || bytes.length < 1 + length || bytes.length > 1 + length + MAX_MESSAGE_BYTES) throw new NetError("PROTOCOL", "The other host sent a failure that is malformed.");
  const code = fromUtf8(bytes.subarray(1, 1 + length));
  if (!/^[A-Z0-9_]+$/.test(code)) throw new NetError("PROTOCOL", "The other host sent a failure with a malformed code.");
  // A message that was cut in the middle of a letter is still worth reading.
  return { code, message: new TextDecoder().decode(bytes.subarray(1 + length)) };
}

/** The error that the asker sees for a failure at `peer`. */
export function remoteError(peer: HostId, failure: Failure): NetError {
  return new NetError("REMOTE", `Host ${shortId(peer)} answered: ${failure.message}`, { remoteCode: failure.code });
}

export function unreachable(peer: HostId | InviteId, why: string, cause?: unknown): NetError {
  return new NetError("UNREACHABLE", `Host ${shortId(peer)} cannot be reached: ${why}`, cause === undefined ? {} : { cause });
}
