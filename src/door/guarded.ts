import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Env } from "../platform/index.ts";
import { withoutCode } from "./api/downloads.ts";
import { UNFORESEEN } from "./errors.ts";
import { inTurn } from "./in-turn.ts";
import { sendText } from "./text.ts";
import type { Traffic } from "./traffic.ts";

/** Answers a request, at once or in time. */
export type Receiver = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** Stands before each way in, and lets one request of a connection in after the other. When something fails that should not, the visitor hears so, and the process goes on. */
export function guarded(env: Env, traffic: Traffic, receive: Receiver): RequestListener {
  return inTurn((request, response) => {
    // A body longer than its head says would be read as the next answer; of one that is shorter a client would wait for the rest.
    response.strictContentLength = true;
    const fault = (error: unknown): void => {
      env.log.error("a request failed in a way that nobody foresaw", { path: withoutCode(request.url ?? ""), error });
      if (response.headersSent) response.destroy();
      else sendText(response, traffic, 500, `${UNFORESEEN}\n`);
    };
    try {
      const answering = receive(request, response);
      if (answering instanceof Promise) answering.catch(fault);
    } catch (error) {
      fault(error);
    }
  });
}
