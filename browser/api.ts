import type { ErrorBody } from "../src/door/index.ts";
import { bearer, forgetSession } from "./session.ts";
import { texts } from "./texts.ts";

/** What the host answered when it refused, or that it did not answer. */
export class ApiError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export interface Asking {
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Asks the host's API, as the command line does.
 * @param path below /api
 * @throws ApiError; whatever the signal is aborted with
 */
export async function ask(method: "GET" | "POST" | "PUT" | "DELETE", path: string, { json, headers, signal }: Asking = {}): Promise<Response> {
  const body = json === undefined ? {} : { body: JSON.stringify(json) };
  const type: Readonly<Record<string, string>> = json === undefined ? {} : { "content-type": "application/json" };
  const answer = await fetch(`/api${path}`, { method, ...body, headers: { ...bearer(), ...type, ...headers }, signal: signal ?? null }).catch((error: unknown) => {
    if (signal?.aborted === true) throw error;
    throw new ApiError("SILENT", texts.line.silent);
  });
  if (answer.ok) return answer;
  throw refusal(answer.status, await answer.text().catch(() => ""));
}

/** @throws as `ask` does */
export async function askJson<T>(method: "GET" | "POST" | "PUT" | "DELETE", path: string, asking: Asking = {}): Promise<T> {
  return (await (await ask(method, path, asking)).json()) as T;
}

/** What the host says when it refuses. A web browser that it does not know any more begins again. */
export function refusal(status: number, text: string): ApiError {
  if (status === 401) {
    forgetSession();
    location.reload();
  }
  try {
    const { code, message } = JSON.parse(text) as ErrorBody;
    return new ApiError(code, message);
  } catch {
    return new ApiError("UNEXPECTED", texts.line.unexpected(status));
  }
}

/** The lines of an answer, each as JSON; empty ones only show that the host is there. */
export async function* linesOf<T>(answer: Response): AsyncGenerator<T> {
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop()!;
    for (const line of lines) if (line !== "") yield JSON.parse(line) as T;
  }
}

/** What to say of something that was thrown. */
export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
