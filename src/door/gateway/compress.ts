import { createRequire } from "node:module";
import type Zlib from "node:zlib";
import type { Encoding } from "./accept-encoding.ts";

/** Loaded with the first file that is compressed, for not every host serves browsers. */
let zlib: typeof Zlib | undefined;

// What a few milliseconds of one core get out of a page; the results are kept, but the first visitor waits for them.
const BROTLI_QUALITY = 5;
const ZSTD_LEVEL = 9;
const GZIP_LEVEL = 6;

/** Compresses on a thread of the pool. The same bytes always give the same result. */
export function compress(bytes: Uint8Array, encoding: Encoding): Promise<Buffer> {
  zlib ??= createRequire(import.meta.url)("node:zlib") as typeof Zlib;
  const { brotliCompress, zstdCompress, gzip, constants } = zlib;
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const done = (error: Error | null, result: Buffer): void => (error === null ? resolve(result) : reject(error));
  switch (encoding) {
    case "br":
      brotliCompress(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }, done);
      break;
    case "zstd":
      zstdCompress(bytes, { params: { [constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL } }, done);
      break;
    case "gzip":
      gzip(bytes, { level: GZIP_LEVEL }, done);
  }
  return promise;
}
