// erasure: Reed–Solomon over GF(2^8). k pieces of data and m of parity, of which any k give all others. In: slices, the same range of
// bytes of several pieces. Out: the slices asked for, written into the caller's buffers. Pure; docs/formats/erasure.md defines every byte.
export { ErasureError } from "./errors.ts";
export type { ErasureErrorCode } from "./errors.ts";
export { MAX_PIECES, createCoder } from "./coder.ts";
export type { Coder, Slice } from "./coder.ts";
