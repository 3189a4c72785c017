import { ApiError, refusal } from "./api.ts";
import { bearer } from "./session.ts";
import { texts } from "./texts.ts";

/** A path below /api as it stands in a request. */
export function encodedPath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}

/**
 * Sends one file's bytes. By XMLHttpRequest, for fetch does not tell how far it is.
 * @param onBytes told of each part that has gone out
 * @throws ApiError; what the signal is aborted with
 */
export function sendFile(path: string, file: File, headers: Readonly<Record<string, string>>, onBytes: (bytes: number) => void, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const request = new XMLHttpRequest();
  let sent = 0;
  const stop = (): void => request.abort();
  request.open("PUT", `/api${path}`);
  for (const [name, value] of Object.entries({ ...bearer(), "content-type": "application/octet-stream", ...headers })) request.setRequestHeader(name, value);
  const progress = (loaded: number): void => {
    onBytes(loaded - sent);
    sent = loaded;
  };
  request.upload.addEventListener("progress", ({ loaded }) => progress(loaded));
  request.addEventListener("load", () => {
    if (request.status >= 400) return reject(refusal(request.status, request.responseText));
    progress(file.size);
    resolve();
  });
  request.addEventListener("error", () => reject(new ApiError("SILENT", texts.line.silent)));
  request.addEventListener("abort", () => reject(signal.reason as Error));
  // What was counted of a file that did not come in whole does not count.
  promise.catch(() => onBytes(-sent));
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) reject(signal.reason as Error);
  else request.send(file);
  return promise.finally(() => signal.removeEventListener("abort", stop));
}
