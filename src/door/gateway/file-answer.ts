import type { IncomingMessage, ServerResponse } from "node:http";
import type { Env } from "../../platform/index.ts";
import type { SiteFile } from "../../site/index.ts";
import type { Traffic } from "../traffic.ts";
import type { ByteSource } from "./byte-source.ts";
import { collect, stream } from "./byte-source.ts";
import type { Validators } from "./conditions.ts";
import { evaluate, rangeCounts } from "./conditions.ts";
import { httpDate } from "./http-date.ts";
import type { Cached, MemoryCache } from "./memory-cache.ts";
import type { ByteRange } from "./ranges.ts";
import { parseRange } from "./ranges.ts";
import type { Stalls } from "./stalls.ts";

/** A file with everything that its answers have in common, made once for many requests. */
export interface Prepared {
  readonly file: SiteFile;
  readonly what: string;
  readonly validators: Validators;
  /** Names and values by turns: of an answer with the whole file; of one with a part; of one without content. */
  readonly whole: readonly string[];
  readonly part: readonly string[];
  readonly bare: readonly string[];
}

const HEADER_VALUE = /^[\x20-\x7e]{1,255}$/;

/**
 * @param extra headers of every answer, names and values by turns
 * @param type media type, when not the one that the publisher gave
 */
export function prepare(site: string, file: SiteFile, nowMs: number, extra: readonly string[], type = mediaType(file.type)): Prepared {
  // A later date than that of the answer itself is not allowed (RFC 9110, 8.8.2.1); the publisher's clock may be ahead.
  const modifiedSeconds = Math.max(0, Math.floor(Math.min(file.modifiedMs, nowMs) / 1000));
  const validators = { etag: `"${file.id}"`, modifiedSeconds };
  const bare = ["ETag", validators.etag, "Last-Modified", httpDate(modifiedSeconds), "Cache-Control", "no-cache", ...extra];
  const part = [...bare, "Content-Type", type, "X-Content-Type-Options", "nosniff", "Accept-Ranges", "bytes"];
  return { file, what: `/${file.path} of ${site}`, validators, whole: [...part, "Content-Length", String(file.sizeBytes)], part, bare };
}

/** What the publisher calls it, unless it would not be a header. */
export function mediaType(type: string): string {
  return HEADER_VALUE.test(type) ? type : "application/octet-stream";
}

/** Answers with files: conditions, ranges, from memory or as a stream. */
export class FileAnswers {
  readonly #env: Env;
  readonly #cache: MemoryCache;
  readonly #stalls: Stalls;
  readonly #traffic: Traffic;

  constructor(env: Env, cache: MemoryCache, stalls: Stalls, traffic: Traffic) {
    this.#env = env;
    this.#cache = cache;
    this.#stalls = stalls;
    this.#traffic = traffic;
  }

  /**
   * Answers a GET or HEAD for the file. Returns nothing when all was done at once, which is the case for a small file in memory.
   * @param isConditional whether the request has If-… or Range headers
   */
  answer(request: IncomingMessage, response: ServerResponse, prepared: Prepared, isConditional: boolean): Promise<void> | undefined {
    if (isConditional) return this.#answerConditional(request, response, prepared);
    const cached = this.#cache.get(prepared.file.id);
    if (cached === undefined || request.method !== "GET") return this.send(request, response, 200, prepared.whole, prepared, undefined);
    return this.#whole(response, 200, prepared.whole, cached);
  }

  #answerConditional(request: IncomingMessage, response: ServerResponse, prepared: Prepared): Promise<void> | undefined {
    const { headers } = request;
    const outcome = evaluate(headers, prepared.validators);
    if (outcome === "not-modified") return this.#bare(response, 304, prepared.bare);
    if (outcome === "failed") return this.#bare(response, 412, [...prepared.bare, "Content-Length", "0"]);
    const { range } = headers;
    // Ranges are defined for GET alone (RFC 9110, 14.2).
    const counts = range !== undefined && request.method === "GET" && rangeCounts(headers, prepared.validators, Math.floor(this.#env.clock.wallMs() / 1000));
    const part = counts ? parseRange(range, prepared.file.sizeBytes) : "whole";
    if (part === "whole") return this.send(request, response, 200, prepared.whole, prepared, undefined);
    const size = prepared.file.sizeBytes;
    if (part === "unsatisfiable") return this.#bare(response, 416, [...prepared.bare, "Content-Range", `bytes */${size}`, "Content-Length", "0"]);
    const length = String(part.last - part.first + 1);
    const partHeaders = [...prepared.part, "Content-Range", `bytes ${part.first}-${part.last}/${size}`, "Content-Length", length];
    return this.send(request, response, 206, partHeaders, prepared, part);
  }

  #bare(response: ServerResponse, status: number, headers: readonly string[]): undefined {
    response.writeHead(status, headers as string[]);
    response.end();
    this.#traffic.count(status, 0);
  }

  /**
   * Sends the head and, for GET, the content or a range of it.
   * @throws what reading throws; before the head is sent it can still be answered
   */
  async send(request: IncomingMessage, response: ServerResponse, status: number, headers: readonly string[], prepared: Prepared, range: ByteRange | undefined): Promise<void> {
    const { file } = prepared;
    const [first, length] = range === undefined ? [0, file.sizeBytes] : [range.first, range.last - range.first + 1];
    if (request.method !== "GET" || length === 0) return this.#bare(response, status, headers);
    const cached = await this.#fromMemory(prepared);
    if (cached === undefined) {
      const source: ByteSource = { what: prepared.what, length, read: (signal) => file.read(first, length, signal) };
      return stream(this.#env, response, source, this.#stalls, this.#traffic, () => {
        response.writeHead(status, headers as string[]);
        this.#traffic.count(status, 0);
      });
    }
    if (range === undefined) return this.#whole(response, status, headers, cached);
    response.writeHead(status, headers as string[]);
    response.end(cached.bytes.subarray(first, first + length));
    this.#traffic.count(status, length);
  }

  #whole(response: ServerResponse, status: number, headers: readonly string[], { bytes, letters }: Cached): undefined {
    response.writeHead(status, headers as string[]);
    if (letters === undefined) response.end(bytes);
    else response.end(letters, "latin1");
    this.#traffic.count(status, bytes.length);
  }

  async #fromMemory(prepared: Prepared): Promise<Cached | undefined> {
    const { file, what } = prepared;
    const cached = this.#cache.get(file.id);
    if (cached !== undefined) return cached;
    if (!this.#cache.wants(file.id, file.sizeBytes)) return undefined;
    return this.#cache.take(file.id, file.sizeBytes, () => collect(this.#env, { what, length: file.sizeBytes, read: (signal) => file.read(0, file.sizeBytes, signal) }));
  }
}
