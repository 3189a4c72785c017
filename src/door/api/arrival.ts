import type { IncomingMessage } from "node:http";
import { DoorError } from "../errors.ts";
import type { Arrival } from "./intake.ts";

const DIGITS = /^\d{1,15}$/;

/** The body of a request as a file. @throws DoorError LENGTH_REQUIRED */
export function arrivalOf(request: IncomingMessage, path: string): Arrival {
  // Not destroyed when it is given up: with its connection the answer that says why would be lost.
  return { path, length: lengthOf(request), chunks: request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array> };
}

function lengthOf(request: IncomingMessage): number {
  const length = request.headers["content-length"];
  if (length === undefined || !DIGITS.test(length)) throw new DoorError("LENGTH_REQUIRED", "Say with Content-Length how many bytes the file has; it is compared with what comes.");
  return Number(length);
}
