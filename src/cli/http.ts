import type { Agent as AgentOf, ClientRequest, IncomingMessage, request as requestOf } from "node:http";
import { createRequire } from "node:module";
import { ApiError, CliError } from "./errors.ts";

// Not by an import: that would read all of the module's properties, one of which loads fetch, which takes a tenth of a command's time.
const { Agent, request } = createRequire(import.meta.url)("node:http") as { Agent: typeof AgentOf; request: typeof requestOf };

/** How long a question may take that needs nobody but the host itself. */
const PROMPT_MS = 20_000;
/** An answer larger than this is no answer of ours: 64 MiB hold the list of half a million files. */
const MAX_JSON_BYTES = 64 * 1024 * 1024;

export interface ApiRequest {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Path below /api, parts already percent-encoded. */
  readonly path: string;
  readonly json?: unknown;
  /** Bytes to send, of the length announced. */
  readonly body?: { readonly sizeBytes: number; readonly chunks: AsyncIterable<Uint8Array> };
  readonly signal: AbortSignal;
  readonly headers?: Readonly<Record<string, string | number>>;
  /** The media type that is wanted; JSON by default. */
  readonly accept?: string;
}

/** Path below a site or entry; each part encoded, the slashes between them kept. */
export function encodedPath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}

/** One running host's API: JSON in, JSON or bytes out, over a few connections that are kept. */
export class ApiClient {
  readonly #url: URL;
  readonly #token: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 8 });

  constructor(url: string, token: string) {
    this.#url = new URL(url);
    this.#token = token;
  }

  /**
   * Asks and gives the answer's JSON.
   * @throws ApiError with the host's own code and words; CliError NOT_RUNNING when nobody listens
   */
  async ask(question: ApiRequest): Promise<unknown> {
    const response = await this.open(question);
    const text = await textOf(response);
    if (text === "") return undefined;
    try {
      return JSON.parse(text);
    } catch (error) {
      throw new CliError("UNEXPECTED_ANSWER", `${this.#url.host} answered with something that is not JSON. Is another program listening there? Restart the host.`, { cause: error });
    }
  }

  /** Asks what is answered soon, and waits no longer than that. @throws as `ask` does; ApiError DEADLINE */
  async askPromptly(method: ApiRequest["method"], path: string, signal: AbortSignal, json?: unknown, withinMs = PROMPT_MS): Promise<unknown> {
    const patience = AbortSignal.timeout(withinMs);
    try {
      return await this.ask({ method, path, signal: AbortSignal.any([signal, patience]), ...(json === undefined ? {} : { json }) });
    } catch (error) {
      if (!patience.aborted || signal.aborted) throw error;
      throw new ApiError(504, "DEADLINE", `The host has not answered within ${withinMs / 1000} seconds. It may have much to do: try again, and look at its log.`, { cause: error });
    }
  }

  /** Asks and gives the answer as a stream of bytes. @throws as `ask` does */
  async open(question: ApiRequest): Promise<IncomingMessage> {
    const { sent, response } = await this.#send(question);
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return response;
    const error = errorOf(status, await textOf(response));
    // Whoever refuses a body before its end does not want the rest.
    if (!sent.writableFinished) sent.destroy();
    throw error;
  }

  /** Asks for a list of any length, with a question when there is one, and gives its rows as they come. @throws as `ask` does; CliError UNEXPECTED_ANSWER when it breaks off */
  async *rows(path: string, signal: AbortSignal, json?: unknown): AsyncGenerator {
    const response = await this.open({ method: json === undefined ? "GET" : "POST", path, signal, accept: "application/x-ndjson", ...(json === undefined ? {} : { json }) });
    try {
      for await (const line of linesOf(response)) yield JSON.parse(line) as unknown;
    } catch (error) {
      signal.throwIfAborted();
      throw new CliError("UNEXPECTED_ANSWER", "The host's list broke off. It may have been stopped; look at its log and try again.", { cause: error });
    }
    if (!response.complete) throw new CliError("UNEXPECTED_ANSWER", "The host's list broke off. It may have been stopped; look at its log and try again.");
  }

  close(): void {
    this.#agent.destroy();
  }

  #send(question: ApiRequest): Promise<{ readonly sent: ClientRequest; readonly response: IncomingMessage }> {
    const { promise, resolve, reject } = Promise.withResolvers<{ readonly sent: ClientRequest; readonly response: IncomingMessage }>();
    const payload = question.json === undefined ? undefined : Buffer.from(JSON.stringify(question.json));
    const length = payload?.length ?? question.body?.sizeBytes;
    const sent = request({
      agent: this.#agent,
      host: this.#url.hostname,
      port: this.#url.port,
      method: question.method,
      path: `/api${question.path}`,
      signal: question.signal,
      headers: {
        authorization: `Bearer ${this.#token}`,
        accept: question.accept ?? "application/json",
        ...(payload === undefined ? {} : { "content-type": "application/json" }),
        ...(question.body === undefined ? {} : { "content-type": "application/octet-stream" }),
        ...(length === undefined ? {} : { "content-length": length }),
        ...question.headers,
      },
    });
    sent.on("response", (response) => resolve({ sent, response }));
    sent.on("error", (error: NodeJS.ErrnoException) => reject(question.signal.aborted ? (question.signal.reason as Error) : connectionError(error, this.#url)));
    if (question.body === undefined) sent.end(payload);
    else {
      pump(question.body.chunks, sent).catch((error: unknown) => {
        reject(error as Error);
        sent.destroy();
      });
    }
    return promise;
  }
}

/** Sends the chunks no faster than they are taken. */
async function pump(chunks: AsyncIterable<Uint8Array>, sink: ClientRequest): Promise<void> {
  for await (const chunk of chunks) {
    if (sink.destroyed) return;
    if (!sink.write(chunk)) await drained(sink);
  }
  sink.end();
}

function drained(sink: ClientRequest): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      sink.off("drain", done).off("close", done);
      resolve();
    };
    sink.on("drain", done).on("close", done);
  });
}

/** Lines that are not empty. Not by node:readline, which also ends a line at U+2028, and that may stand in a file's name. */
async function* linesOf(response: IncomingMessage): AsyncGenerator<string> {
  let rest = "";
  for await (const text of response.setEncoding("utf8") as AsyncIterable<string>) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    if (rest.length > MAX_JSON_BYTES) throw new CliError("UNEXPECTED_ANSWER", "The host's answer is too long to be true. Restart it.");
    yield* lines.filter((line) => line !== "");
  }
  if (rest !== "") yield rest;
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_JSON_BYTES) throw new CliError("UNEXPECTED_ANSWER", "The host's answer is too long to be true. Restart it.");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function errorOf(status: number, text: string): Error {
  try {
    const { code, message } = JSON.parse(text) as { code?: unknown; message?: unknown };
    if (typeof code === "string" && typeof message === "string") return new ApiError(status, code, message);
  } catch {
    // Not ours, then: told below.
  }
  return new ApiError(status, status === 401 || status === 403 ? "NO_PERMISSION" : "UNEXPECTED_ANSWER", `The host answered with status ${status} and no reason. Look at its log, or restart it.`);
}

function connectionError(error: NodeJS.ErrnoException, url: URL): Error {
  switch (error.code) {
    case "ECONNREFUSED":
      return new CliError("NOT_RUNNING", `Nothing listens at ${url.host}: the host is not running.`, { cause: error });
    case "ECONNRESET":
    case "EPIPE":
      return new CliError("NOT_RUNNING", `The host at ${url.host} ended the conversation. It may have been stopped; look at its log and try again.`, { cause: error });
    default:
      return error;
  }
}
