import type { IncomingMessage } from "node:http";
import { DoorError } from "../errors.ts";

const DIGITS = /^\d{1,15}$/;

/** How many bytes an upload says it has. @throws DoorError LENGTH_REQUIRED */
export function lengthOf(request: IncomingMessage): number {
  const length = request.headers["content-length"];
  if (length === undefined || !DIGITS.test(length)) throw new DoorError("LENGTH_REQUIRED", "Say with Content-Length how many bytes the file has; it is compared with what comes.");
  return Number(length);
}
