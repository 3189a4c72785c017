import type { Content } from "./content.ts";
import type { ByteRange } from "./ranges.ts";

/** Several ranges as one body (RFC 9110, 14.6). */
export interface Multipart {
  readonly contentType: string;
  readonly length: number;
  readonly read: (signal: AbortSignal) => AsyncIterable<Uint8Array>;
}

/** @param boundary letters that nobody can foresee, so that no file has them in it */
export function multipart(content: Content, type: string, ranges: readonly ByteRange[], boundary: string): Multipart {
  const heads = ranges.map(({ first, last }, at) => Buffer.from(`${at === 0 ? "" : "\r\n"}--${boundary}\r\nContent-Type: ${type}\r\nContent-Range: bytes ${first}-${last}/${content.sizeBytes}\r\n\r\n`, "latin1"));
  const end = Buffer.from(`\r\n--${boundary}--\r\n`, "latin1");
  const length = ranges.reduce((sum, { first, last }, at) => sum + heads[at]!.length + last - first + 1, end.length);
  async function* read(signal: AbortSignal): AsyncGenerator<Uint8Array> {
    for (const [at, { first, last }] of ranges.entries()) {
      yield heads[at]!;
      yield* content.read(first, last - first + 1, signal);
    }
    yield end;
  }
  return { contentType: `multipart/byteranges; boundary=${boundary}`, length, read };
}
