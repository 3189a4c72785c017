import type { IncomingMessage } from "node:http";

/** What decides how a request is handled, read in one pass without building the object of all headers. */
export interface RequestHead {
  /** As it came; undefined when there is none. */
  readonly host: string | undefined;
  /** Several Host headers: nobody could say for whom the request is. */
  readonly hasSeveralHosts: boolean;
  /** It has If-… or Range headers. */
  readonly isConditional: boolean;
  readonly hasRange: boolean;
  /** As it came, several joined; undefined when there is none. */
  readonly acceptEncoding: string | undefined;
  readonly hasBody: boolean;
  /** There is an Expect header; node:http itself refuses what is not 100-continue. */
  readonly expectsContinue: boolean;
}

export function readHead(request: IncomingMessage): RequestHead {
  const raw = request.rawHeaders;
  let host: string | undefined;
  let hosts = 0;
  let isConditional = false;
  let hasRange = false;
  let acceptEncoding: string | undefined;
  let hasBody = false;
  let expectsContinue = false;
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at]!;
    // The length tells most headers apart, so that few names are compared letter by letter.
    if (name.length === 4 && name.toLowerCase() === "host") {
      host = raw[at + 1];
      hosts += 1;
    } else if (name.length === 5 || name.length === 8 || name.length === 13 || name.length === 15 || name.length === 17 || name.length === 19) {
      const lower = name.toLowerCase();
      if (lower === "range") isConditional = hasRange = true;
      else if (lower.startsWith("if-")) isConditional = true;
      else if (lower === "accept-encoding") acceptEncoding = acceptEncoding === undefined ? raw[at + 1]! : `${acceptEncoding}, ${raw[at + 1]!}`;
      else if (lower === "transfer-encoding") hasBody = true;
    } else if (name.length === 6 && name.toLowerCase() === "expect") {
      expectsContinue = true;
    } else if (name.length === 14 && name.toLowerCase() === "content-length" && raw[at + 1] !== "0") {
      hasBody = true;
    }
  }
  return { host, hasSeveralHosts: hosts > 1, isConditional, hasRange, acceptEncoding, hasBody, expectsContinue };
}
