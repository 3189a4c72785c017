import type { IncomingMessage } from "node:http";

/** What decides how a request is handled, read in one pass without building the object of all headers. */
export interface RequestHead {
  /** As it came; undefined when there is none or there are several. */
  readonly host: string | undefined;
  /** It has If-… or Range headers. */
  readonly isConditional: boolean;
  readonly hasBody: boolean;
}

export function readHead(request: IncomingMessage): RequestHead {
  const raw = request.rawHeaders;
  let host: string | undefined;
  let hosts = 0;
  let isConditional = false;
  let hasBody = false;
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at]!;
    // The length tells most headers apart, so that few names are compared letter by letter.
    if (name.length === 4 && name.toLowerCase() === "host") {
      host = raw[at + 1];
      hosts += 1;
    } else if (name.length === 5 || name.length === 8 || name.length === 13 || name.length === 17 || name.length === 19) {
      const lower = name.toLowerCase();
      if (lower === "range" || lower.startsWith("if-")) isConditional = true;
      else if (lower === "transfer-encoding") hasBody = true;
    } else if (name.length === 14 && name.toLowerCase() === "content-length" && raw[at + 1] !== "0") {
      hasBody = true;
    }
  }
  return { host: hosts === 1 ? host : undefined, isConditional, hasBody };
}
