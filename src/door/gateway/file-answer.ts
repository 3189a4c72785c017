import type { IncomingMessage, ServerResponse } from "node:http";
import { base32 } from "../../codec/index.ts";
import type { Env } from "../../platform/index.ts";
import type { VisitCounter } from "../../site/index.ts";
import type { RequestHead } from "../request-head.ts";
import { AcceptedEncodings } from "./accept-encoding.ts";
import type { ByteSource } from "./byte-source.ts";
import { collect, stream } from "./byte-source.ts";
import { evaluate, rangeCounts } from "./conditions.ts";
import type { Content } from "./content.ts";
import { Compressor } from "./encoded.ts";
import type { Cached, MemoryCache } from "./memory-cache.ts";
import { SMALL_BYTES } from "./memory-cache.ts";
import { multipart } from "./multipart.ts";
import type { Prepared } from "./prepared.ts";
import type { ByteRange } from "./ranges.ts";
import { parseRange } from "./ranges.ts";
import type { Stalls } from "./stalls.ts";

const BOUNDARY_BYTES = 15;
/** A larger file goes out in pieces of this size, so that whoever reads slowly is seen to read. */
const PIECE_BYTES = SMALL_BYTES;

/** Answers with files: compressed forms, conditions, ranges, from memory or as a stream. */
export class FileAnswers {
  readonly #env: Env;
  readonly #cache: MemoryCache;
  readonly #stalls: Stalls;
  readonly #traffic: VisitCounter;
  readonly #accepted = new AcceptedEncodings();
  readonly #compressor: Compressor;

  constructor(env: Env, cache: MemoryCache, stalls: Stalls, traffic: VisitCounter, compressor = new Compressor(env, cache)) {
    this.#env = env;
    this.#cache = cache;
    this.#stalls = stalls;
    this.#traffic = traffic;
    this.#compressor = compressor;
  }

  /** The same, counting otherwise. */
  countingFor(traffic: VisitCounter): FileAnswers {
    return new FileAnswers(this.#env, this.#cache, this.#stalls, traffic, this.#compressor);
  }

  /** Answers a GET or HEAD for the file. Returns nothing when all was done at once, which is the case for a small file in memory. */
  answer(request: IncomingMessage, response: ServerResponse, prepared: Prepared, head: RequestHead): Promise<void> | undefined {
    // Parts are those of the plain form: whoever asks for the rest of a file has the beginning of that.
    if (prepared.encoded === undefined || head.acceptEncoding === undefined || head.hasRange) return this.#answer(request, response, prepared, head);
    const form = this.#compressor.form(prepared.encoded, this.#accepted.of(head.acceptEncoding));
    if (form instanceof Promise) return form.then((made) => this.#answer(request, response, made ?? prepared, head));
    return this.#answer(request, response, form ?? prepared, head);
  }

  #answer(request: IncomingMessage, response: ServerResponse, prepared: Prepared, head: RequestHead): Promise<void> | undefined {
    if (head.isConditional) return this.#answerConditional(request, response, prepared);
    const cached = goesAtOnce(prepared.content) ? this.#kept(prepared.content) : undefined;
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
    const size = prepared.content.sizeBytes;
    const parts = counts ? parseRange(range, size) : "whole";
    if (parts === "whole") return this.send(request, response, 200, prepared.whole, prepared, undefined);
    if (parts === "unsatisfiable") return this.#bare(response, 416, [...prepared.bare, "Content-Range", `bytes */${size}`, "Content-Length", "0"]);
    if (parts.length > 1) return this.#several(response, prepared, parts);
    const { first, last } = parts[0]!;
    const partHeaders = [...prepared.part, "Content-Range", `bytes ${first}-${last}/${size}`, "Content-Length", String(last - first + 1)];
    return this.send(request, response, 206, partHeaders, prepared, parts[0]);
  }

  #bare(response: ServerResponse, status: number, headers: readonly string[]): undefined {
    response.writeHead(status, headers as string[]);
    response.end();
    this.#traffic.count(status, 0);
  }

  #several(response: ServerResponse, prepared: Prepared, ranges: readonly ByteRange[]): Promise<void> {
    const body = multipart(prepared.content, prepared.type, ranges, base32(this.#env.random.bytes(BOUNDARY_BYTES)));
    const headers = prepared.part.map((value, at) => (prepared.part[at - 1] === "Content-Type" ? body.contentType : value));
    return this.#stream(response, 206, [...headers, "Content-Length", String(body.length)], { what: prepared.content.what, length: body.length, read: body.read });
  }

  /**
   * Sends the head and, for GET, the content or a range of it.
   * @throws what reading throws; before the head is sent it can still be answered
   */
  async send(request: IncomingMessage, response: ServerResponse, status: number, headers: readonly string[], prepared: Prepared, range: ByteRange | undefined): Promise<void> {
    const { content } = prepared;
    const [first, length] = range === undefined ? [0, content.sizeBytes] : [range.first, range.last - range.first + 1];
    if (request.method !== "GET" || length === 0) return this.#bare(response, status, headers);
    const cached = await this.#fromMemory(prepared);
    if (cached === undefined || !goesAtOnce(content)) return this.#stream(response, status, headers, { what: content.what, length, areViews: cached !== undefined, read: (signal) => this.#pieces(content, first, length, signal) });
    if (range === undefined) return this.#whole(response, status, headers, cached);
    response.writeHead(status, headers as string[]);
    response.end(cached.bytes.subarray(first, first + length));
    this.#stalls.linger(response, cached.bytes);
    this.#traffic.count(status, length);
  }

  /** From memory as long as it is there. */
  async *#pieces(content: Content, first: number, length: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const end = first + length;
    for (let at = first; at < end; at += PIECE_BYTES) {
      const cached = this.#kept(content);
      if (cached === undefined) return yield* content.read(at, end - at, signal);
      yield cached.bytes.subarray(at, Math.min(end, at + PIECE_BYTES));
    }
  }

  #stream(response: ServerResponse, status: number, headers: readonly string[], source: ByteSource): Promise<void> {
    return stream(this.#env, response, source, this.#stalls, this.#traffic, () => {
      response.writeHead(status, headers as string[]);
      this.#traffic.count(status, 0);
    });
  }

  #whole(response: ServerResponse, status: number, headers: readonly string[], { bytes, letters }: Cached): undefined {
    response.writeHead(status, headers as string[]);
    if (letters === undefined) {
      response.end(bytes);
      this.#stalls.linger(response, bytes);
    } else {
      response.end(letters, "latin1");
    }
    this.#traffic.count(status, bytes.length);
  }

  async #fromMemory({ content }: Prepared): Promise<Cached | undefined> {
    const { key, sizeBytes, what } = content;
    const kept = this.#kept(content);
    if (kept !== undefined) return kept;
    // A compressed form is no larger than what was compressed, and dear to make.
    if (content.isMade !== true && !this.#cache.wants(key, sizeBytes)) return undefined;
    return ofLength(sizeBytes, await this.#cache.take(key, sizeBytes, () => collect(this.#env, { what, length: sizeBytes, read: (signal) => content.read(0, sizeBytes, signal) })));
  }

  #kept({ key, sizeBytes }: Content): Cached | undefined {
    return ofLength(sizeBytes, this.#cache.get(key));
  }
}

/** A compressed form is too dear to be made once more for the rest of it. */
function goesAtOnce(content: Content): boolean {
  return content.isMade === true || content.sizeBytes <= PIECE_BYTES;
}

/**
 * What is kept, unless it is of another length than the answer's head says: the rest would be taken for the next answer on the connection.
 * Compressed forms can be that, of two rows that have one id and one size and yet other bytes.
 */
function ofLength(sizeBytes: number, kept: Cached | undefined): Cached | undefined {
  return kept?.bytes.length === sizeBytes ? kept : undefined;
}
