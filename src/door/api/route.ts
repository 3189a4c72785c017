import type { IncomingMessage, ServerResponse } from "node:http";
import type { RequestHead } from "../request-head.ts";
import type { AnySchema } from "../schema.ts";

/** One request to the API that has passed the guard. */
export interface Call {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly head: RequestHead;
  /** What stood in the place of {name} or {id}, decoded; in that of {path} the rest of the path. */
  param(name: string): string;
  /** The JSON body, of the shape that the route announces. */
  body<T>(): T;
}

/** JSON with a status; or "sent" when the handler has answered by itself, with a stream. */
export type Answer = { readonly status: number; readonly json: unknown } | "sent";

export interface AnswerDoc {
  readonly description: string;
  readonly schema?: AnySchema;
  /** Default: application/json. */
  readonly mediaTypes?: readonly string[];
}

/** What the API offers, as data: the router and the OpenAPI description are both made of it. */
export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** As in OpenAPI; "{path}" at the end takes the rest, slashes included. */
  readonly path: string;
  readonly name: string;
  readonly summary: string;
  /** The shape of a JSON body, or "bytes" for one that is streamed. */
  readonly takes?: AnySchema | "bytes";
  readonly gives: Readonly<Record<number, AnswerDoc>>;
  handle(call: Call): Promise<Answer> | Answer;
}

export function ok(json: unknown): Answer {
  return { status: 200, json };
}
