import type { IncomingMessage } from "node:http";
import { DoorError } from "../errors.ts";
import type { AnySchema } from "../schema.ts";

/** The longest is the list of addresses of a large network. */
const MAX_JSON_BYTES = 1024 * 1024;
const COMPLAINTS_MAX = 3;

/**
 * The body as JSON of the given shape.
 * @throws DoorError BAD_REQUEST, BODY_TOO_LARGE
 */
export async function readJson(request: IncomingMessage, schema: AnySchema): Promise<unknown> {
  // Forms of web pages cannot have this type, which is one more hurdle for forged requests.
  if (!/^application\/json\s*(?:;|$)/i.test(request.headers["content-type"] ?? "")) throw new DoorError("BAD_REQUEST", "The body must be JSON, with Content-Type: application/json.");
  return ofShape(parse(await readText(request)), schema);
}

/** @throws DoorError BAD_REQUEST saying what is wrong with it */
export async function ofShape(value: unknown, schema: AnySchema): Promise<unknown> {
  // Loaded with the first body that has to be checked: a host that is only looked at does without.
  const { Check, Errors } = await import("typebox/schema");
  if (Check(schema, value)) return value;
  const complaints = Errors(schema, value)[1].slice(0, COMPLAINTS_MAX);
  throw new DoorError("BAD_REQUEST", `The request is not understood: ${complaints.map(({ instancePath, message }) => `${instancePath === "" ? "the body" : instancePath} ${message}`).join("; ")}.`);
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_JSON_BYTES) throw new DoorError("BODY_TOO_LARGE", `The body has more than ${MAX_JSON_BYTES} bytes. Send less at once.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

export function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new DoorError("BAD_REQUEST", "The body is not JSON.", { cause: error });
  }
}
